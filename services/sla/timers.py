"""What time asks of sla: to judge what has fallen due, and to move clocks to standards that have changed."""

from uuid import UUID

from services.sla.actions import hearing, taking_up
from services.sla.actions.settling import CLOCK_DUE
from shared.timers import Timer, every, when
from shared.vocabulary import EnquiryId
from shared.work import Work


async def judge_the_clocks(work: Work, timer: Timer) -> None:
    await hearing.judge(work, EnquiryId(UUID(timer.subject.partition("/")[2])))


# Judging: after an outage, what was missed is heard first, so that no promise is called broken that was kept.
TIMERS = (when(CLOCK_DUE, judge_the_clocks, judging=True),)
SWEEPS = (every(5.0, taking_up.SUPERSEDE, taking_up.supersede),)
