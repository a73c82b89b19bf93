"""Dates that are agreed, time that is given, reasons that are shown, and standards for the public to read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from services.sla.actions import taking_up
from services.sla.app import SERVICE
from shared.settings import HouseSettings
from shared.vocabulary import EnquiryId, Role, new_id
from shared.work import Workshop
from tests.builders import (
    Ear,
    a_client,
    a_resolution,
    a_workshop,
    an_answer,
    an_ear,
    an_enquiry_id,
    an_enquiry_received,
    said_by,
)
from tests.integration.sla.looking import a_question, a_reopening, a_resumption, a_token, names
from tests.parts.councils import anytown, take_up

SOON = datetime.now(UTC) - timedelta(days=1)


class Desk:
    """Somebody who calls sla."""

    def __init__(self, client: TestClient[Any, Any], house: HouseSettings) -> None:
        self.client = client
        self.house = house

    async def shows(self, enquiry_id: EnquiryId) -> dict[str, Any]:
        headers = a_token(self.house, Role.ADVISER)
        response = await self.client.get(f"/sla/v1/clocks/{enquiry_id}", headers=headers)
        return {clock["standard"]: clock for clock in (await response.json())["clocks"]}

    async def posts(self, path: str, role: Role, body: dict[str, Any], **more: str) -> tuple[int, dict[str, Any]]:
        headers = {**a_token(self.house, role), "Idempotency-Key": str(new_id()), **more}
        response = await self.client.post(f"/sla{path}", json=body, headers=headers)
        return response.status, await response.json()

    async def agrees(self, enquiry_id: EnquiryId, due_at: datetime) -> tuple[int, dict[str, Any]]:
        body = {"due_at": due_at.isoformat(), "why": "They are on holiday until then."}
        return await self.posts(f"/v1/enquiries/{enquiry_id}/agreed-date", Role.ADVISER, body)

    async def extends(
        self, clock: dict[str, Any], role: Role = Role.MANAGER, **until: Any
    ) -> tuple[int, dict[str, Any]]:
        version = {"If-Match": f'"{clock["version"]}"'}
        body = {"why": "The surveyor is ill.", **until}
        return await self.posts(f"/v1/clocks/{clock['clock_id']}/extension", role, body, **version)


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    """Its clock shows the real time: a due time must lie ahead."""
    await take_up(database, anytown())
    async with a_workshop(database, SERVICE) as ready:
        yield ready


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


@pytest.fixture
async def desk(workshop: Workshop, tmp_path: Path) -> AsyncIterator[Desk]:
    house = HouseSettings(data=tmp_path)
    async with a_client(workshop, SERVICE, house) as client:
        yield Desk(client, house)


@pytest.fixture
async def enquiry_id(ear: Ear) -> EnquiryId:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id), at=SOON)
    return enquiry_id


def in_days(days: int) -> datetime:
    return SOON.replace(microsecond=0) + timedelta(days=days)


async def test_a_date_agreed_with_the_citizen_runs_beside_the_standards(desk: Desk, enquiry_id: EnquiryId) -> None:
    status, told = await desk.agrees(enquiry_id, in_days(30))
    assert (status, told["standard"], told["state"]) == (200, "agreed", "running")
    assert datetime.fromisoformat(told["due_at"]) == in_days(30)
    shown = await desk.shows(enquiry_id)
    assert set(shown) == {"acknowledgement", "answer", "agreed"}
    [line] = shown["agreed"]["ledger"]
    assert (line["entry"], line["reason"], line["actor"]) == (
        "started",
        "They are on holiday until then.",
        "adviser/ada",
    )


async def test_another_agreed_date_moves_the_clock_and_a_full_answer_stops_it(
    desk: Desk, enquiry_id: EnquiryId, ear: Ear, workshop: Workshop
) -> None:
    await desk.agrees(enquiry_id, in_days(30))
    await desk.agrees(enquiry_id, in_days(40))
    await ear.hears(an_answer(enquiry_id), at=SOON + timedelta(days=35))
    agreed = (await desk.shows(enquiry_id))["agreed"]
    assert (agreed["state"], [line["entry"] for line in agreed["ledger"]]) == ("met", ["started", "extended", "met"])
    spoken = [event for event in await said_by(workshop) if event.data["standard"] == "agreed"]
    assert names(spoken) == ["clock.started", "clock.extended", "clock.met"]
    assert (spoken[1].data["adviser_id"], spoken[1].data["because"]) == ("ada", "They are on holiday until then.")


async def test_no_date_is_agreed_in_the_past_nor_for_what_is_resolved_or_unknown(
    desk: Desk, enquiry_id: EnquiryId, ear: Ear
) -> None:
    status, problem = await desk.agrees(enquiry_id, in_days(-3))
    assert (status, problem["detail"]) == (422, "This due time is past already: name a moment that is still to come.")
    assert (await desk.agrees(an_enquiry_id(), in_days(30)))[0] == 404
    await ear.hears(a_resolution(enquiry_id), at=SOON)
    assert (await desk.agrees(enquiry_id, in_days(30)))[0] == 409
    await ear.hears(a_reopening(enquiry_id), at=SOON + timedelta(minutes=1))
    assert (await desk.agrees(enquiry_id, in_days(30)))[0] == 200


@pytest.mark.parametrize("due_at", ["9999-12-31T23:59:59-12:00", "2099-01-01T00:00:00Z"])
async def test_no_date_is_agreed_that_is_more_than_ten_years_ahead(
    desk: Desk, enquiry_id: EnquiryId, due_at: str
) -> None:
    body = {"due_at": due_at, "why": "They asked for it."}
    status, told = await desk.posts(f"/v1/enquiries/{enquiry_id}/agreed-date", Role.ADVISER, body)
    assert status == 422
    assert "more than ten years ahead" in told["detail"]


async def test_a_manager_gives_a_clock_further_time(desk: Desk, enquiry_id: EnquiryId, workshop: Workshop) -> None:
    clock = (await desk.shows(enquiry_id))["answer"]
    status, told = await desk.extends(clock, due_at=in_days(60).isoformat())
    assert (status, told["version"]) == (200, clock["version"] + 1)
    assert datetime.fromisoformat(told["due_at"]) == in_days(60)
    clock = (await desk.shows(enquiry_id))["answer"]
    assert clock["ledger"][-1]["reason"] == "The surveyor is ill."
    status, told = await desk.extends(clock, further_days=5)
    assert datetime.fromisoformat(told["due_at"]) > in_days(66)
    assert names([event for event in await said_by(workshop) if event.data["standard"] == "answer"]) == [
        "clock.started",
        "clock.extended",
        "clock.extended",
    ]


async def test_what_was_given_stands_when_the_standard_changes_and_moves_with_a_pause(
    desk: Desk, enquiry_id: EnquiryId, ear: Ear, workshop: Workshop, database: str
) -> None:
    clock = (await desk.shows(enquiry_id))["answer"]
    await desk.extends(clock, due_at=in_days(60).isoformat())
    await take_up(database, anytown().replace("target = 10\n", "target = 15\n"))
    await taking_up.supersede(workshop)
    followed = (await desk.shows(enquiry_id))["answer"]
    assert (followed["replaces"], followed["council_version"]) == (clock["clock_id"], 3)
    assert datetime.fromisoformat(followed["due_at"]) == in_days(60)
    [line] = followed["ledger"]
    assert "the due time that a person had set" in line["note"]
    assert line["reason"] == "The surveyor is ill."
    await ear.hears(a_question(enquiry_id), at=in_days(4))
    await ear.hears(a_resumption(enquiry_id), at=in_days(18))
    later = (await desk.shows(enquiry_id))["answer"]
    assert datetime.fromisoformat(later["due_at"]) > in_days(60 + 12)


@pytest.mark.parametrize(
    ("until", "role", "expected"),
    [
        ({"due_at": in_days(-2).isoformat()}, Role.MANAGER, 422),
        ({}, Role.MANAGER, 422),
        ({"due_at": in_days(3_660).isoformat()}, Role.MANAGER, 422),
        ({"due_at": "9999-12-31T23:59:59-12:00"}, Role.MANAGER, 422),
        ({"due_at": in_days(60).isoformat(), "further_days": 5}, Role.MANAGER, 422),
        ({"due_at": "2027-01-01T00:00:00"}, Role.MANAGER, 422),
        ({"further_days": 5}, Role.ADVISER, 403),
    ],
)
async def test_what_makes_no_sense_gives_no_time(
    desk: Desk, enquiry_id: EnquiryId, until: dict[str, Any], role: Role, expected: int
) -> None:
    clock = (await desk.shows(enquiry_id))["answer"]
    assert (await desk.extends(clock, role, **until))[0] == expected


async def test_a_clock_that_was_seen_otherwise_or_runs_no_more_is_given_none(
    desk: Desk, enquiry_id: EnquiryId, ear: Ear
) -> None:
    clock = (await desk.shows(enquiry_id))["answer"]
    assert (await desk.extends({**clock, "version": 7}, further_days=5))[0] == 409
    assert (await desk.extends({**clock, "clock_id": new_id()}, further_days=5))[0] == 404
    await desk.agrees(enquiry_id, in_days(30))
    agreed = (await desk.shows(enquiry_id))["agreed"]
    assert (await desk.extends(agreed, further_days=5))[0] == 409
    await ear.hears(a_question(enquiry_id), at=in_days(1))
    paused = (await desk.shows(enquiry_id))["answer"]
    assert (await desk.extends(paused, further_days=5))[0] == 422
    assert (await desk.extends(paused, due_at=in_days(60).isoformat()))[0] == 200
    await ear.hears(an_answer(enquiry_id), at=in_days(2))
    met = (await desk.shows(enquiry_id))["answer"]
    assert (await desk.extends(met, further_days=5))[0] == 409


async def test_the_days_that_did_not_count_are_named(desk: Desk, ear: Ear) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id), at=datetime(2026, 12, 21, 9, tzinfo=UTC))
    answer = (await desk.shows(enquiry_id))["answer"]
    assert answer["name"] == "Full answer"
    assert answer["target"] == "10 working days in the calendar “Office hours”"
    assert answer["days_left_out"] == [
        {"day": "2026-12-24", "why": "Christmas Eve: open 09:00–12:00"},
        {"day": "2026-12-25", "why": "Christmas Day"},
        {"day": "2026-12-28", "why": "Boxing Day (observed)"},
        {"day": "2027-01-01", "why": "New Year's Day"},
    ]
    assert answer["due_at"] == "2027-01-07T17:00:00Z"


async def test_g1_everybody_may_read_what_the_council_promises(desk: Desk) -> None:
    shown = await (await desk.client.get("/sla/v1/standards")).json()
    assert shown["council"] == "Anytown Council"
    assert [each["code"] for each in shown["standards"]][:3] == ["acknowledgement", "answer", "answer-again"]
    assert shown["standards"][1]["promise"] == "You have our full answer within ten working days."
    asked = await (await desk.client.get("/sla/v1/standards?language=cy")).json()
    read = await (await desk.client.get("/sla/v1/standards", headers={"Accept-Language": "cy-GB,en;q=0.5"})).json()
    assert asked == read
    assert asked["standards"][1]["promise"] == "Cewch ein hateb llawn o fewn deg diwrnod gwaith."
