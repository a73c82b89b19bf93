"""What an older system knew is judged by its own due times, told to nobody, and goes on here as any other enquiry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from services.sla.app import SERVICE
from shared.contracts.base import Event
from shared.settings import HouseSettings
from shared.vocabulary import EnquiryId, Role, TaskId, enquiry_subject, new_id
from shared.work import Workshop
from tests.builders import MORNING, Ear, a_client, a_resolution, an_answer, an_enquiry_id, said_by
from tests.integration.sla.looking import (
    CUT_OVER,
    LEDGER,
    TIMERS,
    a_reopening,
    a_task_queued,
    a_token,
    an_import,
    clocks,
    names,
    rows,
)
from tests.parts.councils import anytown, take_up

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
DUE = MORNING + 10 * DAY
AFTER = CUT_OVER + DAY
STANDS = ("enquiry_id", "standard", "state", "started_at", "due_at", "stopped_at", "next_moment")


async def stand(workshop: Workshop) -> list[tuple[Any, ...]]:
    """Those that ended without a verdict left out: they are what an earlier hearing had thought."""
    return [tuple(each[name] for name in STANDS) for each in await clocks(workshop) if each["state"] != "superseded"]


async def lines(workshop: Workshop) -> list[tuple[str, datetime]]:
    return [(line["entry"], line["occurred_at"]) for line in await rows(workshop, LEDGER)]


async def test_what_was_kept_or_broken_long_ago_is_written_as_of_then_and_said_to_nobody(
    ear: Ear, workshop: Workshop
) -> None:
    kept, broken = an_enquiry_id(), an_enquiry_id()
    cause = await ear.hears(an_import(kept, due_at=DUE, resolved_at=DUE))
    await ear.hears(an_import(broken, due_at=DUE, resolved_at=DUE + SECOND))
    found = {each["enquiry_id"]: each for each in await clocks(workshop)}
    assert [(found[each]["state"], found[each]["stopped_at"]) for each in (kept, broken)] == [
        ("met", DUE),
        ("breached", DUE + SECOND),
    ]
    assert sorted(await lines(workshop)) == [
        ("breached", DUE),
        ("corrected", DUE + SECOND),
        ("met", DUE),
        ("started", MORNING),
        ("started", MORNING),
    ]
    started = next(line for line in await rows(workshop, LEDGER) if line["clock_id"] == found[kept]["clock_id"])
    assert started["cause"] == cause
    assert "It came from an older system with a due time of its own" in started["note"]
    assert await said_by(workshop) == []
    assert await rows(workshop, TIMERS) == []


async def test_what_was_open_and_overdue_tells_its_due_time_and_stands_broken(
    ear: Ear, workshop: Workshop, tmp_path: Path
) -> None:
    await ear.hears(an_import(due_at=DUE))
    [clock] = await clocks(workshop)
    assert (clock["state"], clock["stopped_at"]) == ("breached", None)
    assert await lines(workshop) == [("started", MORNING), ("breached", DUE)]
    [started] = await said_by(workshop)
    assert (started.name, started.occurred_at) == ("clock.started", MORNING)
    house = HouseSettings(data=tmp_path)
    async with a_client(workshop, SERVICE, house) as client:
        response = await client.get("/sla/v1/now", headers=a_token(house, Role.MANAGER))
        assert (await response.json())["breached"] == 1


async def test_what_falls_due_after_the_cut_over_is_timed_and_said(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_import(enquiry_id, due_at=CUT_OVER + SECOND))
    [timer] = await rows(workshop, TIMERS)
    assert (timer["subject"], timer["due_at"]) == (enquiry_subject(enquiry_id), CUT_OVER + SECOND)
    await ear.fires()
    assert names(await said_by(workshop)) == ["clock.started", "clock.breached"]


async def test_without_a_due_time_nothing_was_promised(ear: Ear, workshop: Workshop, database: str) -> None:
    await take_up(database, anytown())
    await ear.hears(an_import())
    await ear.hears(an_import(resolved_at=DUE))
    assert (await clocks(workshop), await said_by(workshop)) == ([], [])


@pytest.mark.parametrize(
    ("due", "said"),
    [(AFTER + DAY, ["clock.started", "clock.met"]), (DUE, ["clock.started", "clock.corrected"])],
)
async def test_what_an_adviser_ends_here_is_said_as_ever(
    ear: Ear, workshop: Workshop, due: datetime, said: list[str]
) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_import(enquiry_id, due_at=due))
    await ear.hears(a_resolution(enquiry_id), at=AFTER)
    assert names(await said_by(workshop)) == said


async def test_what_is_reopened_here_is_promised_anew_and_its_first_verdict_stays(
    ear: Ear, workshop: Workshop, database: str
) -> None:
    await take_up(database, anytown())
    enquiry_id = an_enquiry_id()
    await ear.hears(an_import(enquiry_id, due_at=DUE, resolved_at=DUE))
    await ear.hears(a_reopening(enquiry_id), at=AFTER)
    again = {each["standard"]: each["state"] for each in await clocks(workshop)}
    assert again == {"agreed": "met", "answer-again": "running"}
    assert names(await said_by(workshop)) == ["clock.started"]


TASK = TaskId(new_id())
HERE: list[tuple[Callable[[EnquiryId], Event], datetime]] = [
    (lambda enquiry_id: an_import(enquiry_id, due_at=AFTER + 3 * DAY), MORNING),
    (lambda enquiry_id: a_task_queued(enquiry_id, TASK, enqueued_at=MORNING), AFTER),
    (an_answer, AFTER + DAY),
    (a_resolution, AFTER + 2 * DAY),
]


async def test_p27_history_heard_twice_and_in_any_order_ends_in_the_same_clocks(ear: Ear, workshop: Workshop) -> None:
    ends = set()
    for order in permutations(range(len(HERE))):
        enquiry_id = an_enquiry_id()
        events = [(make(enquiry_id), at) for make, at in HERE]
        for nth in (*order, 0):
            await ear.hears(events[nth][0], at=events[nth][1])
        ends.add(tuple(each[1:] for each in await stand(workshop) if each[0] == enquiry_id))
    assert ends == {(("agreed", "met", MORNING, AFTER + 3 * DAY, AFTER + DAY, None),)}
