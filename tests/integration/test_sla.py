"""Sla on a real database: promises are clocked, judged, and corrected when a late fact shows otherwise."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from services.sla.app import SERVICE
from shared.auth import sign
from shared.contracts.base import Event
from shared.settings import HouseSettings
from shared.vocabulary import AnswerKind, EnquiryId, Role, enquiry_subject
from shared.work import Workshop
from tests.builders import (
    MORNING,
    Ear,
    Spoken,
    a_client,
    a_resolution,
    a_workshop,
    an_answer,
    an_ear,
    an_enquiry_id,
    an_enquiry_received,
    said_by,
)

DUE = MORNING + timedelta(seconds=86_400)
IN_TIME = MORNING + timedelta(hours=2)
TOO_LATE = DUE + timedelta(hours=2)

CLOCKS = "SELECT * FROM clocks ORDER BY enquiry_id"
LEDGER = "SELECT * FROM ledger ORDER BY clock_id, version"
TIMERS = "SELECT name, key, subject, due_at FROM timers"
SET_ASIDE = "SELECT state, waits_for FROM set_aside"


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    """Its clock stands after `DUE`, so that a timer fires when a test asks for it."""
    async with a_workshop(database, SERVICE, ahead=timedelta(days=3650)) as ready:
        yield ready


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


async def rows(workshop: Workshop, statement: str) -> list[dict[str, Any]]:
    async with workshop.reading() as db:
        return [dict(row) for row in await db.fetch(statement)]


async def verdict(workshop: Workshop) -> tuple[str, datetime | None]:
    [clock] = await rows(workshop, CLOCKS)
    return clock["state"], clock["stopped_at"]


def names(spoken: Sequence[Spoken]) -> list[str]:
    return [event.name for event in spoken]


async def test_an_enquiry_starts_one_clock_with_a_timer_and_a_line(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    cause = await ear.hears(an_enquiry_received(enquiry_id), actor="public")
    [clock] = await rows(workshop, CLOCKS)
    assert (clock["enquiry_id"], clock["standard"], clock["state"]) == (
        enquiry_id,
        "acknowledgement",
        "running",
    )
    assert (clock["started_at"], clock["due_at"]) == (MORNING, DUE)
    [line] = await rows(workshop, LEDGER)
    assert (line["entry"], line["occurred_at"], line["cause"], line["actor"]) == (
        "started", MORNING, cause, "public",
    )  # fmt: skip
    [timer] = await rows(workshop, TIMERS)
    assert timer == {
        "name": "clock-due",
        "key": str(clock["clock_id"]),
        "subject": enquiry_subject(enquiry_id),
        "due_at": DUE,
    }
    [started] = await said_by(workshop)
    assert (started.name, started.occurred_at, started.causation_id) == ("clock.started", MORNING, cause)


async def test_a_second_word_of_the_same_enquiry_starts_nothing(ear: Ear, workshop: Workshop) -> None:
    received = an_enquiry_received()
    await ear.hears(received)
    await ear.hears(received, at=IN_TIME)
    [clock] = await rows(workshop, CLOCKS)
    assert clock["started_at"] == MORNING
    assert names(await said_by(workshop)) == ["clock.started"]


@pytest.mark.parametrize("kind", [AnswerKind.ACKNOWLEDGEMENT, AnswerKind.HOLDING, AnswerKind.FULL])
async def test_an_answer_in_time_keeps_the_promise(ear: Ear, workshop: Workshop, kind: AnswerKind) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.hears(an_answer(enquiry_id, kind), at=IN_TIME)
    assert await verdict(workshop) == ("met", IN_TIME)
    assert await rows(workshop, TIMERS) == []
    _, met = await said_by(workshop)
    assert (met.name, met.occurred_at) == ("clock.met", IN_TIME)


async def test_the_due_moment_itself_is_in_time(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.hears(an_answer(enquiry_id), at=DUE)
    assert await verdict(workshop) == ("met", DUE)


async def test_a_kind_of_answer_not_known_here_stops_nothing(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.hears(an_answer(enquiry_id, AnswerKind.OTHER), at=IN_TIME)
    assert await verdict(workshop) == ("running", None)


async def test_resolving_stops_the_clock_too(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.hears(a_resolution(enquiry_id), at=IN_TIME)
    assert await verdict(workshop) == ("met", IN_TIME)


async def test_a_promise_nobody_keeps_is_broken_when_it_falls_due(ear: Ear, workshop: Workshop) -> None:
    cause = await ear.hears(an_enquiry_received())
    assert await ear.fires() == 1
    assert await verdict(workshop) == ("breached", None)
    _, breached = await said_by(workshop)
    assert (breached.name, breached.occurred_at, breached.actor, breached.causation_id) == (
        "clock.breached", DUE, "timer/clock-due", cause,
    )  # fmt: skip
    assert await ear.fires() == 0


async def test_an_answer_too_late_is_a_breach_before_the_timer_says_so(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.hears(an_answer(enquiry_id), at=TOO_LATE)
    assert await verdict(workshop) == ("breached", TOO_LATE)
    assert await ear.fires() == 0
    _, breached = await said_by(workshop)
    assert (breached.name, breached.occurred_at) == ("clock.breached", DUE)


async def test_an_answer_in_time_that_is_heard_late_is_a_correction(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.fires()
    await ear.hears(an_answer(enquiry_id), at=IN_TIME)
    assert await verdict(workshop) == ("met", IN_TIME)
    spoken = await said_by(workshop)
    assert names(spoken) == ["clock.started", "clock.breached", "clock.corrected"]
    assert spoken[-1].data["verdict"] == "met"
    assert "heard of late" in spoken[-1].data["because"]
    assert [line["entry"] for line in await rows(workshop, LEDGER)] == ["started", "breached", "corrected"]


async def test_a_second_answer_changes_nothing(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.hears(an_answer(enquiry_id), at=IN_TIME)
    await ear.hears(a_resolution(enquiry_id), at=TOO_LATE)
    assert await verdict(workshop) == ("met", IN_TIME)
    assert names(await said_by(workshop)) == ["clock.started", "clock.met"]


async def test_an_answer_heard_before_its_enquiry_waits_for_it(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_answer(enquiry_id), at=IN_TIME)
    assert await rows(workshop, SET_ASIDE) == [{"state": "early", "waits_for": enquiry_subject(enquiry_id)}]
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.tends()
    assert await verdict(workshop) == ("met", IN_TIME)
    assert await rows(workshop, SET_ASIDE) == []


Happens = Callable[[Ear, EnquiryId], Awaitable[Any]]


def heard(make: Callable[[EnquiryId], Event], at: datetime) -> Happens:
    async def happens(ear: Ear, enquiry_id: EnquiryId) -> None:
        await ear.hears(make(enquiry_id), at=at)

    return happens


async def fires(ear: Ear, enquiry_id: EnquiryId) -> None:
    await ear.fires()


@pytest.mark.parametrize("answered_at", [IN_TIME, TOO_LATE])
async def test_every_order_of_hearing_gives_the_same_clock(ear: Ear, workshop: Workshop, answered_at: datetime) -> None:
    """intake's enquiry, crm's answers and the timer come in whatever order; what happened when decides."""
    happenings: list[Happens] = [
        heard(an_enquiry_received, MORNING),
        heard(an_answer, answered_at),
        heard(a_resolution, TOO_LATE + timedelta(hours=1)),
        fires,
    ]
    enquiries = 0
    for order in permutations(happenings):
        enquiry_id = an_enquiry_id()
        for happens in order:
            await happens(ear, enquiry_id)
        await ear.tends()
        enquiries += 1
    clocks = await rows(workshop, CLOCKS)
    assert len(clocks) == enquiries
    state = "met" if answered_at == IN_TIME else "breached"
    assert {(clock["state"], clock["stopped_at"]) for clock in clocks} == {(state, answered_at)}
    assert await rows(workshop, SET_ASIDE) == []


@pytest.mark.parametrize("statement", ["UPDATE ledger SET note = ''", "DELETE FROM ledger"])
async def test_the_ledger_cannot_be_rewritten(ear: Ear, workshop: Workshop, statement: str) -> None:
    await ear.hears(an_enquiry_received())
    with pytest.raises(Exception, match="only ever added to"):
        async with workshop.reading() as db:
            await db.execute(statement)


def a_token(house: HouseSettings, role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {sign(house, 'ada', [role])}"}


async def test_an_adviser_sees_what_was_promised_and_why_it_changed(
    ear: Ear, workshop: Workshop, tmp_path: Path
) -> None:
    house = HouseSettings(data=tmp_path)
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.fires()
    await ear.hears(an_answer(enquiry_id), at=IN_TIME, actor="adviser/ada")
    async with a_client(workshop, SERVICE, house) as client:
        response = await client.get(f"/sla/v1/clocks/{enquiry_id}", headers=a_token(house, Role.ADVISER))
        [clock] = (await response.json())["clocks"]
        unknown = await client.get(f"/sla/v1/clocks/{an_enquiry_id()}", headers=a_token(house, Role.ADVISER))
        public = await client.get(f"/sla/v1/clocks/{enquiry_id}")
    assert (clock["state"], clock["due_at"], clock["stopped_at"]) == (
        "met", "2026-03-03T09:00:00Z", "2026-03-02T11:00:00Z",
    )  # fmt: skip
    assert [(line["entry"], line["actor"]) for line in clock["ledger"]] == [
        ("started", "machine/test"),
        ("breached", "timer/clock-due"),
        ("corrected", "adviser/ada"),
    ]
    assert (unknown.status, public.status) == (404, 401)


async def test_a_manager_sees_how_all_promises_stand(ear: Ear, workshop: Workshop, tmp_path: Path) -> None:
    house = HouseSettings(data=tmp_path)
    met, breached = an_enquiry_id(), an_enquiry_id()
    for enquiry_id, at in ((met, IN_TIME), (breached, TOO_LATE)):
        await ear.hears(an_enquiry_received(enquiry_id))
        await ear.hears(an_answer(enquiry_id), at=at)
    await ear.hears(an_enquiry_received())
    async with a_client(workshop, SERVICE, house) as client:
        response = await client.get("/sla/v1/now", headers=a_token(house, Role.MANAGER))
        shown = await response.json()
        adviser = await client.get("/sla/v1/now", headers=a_token(house, Role.ADVISER))
    at = datetime.fromisoformat(shown["at"])
    assert {name: shown[name] for name in ("running", "met", "breached")} == {
        "running": 1,
        "met": 1,
        "breached": 1,
    }
    assert shown["longest_running_seconds"] == (at - MORNING).total_seconds()
    assert adviser.status == 403


async def test_figures_of_no_clock_at_all_are_noughts(workshop: Workshop, tmp_path: Path) -> None:
    house = HouseSettings(data=tmp_path)
    async with a_client(workshop, SERVICE, house) as client:
        shown = await (await client.get("/sla/v1/now", headers=a_token(house, Role.AUDITOR))).json()
    assert (shown["running"], shown["longest_running_seconds"]) == (0, None)
