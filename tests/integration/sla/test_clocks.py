"""Promises are clocked, judged, and corrected when a late fact shows otherwise."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from services.sla.app import SERVICE
from shared.contracts.base import Event
from shared.contracts.intake import ContactReceived
from shared.settings import HouseSettings
from shared.vocabulary import AnswerKind, Direction, EnquiryId, Outcome, Role, enquiry_subject
from shared.work import Workshop
from tests.builders import (
    MORNING,
    Ear,
    a_client,
    a_resolution,
    an_answer,
    an_enquiry_id,
    an_enquiry_received,
    said_by,
)
from tests.integration.sla.looking import CLOCKS, LEDGER, SET_ASIDE, TIMERS, a_token, names, rows, verdict
from tests.parts.councils import plain, take_up

DUE = MORNING + timedelta(seconds=86_400)
IN_TIME = MORNING + timedelta(hours=2)
FIELDS = set(ContactReceived.model_fields)
TOO_LATE = DUE + timedelta(hours=2)


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
        "key": f"{enquiry_id}/{DUE.isoformat()}",
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
    _, breached, corrected = await said_by(workshop)
    assert (breached.name, breached.occurred_at) == ("clock.breached", DUE)
    assert (corrected.name, corrected.occurred_at, corrected.data["verdict"]) == (
        "clock.corrected", TOO_LATE, "breached",
    )  # fmt: skip


async def test_a_broken_promise_that_is_kept_late_is_said_to_have_ended(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.fires()
    await ear.hears(an_answer(enquiry_id), at=TOO_LATE)
    corrected = (await said_by(workshop))[-1]
    assert (corrected.name, corrected.data["verdict"]) == ("clock.corrected", "breached")
    assert datetime.fromisoformat(corrected.data["stopped_at"]) == TOO_LATE
    line = (await rows(workshop, LEDGER))[-1]
    assert line["entry"] == "corrected"
    assert line["note"].startswith("It was stopped on Tuesday 3 March 2026 at 11:00, too late:")


@pytest.mark.parametrize(
    ("direction", "outcome", "starts"),
    [
        (Direction.INBOUND, Outcome.RECEIVED, True),
        (Direction.INBOUND, Outcome.MESSAGE_LEFT, True),
        (Direction.INBOUND, Outcome.RESOLVED_AT_FIRST_CONTACT, False),
        (Direction.INBOUND, Outcome.ABANDONED, False),
        (Direction.INBOUND, Outcome.NOT_REACHED, False),
        (Direction.OUTBOUND, Outcome.RECEIVED, False),
    ],
)
async def test_only_a_contact_after_which_a_citizen_waits_starts_a_clock(
    ear: Ear, workshop: Workshop, database: str, direction: Direction, outcome: Outcome, *, starts: bool
) -> None:
    await take_up(database, plain().replace("enquiry.received", "contact.received"))
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    fields = an_enquiry_received(enquiry_id).model_dump(exclude={"title", "received_at"})
    contact = fields | {"started_at": MORNING, "direction": direction, "outcome": outcome}
    await ear.hears(ContactReceived.model_validate({k: v for k, v in contact.items() if k in FIELDS}))
    assert [clock["state"] for clock in await rows(workshop, CLOCKS)] == ["running"] * starts


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


async def test_an_answer_heard_before_its_enquiry_is_kept_until_it_has_something_to_stop(
    ear: Ear, workshop: Workshop
) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_answer(enquiry_id), at=IN_TIME)
    assert await rows(workshop, CLOCKS) == []
    await ear.hears(an_enquiry_received(enquiry_id))
    assert await verdict(workshop) == ("met", IN_TIME)
    assert await rows(workshop, SET_ASIDE) == []
    assert names(await said_by(workshop)) == ["clock.started", "clock.met"]


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
