"""The short run of `python -m tests.faults.mails`: whatever was handed over while things were killed is a contact."""

import pytest

from tests.faults.mails.run import Plan, run
from tests.faults.mails.town import Way


@pytest.mark.usefixtures("postfix", "dovecot")
@pytest.mark.parametrize("by", [*Way])
async def test_p01_each_mail_is_one_contact_while_the_house_and_its_database_are_killed(by: Way) -> None:
    outcome = await run(Plan(seed=2, mails=60, kills=3, by=by), lambda *_: None)
    assert outcome.violations == []
    assert len(outcome.kills) == 3
    assert (outcome.figures.delivered, outcome.figures.contacts) == (60, 60)
