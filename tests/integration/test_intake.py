"""Intake on a real database: nothing a citizen said is lost, and they can follow what becomes of it."""

from collections.abc import AsyncIterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient

from services.intake import actions
from services.intake.app import SERVICE
from services.intake.domain import Submission
from shared.contracts.base import Event
from shared.contracts.intake import EnquiryReceived
from shared.contracts.sla import (
    ACKNOWLEDGEMENT,
    ClockBreached,
    ClockCorrected,
    ClockMet,
    ClockStarted,
    Verdict,
)
from shared.settings import HouseSettings
from shared.vocabulary import (
    AnswerKind,
    Channel,
    ClockId,
    ContactId,
    EnquiryId,
    Point,
    enquiry_subject,
    new_id,
)
from shared.work import Work, Workshop
from tests.builders import (
    MORNING,
    Ear,
    a_cause,
    a_client,
    a_resolution,
    a_workshop,
    an_answer,
    an_assignment,
    an_ear,
    an_enquiry_id,
    said_by,
)

Client = TestClient[Any, Any]
ENQUIRIES = "/intake/v1/enquiries"
LAMP = {"title": "A lamp is out", "text": "Outside number 12, since Monday.", "email": "jo@example.org"}
DUE = MORNING + timedelta(days=1)

SUBMISSIONS = "SELECT * FROM submissions ORDER BY received_at"
SET_ASIDE = "SELECT state, waits_for FROM set_aside"


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    async with a_workshop(database, SERVICE) as ready:
        yield ready


@pytest.fixture
async def client(workshop: Workshop, tmp_path: Path) -> AsyncIterator[Client]:
    async with a_client(workshop, SERVICE, HouseSettings(data=tmp_path)) as ready:
        yield ready


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


async def posted(client: Client, **changes: Any) -> dict[str, Any]:
    response = await client.post(ENQUIRIES, json={**LAMP, **changes}, headers=a_key())
    assert response.status == 201, await response.text()
    answer: dict[str, Any] = await response.json()
    return answer


async def submissions(workshop: Workshop) -> list[dict[str, Any]]:
    async with workshop.reading() as db:
        return [dict(row) for row in await db.fetch(SUBMISSIONS)]


async def test_an_enquiry_is_stored_and_said_in_one_go(client: Client, workshop: Workshop) -> None:
    response = await client.post(ENQUIRIES, json={**LAMP, "place": "Mill Lane"}, headers=a_key())
    receipt = await response.json()
    assert response.status == 201
    assert response.headers["Location"] == receipt["track"] == f"{ENQUIRIES}/{receipt['reference']}"
    [stored] = await submissions(workshop)
    [spoken] = await said_by(workshop)
    assert str(stored["enquiry_id"]) == receipt["enquiry_id"] == spoken.data["enquiry_id"]
    assert stored["reference"] == receipt["reference"] == spoken.data["reference"]
    assert stored["title"] == spoken.data["title"] == "A lamp is out"
    assert stored["place"] == spoken.data["place"] == "Mill Lane"
    assert stored["citizen_email"] == spoken.data["citizen_email"] == "jo@example.org"
    assert stored["received_at"] == spoken.occurred_at
    assert (spoken.name, spoken.actor) == ("enquiry.received", "public")


async def test_an_enquiry_costs_one_insert_of_its_own(workshop: Workshop) -> None:
    """The goal is 0.4 of a bare INSERT: another statement here needs a reason."""
    submission = a_submission()
    statements: list[str] = []

    async def receive(work: Work) -> None:
        connection: Any = work.db
        with connection.query_logger(lambda record: statements.append(record.query)):
            await actions.receive(work, submission, "ANY")

    await workshop.run([], receive, a_cause(), fresh=[enquiry_subject(submission.enquiry_id)])
    assert [statement.split()[:3] for statement in statements] == [["INSERT", "INTO", "submissions"]]


