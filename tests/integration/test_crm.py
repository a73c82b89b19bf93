"""Crm on a real database: every contact stands in the record once, and who looks or decides is known."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from services.crm.app import SERVICE
from shared.auth import sign
from shared.db import Row
from shared.settings import HouseSettings
from shared.vocabulary import EnquiryId, Role, enquiry_subject, new_id
from shared.work import Workshop
from tests.builders import (
    MORNING,
    Ear,
    a_client,
    a_workshop,
    an_assignment,
    an_ear,
    an_enquiry_id,
    an_enquiry_received,
    said_by,
)

Client = TestClient[Any, Any]
ENQUIRIES = "/crm/v1/enquiries"
ANSWER = {"kind": "full", "text": "It will be mended on Friday."}

ACCESSES = "SELECT * FROM accesses ORDER BY occurred_at, access_id"
CONTACTS = "SELECT * FROM contacts"
SET_ASIDE = "SELECT state, waits_for FROM set_aside"


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    async with a_workshop(database, SERVICE) as ready:
        yield ready


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


class Desk:
    """Calls crm as named people do."""

    def __init__(self, client: Client, house: HouseSettings) -> None:
        self.client = client
        self.house = house

    def token(self, name: str, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {sign(self.house, name, [role])}"}

    async def reads(self, path: str, *, name: str = "ada", role: Role = Role.ADVISER) -> tuple[int, Any]:
        response = await self.client.get(f"{ENQUIRIES}{path}", headers=self.token(name, role))
        return response.status, await response.json()

    async def posts(
        self, path: str, body: Any, seen: int | None, *, name: str = "ada", key: str | None = None
    ) -> tuple[int, Any]:
        headers = {**self.token(name, Role.ADVISER), "Idempotency-Key": key or str(new_id())}
        if seen is not None:
            headers["If-Match"] = f'"{seen}"'
        response = await self.client.post(f"{ENQUIRIES}{path}", json=body, headers=headers)
        return response.status, await response.json()


@pytest.fixture
async def desk(workshop: Workshop, tmp_path: Path) -> AsyncIterator[Desk]:
    house = HouseSettings(data=tmp_path)
    async with a_client(workshop, SERVICE, house) as client:
        yield Desk(client, house)


@pytest.fixture
async def enquiry_id(ear: Ear) -> EnquiryId:
    """Of an enquiry that has just been recorded."""
    event = an_enquiry_received(citizen_name="Jo", citizen_email="jo@example.org")
    await ear.hears(event, actor="public")
    return event.enquiry_id


async def rows(workshop: Workshop, statement: str) -> list[Row]:
    async with workshop.reading() as db:
        return await db.fetch(statement)


async def heard_of(workshop: Workshop) -> list[str]:
    return [spoken.name for spoken in await said_by(workshop)]


async def test_a_received_enquiry_stands_in_the_record_with_its_contact(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    status, shown = await desk.reads(f"/{enquiry_id}")
    assert (status, shown["state"], shown["version"]) == (200, "open", 1)
    [contact] = shown["contacts"]
    assert (contact["citizen_name"], contact["started_at"]) == ("Jo", "2026-03-02T09:00:00Z")
    [entry] = shown["timeline"]
    assert (entry["kind"], entry["actor"]) == ("received", "public")
    [spoken] = await said_by(workshop)
    assert (spoken.name, spoken.data["contact_id"]) == ("contact.recorded", contact["contact_id"])


async def test_an_enquiry_heard_of_twice_is_recorded_once(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received()
    await ear.hears(event)
    await ear.hears(event)
    assert len(await rows(workshop, CONTACTS)) == 1
    assert await heard_of(workshop) == ["contact.recorded"]


async def test_an_assignment_heard_too_early_leads_to_the_same_record(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    """Received and assigned come from two speakers, so they may come in either order."""
    early, late = an_enquiry_id(), an_enquiry_id()
    minute = timedelta(minutes=1)
    await ear.hears(an_assignment(early), at=MORNING + minute)
    [aside] = await rows(workshop, SET_ASIDE)
    assert (aside["state"], aside["waits_for"]) == ("early", enquiry_subject(early))
    await ear.hears(an_enquiry_received(early))
    await ear.tends()
    await ear.hears(an_enquiry_received(late))
    await ear.hears(an_assignment(late), at=MORNING + minute)
    assert await rows(workshop, SET_ASIDE) == []
    told = [(await desk.reads(f"/{enquiry_id}"))[1] for enquiry_id in (early, late)]
    assert [(each["assigned_to"], each["version"]) for each in told] == [("ada", 1)] * 2
    assert [[entry["kind"] for entry in each["timeline"]] for each in told] == [["received", "assigned"]] * 2


async def test_an_assignment_after_the_resolution_leaves_it_resolved(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 1)
    await ear.hears(an_assignment(enquiry_id), at=MORNING + timedelta(minutes=1))
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert (shown["state"], shown["assigned_to"], shown["version"]) == ("resolved", "ada", 2)
    assert [entry["kind"] for entry in shown["timeline"]] == ["received", "assigned", "resolved"]


async def test_everybody_who_looks_at_a_record_is_written_down(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    await desk.reads(f"/{enquiry_id}?why=The+citizen+rang", name="ada")
    await desk.reads("?state=open", name="mia", role=Role.MANAGER)
    await desk.reads(f"/{an_enquiry_id()}")
    found = [(row["who"], row["what"], row["why"], row["enquiry_id"]) for row in await rows(workshop, ACCESSES)]
    assert found == [
        ("adviser/ada", "record", "The citizen rang", enquiry_id),
        ("manager/mia", "list", None, enquiry_id),
    ]


async def test_answers_and_the_resolution_move_the_version_on(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    steps = [
        ("answers", {"kind": "acknowledgement", "text": "We have it."}, 201, "open"),
        ("answers", ANSWER, 201, "answered"),
        ("resolution", {"resolution": "done"}, 200, "resolved"),
    ]
    for version, (path, body, expected, state) in enumerate(steps, start=1):
        status, shown = await desk.posts(f"/{enquiry_id}/{path}", body, version)
        assert (status, shown["state"], shown["version"]) == (expected, state, version + 1)
    spoken = await said_by(workshop)
    assert [each.name for each in spoken] == [
        "contact.recorded", "enquiry.answered", "enquiry.answered", "enquiry.resolved"
    ]  # fmt: skip
    assert (spoken[2].data["text"], spoken[2].data["adviser_id"]) == (ANSWER["text"], "ada")
    _, record = await desk.reads(f"/{enquiry_id}")
    assert [entry["detail"] for entry in record["timeline"]] == [None, "acknowledgement", "full", "done"]
    assert record["resolution"] == "done"


async def test_whoever_saw_an_older_version_is_told_what_changed_and_by_whom(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1, name="bob")
    status, problem = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1)
    assert status == 409
    assert "answered (full) by adviser/bob" in problem["detail"]
    assert (await heard_of(workshop)).count("enquiry.answered") == 1


async def test_a_resolved_enquiry_cannot_be_answered(desk: Desk, enquiry_id: EnquiryId) -> None:
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "duplicate"}, 1)
    status, problem = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 2)
    assert (status, "open a new one" in problem["detail"]) == (409, True)
    status, problem = await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 2)
    assert (status, "duplicate" in problem["detail"]) == (409, True)


async def test_a_repeated_answer_gets_the_first_receipt_and_is_said_once(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    key = str(new_id())
    first = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1, key=key)
    again = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1, key=key)
    assert first == again == (201, {"enquiry_id": str(enquiry_id), "state": "answered", "version": 2})
    assert (await heard_of(workshop)).count("enquiry.answered") == 1


async def test_a_decision_says_which_version_was_seen(desk: Desk, enquiry_id: EnquiryId) -> None:
    status, problem = await desk.posts(f"/{enquiry_id}/answers", ANSWER, None)
    assert status in (400, 428)
    assert "If-Match" in problem["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("answers", {"kind": "other", "text": "Hello."}),
        ("answers", {"kind": "full", "text": "  "}),
        ("answers", {"kind": "full", "text": "x" * 20_001}),
        ("answers", {"kind": "full", "text": "a\0b"}),
        ("answers", {"kind": "full", "text": "Hello.", "colour": "red"}),
        ("resolution", {"resolution": "other"}),
        ("resolution", {}),
    ],
)
async def test_nonsense_is_told_and_nothing_is_done(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop, path: str, body: dict[str, str]
) -> None:
    status, _ = await desk.posts(f"/{enquiry_id}/{path}", body, 1)
    assert status == 422
    assert await heard_of(workshop) == ["contact.recorded"]


async def test_a_longest_answer_of_the_widest_letters_fits_into_an_event(desk: Desk, enquiry_id: EnquiryId) -> None:
    status, _ = await desk.posts(f"/{enquiry_id}/answers", {"kind": "full", "text": "🐟" * 20_000}, 1)
    assert status == 201


async def test_an_unknown_enquiry_is_not_found(desk: Desk) -> None:
    unknown = an_enquiry_id()
    assert (await desk.reads(f"/{unknown}"))[0] == 404
    assert (await desk.posts(f"/{unknown}/answers", ANSWER, 1))[0] == 404
    assert (await desk.posts(f"/{unknown}/resolution", {"resolution": "done"}, 1))[0] == 404


async def test_lists_go_on_where_they_ended_and_show_each_enquiry_once(ear: Ear, desk: Desk) -> None:
    """Two enquiries that came in the same moment do not hide each other."""
    expected = []
    for number in range(7):
        event = an_enquiry_received(received_at=MORNING + timedelta(seconds=number // 2))
        await ear.hears(event)
        expected.append((event.received_at, str(event.enquiry_id)))
    found: list[str] = []
    after = ""
    while True:
        _, shown = await desk.reads(f"?state=open&limit=3{after}")
        found += [line["enquiry_id"] for line in shown["enquiries"]]
        if shown["after"] is None:
            break
        after = f"&after={shown['after']}"
    assert found == [enquiry_id for _, enquiry_id in sorted(expected, reverse=True)]


async def test_a_manager_may_read_but_not_answer(desk: Desk, enquiry_id: EnquiryId) -> None:
    status, _ = await desk.reads(f"/{enquiry_id}", name="mia", role=Role.MANAGER)
    headers = {**desk.token("mia", Role.MANAGER), "Idempotency-Key": str(new_id()), "If-Match": '"1"'}
    response = await desk.client.post(f"{ENQUIRIES}/{enquiry_id}/answers", json=ANSWER, headers=headers)
    assert (status, response.status) == (200, 403)
