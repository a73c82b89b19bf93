"""A rich council: several standards at once, pauses, tasks, warnings, and each line of the ledger with its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.sla.app import SERVICE
from shared.vocabulary import AnswerKind, EnquiryId, Office, TaskId, WorkId, new_id
from shared.work import Workshop
from tests.builders import Ear, a_resolution, a_workshop, an_answer, an_ear, an_enquiry_id, an_enquiry_received, said_by
from tests.integration.sla.looking import (
    LEDGER,
    TIMERS,
    a_completion,
    a_question,
    a_reopening,
    a_resumption,
    a_task_queued,
    a_transfer,
    a_withdrawal,
    an_acceptance,
    clocks,
    hears_all,
    rows,
    work_handed_over,
)
from tests.parts.councils import anytown, take_up


def march(day: int, hour: int, minute: int = 0) -> datetime:
    """2026; the 2nd is a Monday, and clocks go forward on the 29th."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.fixture
async def council(database: str) -> str:
    await take_up(database, anytown())
    return database


@pytest.fixture
async def ear(council: str, workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


async def by_standard(workshop: Workshop) -> dict[str, dict[str, Any]]:
    """The clock of each standard that nothing has replaced."""
    return {clock["standard"]: clock for clock in await clocks(workshop)}


async def of(workshop: Workshop, standard: str) -> list[dict[str, Any]]:
    return [line for line in await rows(workshop, LEDGER) if line["standard"] == standard]


async def test_each_standard_counts_in_its_own_calendar(ear: Ear, workshop: Workshop) -> None:
    enquiry_id, task_id = an_enquiry_id(), TaskId(new_id())
    await ear.hears(an_enquiry_received(enquiry_id), at=march(6, 16))
    await ear.hears(a_task_queued(enquiry_id, task_id), at=march(6, 16))
    found = await by_standard(workshop)
    assert {code: clock["due_at"] for code, clock in found.items()} == {
        "acknowledgement": march(9, 17),
        "answer": march(20, 16, 30),
        "taken-up": march(6, 20),
    }
    assert (found["taken-up"]["task_id"], found["taken-up"]["queue_id"]) == (task_id, "general")


async def test_a_pause_moves_the_due_time_by_the_working_days_that_end_in_it(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id), at=march(2, 10))
    await ear.hears(a_question(enquiry_id), at=march(3, 10))
    answer = (await by_standard(workshop))["answer"]
    assert (answer["state"], answer["due_at"], answer["paused_at"]) == ("paused", None, march(3, 10))
    await ear.hears(a_resumption(enquiry_id), at=march(5, 10))
    answer = (await by_standard(workshop))["answer"]
    assert (answer["state"], answer["due_at"]) == ("running", march(18, 17))
    lines = await of(workshop, "answer")
    assert [line["entry"] for line in lines] == ["started", "paused", "resumed"]
    assert [line["occurred_at"] for line in lines] == [march(2, 10), march(3, 10), march(5, 10)]
    assert lines[0]["note"] == (
        "Started by enquiry.received on Monday 2 March 2026 at 10:00: 10 working days in the calendar “Office hours” "
        "(council file version 2), due on Monday 16 March 2026 at 17:00."
    )
    assert "Wednesday 18 March 2026 at 17:00" in lines[2]["note"]
    spoken = [event for event in await said_by(workshop) if event.data["standard"] == "answer"]
    assert [(event.name, event.occurred_at) for event in spoken] == [
        ("clock.started", march(2, 10)),
        ("clock.paused", march(3, 10)),
        ("clock.resumed", march(5, 10)),
    ]
    assert spoken[1].data["due_at"] is None


async def test_warnings_and_the_breach_come_each_at_its_own_moment(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id), at=march(2, 9))
    while await ear.fires():
        pass
    lines = await of(workshop, "answer")
    assert [(line["entry"], line["occurred_at"]) for line in lines] == [
        ("started", march(2, 9)),
        ("at_risk", march(9, 13)),
        ("at_risk", march(12, 15, 6)),
        ("breached", march(16, 17)),
    ]
    assert [event.data["used_percent"] for event in await said_by(workshop) if event.name == "clock.at_risk"] == [
        75,
        50,
        80,
    ]
    assert await rows(workshop, TIMERS) == []


async def test_a_clock_that_has_run_out_of_time_to_count_needs_no_timer(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id), at=march(2, 9))
    assert len(await rows(workshop, TIMERS)) == 1
    await ear.hears(an_answer(enquiry_id, AnswerKind.ACKNOWLEDGEMENT), at=march(2, 10))
    [timer] = await rows(workshop, TIMERS)
    assert timer["due_at"] == march(9, 13)
    await ear.hears(a_question(enquiry_id), at=march(2, 11))
    assert await rows(workshop, TIMERS) == []
    await ear.hears(a_resolution(enquiry_id), at=march(4, 11))
    assert await rows(workshop, TIMERS) == []
    assert {clock["state"] for clock in await clocks(workshop)} == {"met"}


async def test_answers_stop_what_they_are_good_for(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id), at=march(2, 9))
    await ear.hears(an_answer(enquiry_id, AnswerKind.HOLDING), at=march(2, 12))
    assert {code: clock["state"] for code, clock in (await by_standard(workshop)).items()} == {
        "acknowledgement": "met",
        "answer": "running",
    }
    await ear.hears(an_answer(enquiry_id), at=march(3, 12))
    assert (await by_standard(workshop))["answer"]["state"] == "met"


