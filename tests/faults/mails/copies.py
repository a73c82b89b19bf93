"""Each mail three times at once: twice by SMTP, and a third time through the mailbox that is read."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from tests.faults.house import until_ready
from tests.faults.mails import verdict
from tests.faults.mails.strangers import a_mail
from tests.faults.mails.town import USER, town, until_quiet
from tests.faults.mails.verdict import Figures
from tests.faults.verdict import Verdict
from tests.integration.intake.post import TO_US
from tests.parts.mailing import send_many

AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class Copies:
    """What became of so many mails in three copies."""

    mails: int
    seed: int
    verdict: Verdict
    figures: Figures
    seconds: float

    @property
    def violations(self) -> list[str]:
        return self.verdict.violations


async def three_of_each(mails: int, seed: int) -> Copies:
    """The copies of a mail are sent next to each other, over different connections."""
    sent = [a_mail(seed, nth, TO_US, USER, TO_US) for nth in range(mails)]
    async with town(reads=True) as there:
        try:
            await until_ready(there.house)
            began = time.monotonic()
            postings = [copy for each in sent for copy in each.copies]
            answers = await asyncio.to_thread(send_many, there.postfix.port, postings, at_once=AT_ONCE)
            assert not any(answers), [answer for answer in answers if answer]
            await until_quiet(there)
            found, figures = await verdict.after_copies(there, sent)
        except BaseException:
            there.house.keep_logs()
            raise
    return Copies(mails, seed, found, figures, time.monotonic() - began)