async def test_the_same_key_and_body_give_the_first_answer_again(client: Client, workshop: Workshop) -> None:
    key = a_key()
    first = await client.post(ENQUIRIES, json=LAMP, headers=key)
    again = await client.post(ENQUIRIES, json=LAMP, headers=key)
    assert (again.status, await again.read()) == (201, await first.read())
    assert len(await submissions(workshop)) == len(await said_by(workshop)) == 1


async def test_the_same_key_with_another_body_is_refused(client: Client, workshop: Workshop) -> None:
    key = a_key()
    await client.post(ENQUIRIES, json=LAMP, headers=key)
    other = await client.post(ENQUIRIES, json={**LAMP, "title": "Two lamps are out"}, headers=key)
    assert other.status == 422
    assert len(await submissions(workshop)) == 1


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"title": ""}, "body.title"),
        ({"title": "   "}, "body.title"),
        ({"title": "x" * 301}, "body.title"),
        ({"title": 7}, "body.title"),
        ({"text": "x" * 20_001}, "body.text"),
        ({"text": "a\0b"}, "body.text"),
        ({"place": "x" * 301}, "body.place"),
        ({"service_code": "x" * 51}, "body.service_code"),
        ({"email": "nobody"}, "body.email"),
        ({"email": "a@b@c.example"}, "body.email"),
        ({"channel": "telephone"}, "body.channel"),
        ({"channel": "pigeon"}, "body.channel"),
        ({"point": "counter"}, "body.point"),
        ({"colour": "red"}, "body.colour"),
    ],
)
async def test_what_makes_no_sense_is_named_and_nothing_is_kept(
    client: Client, workshop: Workshop, changes: dict[str, Any], where: str
) -> None:
    response = await client.post(ENQUIRIES, json={**LAMP, **changes}, headers=a_key())
    assert response.status == 422
    assert where in await response.text()
    assert (await submissions(workshop), await said_by(workshop)) == ([], [])


async def test_the_longest_enquiry_still_fits_into_an_event(client: Client, workshop: Workshop) -> None:
    await posted(client, title="\U0001f4a1" * 300, text="\U0001f4a1" * 20_000, place="\U0001f4a1" * 300)
    await posted(client, title='"' * 300, text='"' * 20_000)
    assert len(await said_by(workshop)) == 2


async def test_a_citizen_follows_an_enquiry_by_its_reference_and_sees_nothing_personal(
    client: Client,
) -> None:
    receipt = await posted(client, name="Jo Miller", place="Mill Lane")
    response = await client.get(receipt["track"])
    assert await response.json() == {
        "reference": receipt["reference"],
        "received_at": receipt["received_at"],
        "state": "received",
        "in_words": "We have received your enquiry. Nobody has taken it up yet.",
        "answered_at": None,
        "resolved_at": None,
        "acknowledge_by": None,
        "kept": None,
    }


async def test_a_reference_may_be_typed_carelessly(client: Client) -> None:
    receipt = await posted(client)
    typed = receipt["reference"].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    response = await client.get(f"{ENQUIRIES}/{typed}")
    assert (await response.json())["reference"] == receipt["reference"]


async def test_a_mistyped_reference_is_told_apart_from_an_unknown_one(client: Client) -> None:
    mistyped = await client.get(f"{ENQUIRIES}/ANY-0000-0000-0001")
    assert mistyped.status == 422
    assert "mistyped" in await mistyped.text()
    unknown = await client.get(f"{ENQUIRIES}/ANY-0000-0000-0000")
    assert unknown.status == 404
    assert "We know of no enquiry ANY-0000-0000-0000" in await unknown.text()


def steps(enquiry_id: EnquiryId) -> list[Event]:
    return [
        an_assignment(enquiry_id),
        an_answer(enquiry_id, AnswerKind.ACKNOWLEDGEMENT),
        an_answer(enquiry_id),
        a_resolution(enquiry_id),
    ]