async def test_reopening_starts_what_begins_with_it_and_nothing_that_has_ended(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    happenings = [
        (an_enquiry_received(enquiry_id), march(2, 9)),
        (a_resolution(enquiry_id), march(3, 9)),
        (a_reopening(enquiry_id), march(4, 9)),
    ]
    await hears_all(ear, happenings)
    found = await by_standard(workshop)
    assert {code: clock["state"] for code, clock in found.items()} == {
        "acknowledgement": "met",
        "answer": "met",
        "answer-again": "running",
    }
    assert found["answer-again"]["due_at"] == march(11, 17)


async def test_a_task_that_goes_to_another_office_has_the_promise_of_that_office(ear: Ear, workshop: Workshop) -> None:
    enquiry_id, task_id = an_enquiry_id(), TaskId(new_id())
    await ear.hears(a_task_queued(enquiry_id, task_id), at=march(2, 9))
    await ear.hears(a_transfer(enquiry_id, task_id, "highways", Office.BACK), at=march(2, 11))
    found = await by_standard(workshop)
    assert found["taken-up"]["state"] == "superseded"
    assert (found["hand-over-accepted"]["state"], found["hand-over-accepted"]["started_at"]) == (
        "running",
        march(2, 11),
    )
    await ear.hears(an_acceptance(enquiry_id, task_id, "highways"), at=march(2, 12))
    assert (await by_standard(workshop))["hand-over-accepted"]["state"] == "met"
    await ear.hears(a_completion(enquiry_id, task_id, "highways"), at=march(2, 13))
    names = [event.name for event in await said_by(workshop)]
    assert names == ["clock.started", "clock.superseded", "clock.started", "clock.met"]


async def test_a_task_that_moves_within_its_office_keeps_its_clock(ear: Ear, workshop: Workshop) -> None:
    enquiry_id, task_id = an_enquiry_id(), TaskId(new_id())
    await ear.hears(a_task_queued(enquiry_id, task_id), at=march(2, 9))
    await ear.hears(a_transfer(enquiry_id, task_id, "council-tax", Office.FRONT), at=march(2, 11))
    [clock] = await clocks(workshop)
    assert (clock["state"], clock["started_at"], clock["queue_id"]) == ("running", march(2, 9), "council-tax")


async def test_a_hand_over_has_a_promise_of_its_own_and_leaves_the_others_alone(ear: Ear, workshop: Workshop) -> None:
    enquiry_id, task_id, other = an_enquiry_id(), TaskId(new_id()), TaskId(new_id())
    happenings = [
        (an_enquiry_received(enquiry_id), march(2, 9)),
        (a_task_queued(enquiry_id, task_id), march(2, 9)),
        (an_acceptance(enquiry_id, task_id), march(2, 10)),
        (work_handed_over(enquiry_id, other, WorkId(new_id())), march(2, 11)),
    ]
    await hears_all(ear, happenings)
    assert await states(workshop) == ["running", "running", "running", "met"]
    await ear.hears(a_resolution(enquiry_id), at=march(2, 12))
    await ear.hears(a_withdrawal(enquiry_id, other, "highways"), at=march(2, 12))
    assert await states(workshop) == ["met", "met", "superseded", "met"]


async def states(workshop: Workshop) -> list[str]:
    """Of acknowledgement, answer, hand-over-accepted and taken-up."""
    return [clock["state"] for clock in await clocks(workshop)]


async def test_p27_speakers_heard_in_any_order_leave_the_same_clocks(council: str) -> None:
    """crm quicker than intake, routing quicker than both, or the other way round."""
    seen = set()
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        async with a_workshop(council, SERVICE) as workshop:
            ear = await an_ear(workshop, SERVICE)
            async with workshop.reading() as db:
                await db.execute("TRUNCATE clocks, ledger, facts, open_tasks, timers, cursors")
            ear = await an_ear(workshop, SERVICE)
            enquiry_id, task_id = an_enquiry_id(), TaskId(new_id())
            speakers = threads(enquiry_id, task_id)
            for speaker in order:
                await hears_all(ear, speakers[speaker])
            found = [
                (clock["standard"], clock["state"], clock["started_at"], clock["due_at"], clock["stopped_at"])
                for clock in await clocks(workshop)
            ]
            seen.add(str(sorted(found, key=str)))
    assert len(seen) == 1, seen


def threads(enquiry_id: EnquiryId, task_id: TaskId) -> list[list[tuple[Any, datetime]]]:
    """What intake, routing and crm say of one enquiry."""
    return [
        [(an_enquiry_received(enquiry_id), march(2, 9))],
        [
            (a_task_queued(enquiry_id, task_id), march(2, 9)),
            (a_transfer(enquiry_id, task_id, "highways", Office.BACK), march(2, 12)),
            (an_acceptance(enquiry_id, task_id, "highways"), march(3, 12)),
        ],
        [
            (a_question(enquiry_id), march(3, 15)),
            (a_resumption(enquiry_id), march(9, 15)),
            (an_answer(enquiry_id), march(20, 16)),
            (a_resolution(enquiry_id), march(20, 16)),
            (a_reopening(enquiry_id), march(24, 9)),
        ],
    ]
