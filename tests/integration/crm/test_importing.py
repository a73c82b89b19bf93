"""What an older system knew stands in the record with its true times, and from then on is an enquiry like any other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.intake import EnquiryImported
from shared.vocabulary import IdentifiedBy, QueueId, Role
from shared.work import Workshop
from tests.builders import Ear, an_enquiry_received, said_by
from tests.integration.crm.desk import CITIZENS, Desk, heard_of, rows
from tests.integration.crm.events import (
    LONG_AGO,
    a_closed_one,
    a_further_contact,
    a_queued_task,
    an_imported_enquiry,
)

RECEIVED_AT, RESOLVED_AT = "2015-01-05T14:00:00Z", "2015-01-07T14:00:00Z"
JO: dict[str, Any] = {"citizen_name": "Jo Miller", "citizen_email": "jo@example.org"}
IMPORTER = "ict/sam"
EVERYTHING = ("enquiries", "contacts", "contact_enquiries", "timeline", "enquiry_queues", "citizens")


async def brings(ear: Ear, event: EnquiryImported) -> EnquiryImported:
    await ear.hears(event, at=event.received_at, actor=IMPORTER)
    return event


async def read(desk: Desk, event: EnquiryImported) -> dict[str, Any]:
    status, shown = await desk.reads(f"/{event.enquiry_id}")
    assert status == 200, shown
    return dict(shown)


async def test_an_open_enquiry_is_recorded_as_of_when_it_was_received(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    event = await brings(ear, an_imported_enquiry(place="Elm Street", service_code="524", citizen_name="Jo"))
    shown = await read(desk, event)
    assert {name: shown[name] for name in ("state", "version", "received_at", "resolved_at", "place", "text")} == {
        "state": "open",
        "version": 1,
        "received_at": RECEIVED_AT,
        "resolved_at": None,
        "place": "Elm Street",
        "text": event.text,
    }
    assert shown["imported_as"] == {"system": "old", "row_id": "101"}
    [contact] = shown["contacts"]
    assert (contact["started_at"], contact["ended_at"]) == (RECEIVED_AT, RECEIVED_AT)
    assert (contact["channel"], contact["direction"], contact["logged_by"]) == ("telephone", "inbound", None)
    [entry] = shown["timeline"]
    assert (entry["kind"], entry["occurred_at"], entry["actor"], entry["version"]) == (
        "received",
        RECEIVED_AT,
        IMPORTER,
        1,
    )
    assert await heard_of(workshop) == []


async def test_a_closed_one_is_resolved_at_its_own_time_and_nothing_is_said(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    shown = await read(desk, await brings(ear, a_closed_one()))
    assert {name: shown[name] for name in ("state", "version", "resolved_at", "resolution")} == {
        "state": "resolved",
        "version": 2,
        "resolved_at": RESOLVED_AT,
        "resolution": "done",
    }
    told = [(each["kind"], each["detail"], each["occurred_at"], each["version"]) for each in shown["timeline"]]
    assert told == [("received", None, RECEIVED_AT, 1), ("resolved", "done", RESOLVED_AT, 2)]
    assert await heard_of(workshop) == []


async def test_how_it_ended_may_be_unknown(ear: Ear, desk: Desk) -> None:
    shown = await read(desk, await brings(ear, a_closed_one(resolution=None)))
    assert (shown["state"], shown["resolution"]) == ("resolved", "other")


async def test_p01_heard_again_nothing_changes(ear: Ear, workshop: Workshop) -> None:
    event = a_closed_one(**JO, queue_id="general")
    await brings(ear, event)
    before = [await rows(workshop, f"SELECT * FROM {table}") for table in EVERYTHING]
    await brings(ear, event)
    assert [await rows(workshop, f"SELECT * FROM {table}") for table in EVERYTHING] == before


async def test_who_the_citizen_is_is_found_for_all_and_said_for_open_ones(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    closed = await brings(ear, a_closed_one("1", **JO))
    opened = await brings(ear, an_imported_enquiry("2", citizen_email="JO@example.org"))
    fresh = an_enquiry_received(citizen_email="jo@example.org")
    await ear.hears(fresh)
    first, second = await read(desk, closed), await read(desk, opened)
    _, third = await desk.reads(f"/{fresh.enquiry_id}")
    assert (first["identified_by"], second["identified_by"], third["identified_by"]) == ("new", "email", "email")
    citizen_id = first["citizen"]["citizen_id"]
    assert [each["citizen"]["citizen_id"] for each in (second, third)] == [citizen_id] * 2
    told = [each for each in await said_by(workshop) if each.name == "citizen.identified"]
    assert {(each.data["enquiry_id"], each.data["by"]) for each in told} == {
        (str(opened.enquiry_id), IdentifiedBy.EMAIL),
        (str(fresh.enquiry_id), IdentifiedBy.EMAIL),
    }
    _, citizen = await desk.gets(f"{CITIZENS}/{citizen_id}")
    _, timeline = await desk.gets(f"{CITIZENS}/{citizen_id}/timeline")
    assert citizen["known_since"] == RECEIVED_AT
    assert [line["reference"] for line in timeline["lines"] if line["enquiry_id"] == str(closed.enquiry_id)] == [
        closed.reference
    ] * 3


async def test_weak_evidence_only_suggests(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    await brings(ear, an_imported_enquiry("1", citizen_name="Ann Lee", citizen_telephone="01482 393939"))
    other = await brings(ear, a_closed_one("2", citizen_name="Bo Ray", citizen_telephone="01482 393939"))
    shown = await read(desk, other)
    assert (shown["citizen"], [each["because"] for each in shown["suggestions"]]) == (None, [["telephone"]])
    assert len(await rows(workshop, "SELECT * FROM citizens")) == 1


async def test_an_open_one_is_resolved_like_any_other(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    event = await brings(ear, an_imported_enquiry())
    status, shown = await desk.posts(f"/{event.enquiry_id}/resolution", {"resolution": "done"}, 1)
    assert (status, shown["state"], shown["version"]) == (200, "resolved", 2)
    assert await heard_of(workshop) == ["enquiry.resolved"]


async def test_a_closed_one_is_reopened_by_an_adviser_and_by_its_citizen(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    one, other = await brings(ear, a_closed_one("1")), await brings(ear, a_closed_one("2"))
    status, shown = await desk.posts(f"/{one.enquiry_id}/reopening", {"why": "It is dark again."}, 2)
    assert (status, shown["state"], shown["version"]) == (200, "open", 3)
    contact = a_further_contact(other.enquiry_id)
    await ear.hears(contact, actor="public")
    after = await read(desk, other)
    assert (after["state"], after["version"], len(after["contacts"])) == ("open", 3, 2)
    assert sorted(await heard_of(workshop)) == ["contact.recorded", "enquiry.reopened", "enquiry.reopened"]


async def test_who_a_citizen_is_may_be_found_out_later(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    event = await brings(ear, a_closed_one())
    await ear.hears(a_further_contact(event.enquiry_id, **JO, logged_by="ada"))
    assert (await read(desk, event))["identified_by"] == "new"
    assert "citizen.identified" in await heard_of(workshop)


async def test_it_is_linked_like_any_other(ear: Ear, desk: Desk) -> None:
    one, other = await brings(ear, a_closed_one("1")), await brings(ear, an_imported_enquiry("2"))
    body = {"other_enquiry_id": str(one.enquiry_id), "link": "related"}
    assert (await desk.posts(f"/{other.enquiry_id}/links", body, 1))[0] == 201
    assert [link["other_enquiry_id"] for link in (await read(desk, one))["links"]] == [str(other.enquiry_id)]


async def test_it_is_found_by_what_the_older_system_called_it(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    old = await brings(ear, a_closed_one("101 000-A"))
    another = await brings(
        ear, an_imported_enquiry("101 000-A", system="another", received_at=LONG_AGO + timedelta(hours=1))
    )
    await brings(ear, an_imported_enquiry("102"))
    _, found = await desk.reads("?row_id=101 000-A")
    assert [line["enquiry_id"] for line in found["enquiries"]] == [str(another.enquiry_id), str(old.enquiry_id)]
    assert found["enquiries"][1]["imported_as"] == {"system": "old", "row_id": "101 000-A"}
    _, resolved = await desk.reads("?row_id=101 000-A&state=resolved")
    assert [line["enquiry_id"] for line in resolved["enquiries"]] == [str(old.enquiry_id)]
    assert (await desk.reads("?row_id=nothing"))[1]["enquiries"] == []
    looks = await rows(workshop, "SELECT enquiry_id FROM accesses WHERE what = 'search'")
    assert [row["enquiry_id"] for row in looks] == [another.enquiry_id, old.enquiry_id, old.enquiry_id]


async def test_one_thing_is_looked_for_at_a_time(desk: Desk) -> None:
    status, told = await desk.reads("?row_id=101&reference=ANY-7K3M-9QPX-2RT4")
    assert (status, "either reference or row_id" in told["detail"]) == (422, True)


async def test_others_came_from_no_older_system(ear: Ear, desk: Desk) -> None:
    event = an_enquiry_received()
    await ear.hears(event)
    _, shown = await desk.reads(f"/{event.enquiry_id}")
    assert shown["imported_as"] is None


@pytest.mark.usefixtures("in_anytown")
@pytest.mark.parametrize("role", [Role.PARTNER, Role.HEAD_OF_SERVICE])
async def test_p20_who_sees_a_queue_sees_what_was_on_it_in_the_older_system(ear: Ear, desk: Desk, role: Role) -> None:
    water = QueueId("water-company")
    theirs, hidden = await brings(ear, a_closed_one("1", queue_id=water)), await brings(ear, a_closed_one("2"))
    queued = await brings(ear, an_imported_enquiry("3", queue_id=water))
    await ear.hears(a_queued_task(queued.enquiry_id, water))
    for row_id, event in (("1", theirs), ("3", queued)):
        _, found = await desk.reads(f"?row_id={row_id}", name="joseph", role=role)
        assert [line["enquiry_id"] for line in found["enquiries"]] == [str(event.enquiry_id)]
        assert (await desk.reads(f"/{event.enquiry_id}", name="joseph", role=role))[0] == 200
    _, found = await desk.reads("?row_id=2", name="joseph", role=role)
    assert found["enquiries"] == []
    assert (await desk.reads(f"/{hidden.enquiry_id}", name="joseph", role=role))[0] == 404