async def tracked(client: Client, receipt: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = await (await client.get(receipt["track"])).json()
    return shown


async def test_a_citizen_sees_each_step(client: Client, ear: Ear) -> None:
    receipt = await posted(client)
    seen = []
    for hours, event in enumerate(steps(EnquiryId(UUID(receipt["enquiry_id"])))):
        await ear.hears(event, at=MORNING + timedelta(hours=hours))
        seen.append(await tracked(client, receipt))
    assert [shown["state"] for shown in seen] == [
        "being_dealt_with",
        "being_dealt_with",
        "answered",
        "resolved",
    ]
    shown = seen[-1]
    assert shown["answered_at"] == "2026-03-02T11:00:00Z"
    assert shown["resolved_at"] == "2026-03-02T12:00:00Z"


async def test_two_speakers_in_either_order_give_one_state(client: Client, ear: Ear) -> None:
    """routing's assignment and crm's answers come side by side."""
    seen = []
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        receipt = await posted(client)
        made = steps(EnquiryId(UUID(receipt["enquiry_id"])))
        for place in order:
            await ear.hears(made[place], at=MORNING + timedelta(hours=place))
        shown = await tracked(client, receipt)
        seen.append({name: shown[name] for name in ("state", "answered_at", "resolved_at")})
    assert seen[0] == seen[1] == seen[2]


async def test_a_citizen_sees_the_promise_and_whether_it_was_kept(client: Client, ear: Ear) -> None:
    receipt = await posted(client)
    about: dict[str, Any] = {
        "clock_id": ClockId(new_id()),
        "enquiry_id": EnquiryId(UUID(receipt["enquiry_id"])),
        "standard": ACKNOWLEDGEMENT,
        "due_at": DUE,
    }
    told: list[tuple[Event, bool | None]] = [
        (ClockStarted(**about, started_at=MORNING), None),
        (ClockBreached(**about), False),
        (ClockCorrected(**about, verdict=Verdict.MET, stopped_at=DUE, because="It was heard of late."), True),
        (ClockMet(**about, stopped_at=MORNING), True),
        (ClockStarted(**{**about, "standard": "answer"}, started_at=MORNING), True),
    ]
    for event, kept in told:
        await ear.hears(event)
        shown = await tracked(client, receipt)
        assert (shown["acknowledge_by"], shown["kept"]) == ("2026-03-03T09:00:00Z", kept)
        assert shown["state"] == "received"


async def test_what_concerns_an_enquiry_not_known_here_is_kept_and_waits(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_answer(enquiry_id))
    async with workshop.reading() as db:
        [waiting] = await db.fetch(SET_ASIDE)
    assert tuple(waiting) == ("early", enquiry_subject(enquiry_id))


def a_submission() -> Submission:
    return Submission(
        enquiry_id=an_enquiry_id(),
        contact_id=ContactId(new_id()),
        channel=Channel.WEB,
        point=Point.FORM,
        service_code=None,
        title="A lamp is out",
        text="Outside number 12.",
        place=None,
        citizen_name=None,
        citizen_email=None,
    )


async def test_an_enquiry_that_cannot_be_said_is_not_stored(workshop: Workshop) -> None:
    submission = a_submission()

    async def receive_and_fail(work: Work) -> None:
        await actions.receive(work, submission, "ANY")
        work.outbound.events.append(work.outbound.events[0])  # the same id twice: the last statement fails

    with pytest.raises(Exception, match="duplicate key"):
        await workshop.run([], receive_and_fail, a_cause(), fresh=[enquiry_subject(submission.enquiry_id)])
    assert (await submissions(workshop), await said_by(workshop)) == ([], [])


def test_what_is_said_holds_what_was_submitted() -> None:
    """Whoever adds a field to the submission is reminded to say it."""
    submitted = {field.name for field in fields(Submission)}
    assert submitted | {"reference", "received_at"} == set(EnquiryReceived.model_fields)
