"""What time asks of sla: to judge what has fallen due."""

from uuid import UUID

from services.sla import actions
from shared.timers import Every, Timer, when
from shared.vocabulary import ClockId
from shared.work import Work


async def judge_the_clock(work: Work, timer: Timer) -> None:
    await actions.judge(work, ClockId(UUID(timer.key)))


# Judging: after an outage, what was missed is heard first, so that no promise is called broken that was kept.
TIMERS = (when(actions.CLOCK_DUE, judge_the_clock, judging=True),)
SWEEPS: tuple[Every, ...] = ()
