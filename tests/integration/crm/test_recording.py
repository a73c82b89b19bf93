"""Every contact stands in the record once, as it was: true times, direction, outcome, every word."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from services.crm import timers
from shared.contracts.intake import Attachment, EnquiryReceived, MessageDeferred, MessageDelivered, MessageFailed
from shared.said import partition_of
from shared.telemetry import ENQUIRIES_UNREACHED
from shared.vocabulary import (
    AdviserId,
    Channel,
    ContactId,
    Direction,
    EnquiryId,
    FileId,
    MessageId,
    MessageKind,
    Outcome,
    enquiry_subject,
    new_id,
)
from shared.work import Workshop
from tests.builders import ADA, MORNING, Ear, an_assignment, an_enquiry_id, an_enquiry_received, said_by
from tests.integration.crm.desk import ANSWER, QUESTION, Desk, heard_of, last_said, rows
from tests.integration.crm.events import NOON, a_further_contact

MINUTE = timedelta(minutes=1)
CONTACTS = "SELECT * FROM contacts"
CITIZENS = "SELECT * FROM citizens"
SET_ASIDE = "SELECT state, waits_for FROM set_aside"
ODD = ["x" * 300, "שלום עולם", "👩‍👩‍👧 O’Brien-Ünal", "01482/39 39 39 / 07700-900123"]


async def test_a_received_enquiry_stands_in_the_record_with_its_contact(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    status, shown = await desk.reads(f"/{enquiry_id}")
    assert (status, shown["state"], shown["version"]) == (200, "open", 1)
    [contact] = shown["contacts"]
    assert (contact["citizen_name"], contact["started_at"]) == ("Jo", "2026-03-02T09:00:00Z")
    assert contact["text"] == shown["text"]
    [entry] = shown["timeline"]
    assert (entry["kind"], entry["actor"], entry["contact_id"]) == ("received", "public", contact["contact_id"])
    [spoken] = await said_by(workshop)
    assert (spoken.name, spoken.data["contact_id"]) == ("contact.recorded", contact["contact_id"])


async def test_an_enquiry_heard_of_twice_is_recorded_once(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received()
    await ear.hears(event)
    await ear.hears(event)
    assert len(await rows(workshop, CONTACTS)) == 1
    assert await heard_of(workshop) == ["contact.recorded"]


async def test_p24_a_logged_call_keeps_its_true_start_end_and_outcome(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    """It is heard of at noon; it was at nine, and nobody was reached."""
    event = an_enquiry_received(
        channel=Channel.TELEPHONE,
        direction=Direction.OUTBOUND,
        outcome=Outcome.NOT_REACHED,
        ended_at=MORNING + MINUTE,
        logged_by=AdviserId("ada"),
    )
    await ear.hears(event, at=NOON, actor="adviser/ada")
    _, shown = await desk.reads(f"/{event.enquiry_id}")
    [contact] = shown["contacts"]
    assert (contact["started_at"], contact["ended_at"]) == ("2026-03-02T09:00:00Z", "2026-03-02T09:01:00Z")
    assert (contact["direction"], contact["outcome"], contact["logged_by"]) == ("outbound", "not_reached", "ada")
    [entry] = shown["timeline"]
    assert entry["occurred_at"] == contact["started_at"] < entry["recorded_at"]
    [spoken] = await said_by(workshop)
    assert (spoken.occurred_at, spoken.data["outcome"]) == (MORNING, "not_reached")


@pytest.mark.parametrize("text", ODD)
async def test_p24_whatever_citizens_write_is_kept_as_they_wrote_it(ear: Ear, desk: Desk, text: str) -> None:
    event = an_enquiry_received(
        title=text, text=text * 50, citizen_name=text, citizen_surname=text, citizen_telephone=text, place=text
    )
    await ear.hears(event)
    _, shown = await desk.reads(f"/{event.enquiry_id}")
    [contact] = shown["contacts"]
    assert (shown["title"], shown["text"], shown["place"]) == (text, text * 50, text)
    assert [contact[f"citizen_{what}"] for what in ("name", "surname", "telephone")] == [text] * 3


async def test_files_are_shown_with_the_contact_they_came_with(ear: Ear, desk: Desk, enquiry_id: EnquiryId) -> None:
    file = Attachment(file_id=FileId(new_id()), name="Lamp 📷.jpg", media_type="image/jpeg", size=3_000_000_000)
    await ear.hears(a_further_contact(enquiry_id, attachments=(file,)))
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert [[each["name"] for each in contact["attachments"]] for contact in shown["contacts"]] == [[], [file.name]]


async def test_one_contact_with_several_enquiries_is_one_row_and_links_them(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    contact_id = ContactId(new_id())
    first, second, third = (
        an_enquiry_received(contact_id=contact_id, title=title, outcome=outcome)
        for title, outcome in (("Tax", Outcome.RECEIVED), ("Bins", Outcome.PASSED_ON), ("Lamp", Outcome.RECEIVED))
    )
    for event in (first, second, third):
        await ear.hears(event)
    assert len(await rows(workshop, CONTACTS)) == 1
    _, shown = await desk.reads(f"/{second.enquiry_id}")
    assert [contact["outcome"] for contact in shown["contacts"]] == ["passed_on"]
    assert sorted((link["title"], link["link"], link["from_other"]) for link in shown["links"]) == [
        ("Lamp", "same_contact", True),
        ("Tax", "same_contact", False),
    ]
    linked = [spoken.data for spoken in await said_by(workshop) if spoken.name == "enquiry.linked"]
    assert {(each["enquiry_id"], each["other_enquiry_id"], each["link"]) for each in linked} == {
        (str(one.enquiry_id), str(other.enquiry_id), "same_contact")
        for one, other in ((second, first), (third, first), (third, second))
    }


async def test_enquiries_of_one_contact_that_come_at_once_are_linked_each_to_each_once(
    ear: Ear, workshop: Workshop
) -> None:
    partitions: dict[int, list[EnquiryReceived]] = {}
    for contact_id in (ContactId(new_id()) for _ in range(10)):
        for _ in range(3):
            event = an_enquiry_received(contact_id=contact_id, citizen_email=f"{contact_id}@example.org")
            partitions.setdefault(partition_of(event.subject), []).append(event)

    async def hear(events: list[EnquiryReceived]) -> None:
        for event in events:
            await ear.hears(event)

    await asyncio.gather(*map(hear, partitions.values()))
    assert await rows(workshop, SET_ASIDE) == []
    linked = [spoken.data for spoken in await said_by(workshop) if spoken.name == "enquiry.linked"]
    assert len({frozenset((each["enquiry_id"], each["other_enquiry_id"])) for each in linked}) == len(linked) == 30
    assert len(await rows(workshop, CONTACTS)) == len(await rows(workshop, CITIZENS)) == 10


async def test_what_was_resolved_at_first_contact_is_recorded_and_resolved_at_its_end(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    event = an_enquiry_received(
        outcome=Outcome.RESOLVED_AT_FIRST_CONTACT, ended_at=MORNING + 5 * MINUTE, logged_by=AdviserId("ada")
    )
    await ear.hears(event, at=NOON, actor="adviser/ada")
    _, shown = await desk.reads(f"/{event.enquiry_id}")
    assert (shown["state"], shown["resolved_at"], shown["version"]) == ("resolved", "2026-03-02T09:05:00Z", 2)
    assert [entry["kind"] for entry in shown["timeline"]] == ["received", "resolved"]
    recorded, resolved = await said_by(workshop)
    assert (recorded.name, resolved.name, resolved.occurred_at) == (
        "contact.recorded",
        "enquiry.resolved",
        MORNING + 5 * MINUTE,
    )
    assert (resolved.data["at_first_contact"], resolved.data["adviser_id"]) == (True, "ada")


@pytest.mark.parametrize("before", ["open", "answered", "awaiting_citizen", "resolved"])
async def test_what_an_adviser_logs_as_settled_ends_resolved_whatever_it_was(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop, before: str
) -> None:
    path, body = {
        "answered": ("answers", ANSWER),
        "awaiting_citizen": ("questions", QUESTION),
        "resolved": ("resolution", {"resolution": "done"}),
    }.get(before, ("notes", {"text": "Nothing yet."}))
    await desk.posts(f"/{enquiry_id}/{path}", body, 1)
    said = await heard_of(workshop)
    late = MORNING + timedelta(days=3650)
    settled = a_further_contact(
        enquiry_id, at=late, ended_at=late + MINUTE, logged_by=ADA, outcome=Outcome.RESOLVED_AT_FIRST_CONTACT
    )
    await ear.hears(settled, at=late, actor="adviser/ada")
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert shown["state"] == "resolved"
    heard = (await heard_of(workshop))[len(said) :]
    assert heard == ["contact.recorded"] + ["enquiry.resolved"] * (before != "resolved")
    if before != "resolved":
        told = (await said_by(workshop))[-1]
        assert (told.data["resolution"], told.data["adviser_id"], told.data["at_first_contact"]) == (
            "answered", "ada", False
        )  # fmt: skip
        assert told.occurred_at == late + MINUTE


async def test_what_is_logged_late_as_settled_is_resolved_after_what_was_decided_since(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 1)
    await desk.posts(f"/{enquiry_id}/reopening", {"why": "It is dark again."}, 2)
    await ear.hears(a_further_contact(enquiry_id, logged_by=ADA, outcome=Outcome.RESOLVED_AT_FIRST_CONTACT))
    _, shown = await desk.reads(f"/{enquiry_id}")
    reopened = next(entry for entry in shown["timeline"] if entry["kind"] == "reopened")
    assert (shown["state"], shown["resolved_at"]) == ("resolved", reopened["occurred_at"])


@pytest.mark.parametrize("further_first", [True, False])
async def test_a_contact_that_came_back_to_one_enquiry_and_brought_another_links_them_in_either_order(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop, further_first: bool
) -> None:
    contact_id = ContactId(new_id())
    brought = an_enquiry_received(contact_id=contact_id, also_brought=(enquiry_id,))
    further = a_further_contact(enquiry_id, contact_id=contact_id, at=MORNING)
    for event in (further, brought) if further_first else (brought, further):
        await ear.hears(event)
        await ear.hears(event)
    [link] = (await desk.reads(f"/{brought.enquiry_id}"))[1]["links"]
    assert (link["other_enquiry_id"], link["link"]) == (str(enquiry_id), "same_contact")
    assert (await heard_of(workshop)).count("enquiry.linked") == 1


async def test_a_further_contact_stands_in_the_record_and_nobody_decides_unaware_of_it(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    event = a_further_contact(enquiry_id, ended_at=NOON + MINUTE)
    await ear.hears(event, at=NOON)
    await ear.hears(event, at=NOON)
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert (shown["state"], shown["version"]) == ("open", 2)
    assert [contact["text"] for contact in shown["contacts"]] == [shown["text"], "It is still dark."]
    assert [entry["kind"] for entry in shown["timeline"]] == ["received", "contacted"]
    assert await heard_of(workshop) == ["contact.recorded"] * 2
    status, refusal = await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 1)
    assert (status, "contacted (email)" in refusal["detail"]) == (409, True)
    await ear.hears(a_further_contact(enquiry_id, logged_by=ADA), at=NOON)
    assert (await desk.reads(f"/{enquiry_id}"))[1]["version"] == 2


async def test_the_citizens_word_resumes_an_enquiry_that_waits_for_it(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    await desk.posts(f"/{enquiry_id}/questions", QUESTION, 1)
    _, waiting = await desk.reads(f"/{enquiry_id}")
    await ear.hears(a_further_contact(enquiry_id, direction=Direction.OUTBOUND), at=NOON)
    assert (await desk.reads(f"/{enquiry_id}"))[1]["state"] == "awaiting_citizen"
    event = a_further_contact(enquiry_id)
    await ear.hears(event, at=NOON)
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert (shown["state"], shown["version"], shown["asked_at"]) == ("open", 3, None)
    resumed = (await said_by(workshop))[-1]
    assert (resumed.name, resumed.data["contact_id"]) == ("enquiry.resumed", str(event.contact_id))
    assert resumed.occurred_at.isoformat().startswith(waiting["asked_at"].removesuffix("Z")), (
        "a message that was under way when the question was asked resumes at the question, not before it"
    )


async def test_the_citizens_word_reopens_a_resolved_enquiry_and_whoever_decides_unaware_is_told(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1)
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 2)
    event = a_further_contact(enquiry_id, at=MORNING + timedelta(days=3650))
    await ear.hears(event, at=event.started_at, actor="public")
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert (shown["state"], shown["resolution"], shown["resolved_at"]) == ("open", None, None)
    assert (await last_said(workshop, "enquiry.reopened"))["contact_id"] == str(event.contact_id)
    status, problem = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 3)
    assert (status, "reopened (email) by public" in problem["detail"]) == (409, True)


async def test_what_an_adviser_logs_afterwards_does_not_reopen_what_they_resolved(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 1)
    await ear.hears(a_further_contact(enquiry_id, logged_by=AdviserId("ada")), at=NOON, actor="adviser/ada")
    assert (await desk.reads(f"/{enquiry_id}"))[1]["state"] == "resolved"


async def test_what_became_of_a_message_stands_in_the_timeline(ear: Ear, desk: Desk, enquiry_id: EnquiryId) -> None:
    message_id = MessageId(new_id())
    await ear.hears(MessageDelivered(message_id=message_id, enquiry_id=enquiry_id, by="file", delivered_at=NOON))
    failed = MessageFailed(message_id=message_id, enquiry_id=enquiry_id, by="smtp", because="No such mailbox.")
    await ear.hears(failed, at=NOON + MINUTE)
    _, shown = await desk.reads(f"/{enquiry_id}")
    told = [(entry["kind"], entry["detail"], entry["text"]) for entry in shown["timeline"]]
    assert told[1:] == [("delivered", "file", None), ("failed", "smtp", "No such mailbox.")]


async def unreached(desk: Desk, **more: str) -> list[str]:
    query = "&".join(["unreached=true", *(f"{name}={value}" for name, value in more.items())])
    status, shown = await desk.reads(f"?{query}")
    assert status == 200, shown
    return [each["enquiry_id"] for each in shown["enquiries"]]


async def test_whoever_was_not_reached_is_listed_until_they_are_and_their_record_says_by_which_message(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    message_id = MessageId(new_id())
    ids: dict[str, Any] = {"message_id": message_id, "enquiry_id": enquiry_id, "kind": MessageKind.FULL}
    await ear.hears(an_enquiry_received())
    await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1)
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 2)
    await ear.hears(MessageDelivered(**ids, by="smtp", delivered_at=NOON))
    assert await unreached(desk) == []
    await ear.hears(MessageFailed(**ids, by="bounce", because="550 No such user"), at=NOON + MINUTE)
    assert await unreached(desk) == await unreached(desk, state="resolved") == [str(enquiry_id)]
    assert await unreached(desk, state="open") == await unreached(desk, after=str(enquiry_id)) == []
    _, shown = await desk.reads(f"/{enquiry_id}")
    [entry] = [each for each in shown["timeline"] if each["detail"] == "bounce"]
    assert (entry["message_id"], entry["message_kind"]) == (str(message_id), "full")
    assert shown["unreached_since"] == "2026-03-02T12:01:00Z"
    await timers.count_unreached(workshop)
    assert ENQUIRIES_UNREACHED.labels("crm")._value.get() == 1
    again = MessageDelivered(**{**ids, "message_id": MessageId(new_id())}, by="smtp", delivered_at=NOON + 2 * MINUTE)
    await ear.hears(again)
    assert await unreached(desk) == []


async def test_a_citizen_whom_an_adviser_speaks_with_is_reached(ear: Ear, desk: Desk, enquiry_id: EnquiryId) -> None:
    ids: dict[str, Any] = {"message_id": MessageId(new_id()), "enquiry_id": enquiry_id}
    await ear.hears(MessageFailed(**ids, by="smtp", because="No such mailbox."), at=NOON)
    call: dict[str, Any] = {"channel": Channel.TELEPHONE, "logged_by": AdviserId("ada")}
    await ear.hears(a_further_contact(enquiry_id, **call, outcome=Outcome.NOT_REACHED), actor="adviser/ada")
    assert await unreached(desk) == [str(enquiry_id)]
    await ear.hears(a_further_contact(enquiry_id, **call), actor="adviser/ada")
    assert await unreached(desk) == []


async def test_a_message_that_is_put_off_and_a_receipt_that_nobody_asked_for_are_told_as_what_they_are(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    message_id, receipt = MessageId(new_id()), MessageKind.RECEIPT
    ids: dict[str, Any] = {"message_id": message_id, "enquiry_id": enquiry_id}
    await ear.hears(MessageDelivered(**ids, kind=receipt, by="smtp", delivered_at=NOON))
    await ear.hears(MessageDeferred(**ids, by="smtp", because="The mail server is away."), at=NOON + MINUTE)
    await ear.hears(MessageFailed(**ids, kind=receipt, by="smtp", because="Nobody there."), at=NOON + 2 * MINUTE)
    _, shown = await desk.reads(f"/{enquiry_id}")
    told = [(entry["kind"], entry["detail"], entry["text"]) for entry in shown["timeline"]]
    assert told[1:] == [
        ("delivered", "receipt", None),
        ("deferred", "smtp", "The mail server is away."),
        ("failed", "receipt", "Nobody there."),
    ]
    assert (shown["state"], shown["version"]) == ("open", 1)


async def test_whatever_is_heard_too_early_leads_to_the_same_record(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    """Received and assigned come from two speakers, so they may come in either order."""
    early, late = an_enquiry_id(), an_enquiry_id()
    await ear.hears(an_assignment(early), at=MORNING + MINUTE)
    [aside] = await rows(workshop, SET_ASIDE)
    assert (aside["state"], aside["waits_for"]) == ("early", enquiry_subject(early))
    await ear.hears(an_enquiry_received(early))
    await ear.tends()
    await ear.hears(an_enquiry_received(late))
    await ear.hears(an_assignment(late), at=MORNING + MINUTE)
    assert await rows(workshop, SET_ASIDE) == []
    told = [(await desk.reads(f"/{enquiry_id}"))[1] for enquiry_id in (early, late)]
    assert [(each["assigned_to"], each["version"]) for each in told] == [("ada", 1)] * 2
    assert [[entry["kind"] for entry in each["timeline"]] for each in told] == [["received", "assigned"]] * 2
