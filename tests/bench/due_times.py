"""How many due times are reckoned per second on one core, beside adding without any calendar."""

from __future__ import annotations

import random
import time
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.worktime import Calendar, Hours, due
from tests.bench.figures import Goal, middle
from tests.bench.plan import Bench

GOAL = Goal(50_000)
CASES = 50_000
SEED = 7
SINCE, SPAN_MINUTES = datetime(2023, 1, 1, tzinfo=UTC), 4 * 365 * 24 * 60
MOST_DAYS = 60

OFFICE = (Hours(9 * 60, 17 * 60),)
WITH_LUNCH = (Hours(9 * 60, 12 * 60 + 30), Hours(13 * 60 + 30, 17 * 60))
CALENDARS = (
    Calendar("Europe/London", (WITH_LUNCH,) * 5 + ((), ()), "GB-ENG"),
    Calendar("Europe/London", (OFFICE,) * 5 + ((Hours(9 * 60, 12 * 60),), ()), "GB-SCT"),
    Calendar("Europe/London", (OFFICE,) * 5 + ((), ()), "GB"),
    Calendar("America/New_York", (OFFICE,) * 5 + ((), ()), "US-MA"),
    Calendar("Europe/London", ((Hours(0, 1440),),) * 7),
)

Case = tuple[Calendar, datetime, timedelta]


def drawn() -> list[Case]:
    """From one minute to sixty working days each, no two of them likely to be the same."""
    draw = random.Random(SEED)
    cases = []
    for _ in range(CASES):
        calendar = draw.choice(CALENDARS)
        most = MOST_DAYS * sum(hours.end - hours.start for hours in calendar.week[0])
        start = SINCE + timedelta(minutes=draw.randrange(SPAN_MINUTES), microseconds=draw.randrange(1_000_000))
        cases.append((calendar, start, timedelta(minutes=draw.randint(1, most))))
    return cases


def measure(bench: Bench) -> None:
    """What a calendar needs to be made once is made before: a year of it is kept, a due time is not."""
    cases = drawn()
    moments = [SINCE + timedelta(hours=12 * number) for number in range(365 * 2)]

    def adding() -> None:
        for _, start, amount in cases:
            bisect_right(moments, start + amount)

    def reckoning() -> None:
        for calendar, start, amount in cases:
            due(calendar, start, amount)

    reckoning()
    rates: dict[Callable[[], None], list[float]] = {adding: [], reckoning: []}
    for number in range(1, bench.plan.rounds + 1):
        bench.report(f"due times, round {number}")
        for work, found in rates.items():
            began = time.perf_counter()
            work()
            found.append(len(cases) / (time.perf_counter() - began))
    # Not "per second", which the picture draws as enquiries.
    bench.note("due_times", middle(rates[reckoning]), "due times/s", floor=middle(rates[adding]), goal=GOAL)
