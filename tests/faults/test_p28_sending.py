"""The short run of `python -m tests.faults.sending`: senders are killed, and nobody gets a copy too many."""

import pytest

from tests.faults.sending.run import Asking, Plan, run


@pytest.mark.usefixtures("postfix", "dovecot")
@pytest.mark.parametrize("asking", [*Asking])
async def test_p28_a_sender_that_is_killed_leaves_no_copy_too_many(database: str, asking: Asking) -> None:
    outcome = await run(Plan(kills=10, asking=asking), database, lambda *_: None)
    assert outcome.violations == []
    assert outcome.between == (10 if asking is Asking.POSSIBLE else 15)
    assert max(outcome.copies) <= (1 if asking is Asking.POSSIBLE else 2)
    before_250 = outcome.kills.total() - outcome.between  # may never have left: sent again, and counted
    assert 0 < outcome.counted <= (before_250 if asking is Asking.POSSIBLE else outcome.plan.mails)
