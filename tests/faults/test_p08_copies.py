"""A mail that arrives three times at once, by SMTP and from the mailbox that is read, is one contact."""

import pytest

from tests.faults.mails.copies import three_of_each


@pytest.mark.usefixtures("postfix", "dovecot")
async def test_p08_three_copies_of_a_mail_at_once_by_two_ways_are_one_contact() -> None:
    copies = await three_of_each(mails=30, seed=8)
    assert copies.violations == []
    assert (copies.figures.delivered, copies.figures.contacts) == (90, 30)
