"""What email brings into the record: machines that wrote, what a mail quoted, and enquiries that a person links."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.intake import NotedAs
from shared.references import number_of
from shared.said import partition_of
from shared.vocabulary import Channel, EnquiryId, Point, QueueId, Reference, Role, contact_subject, enquiry_subject
from shared.work import Workshop
from tests.builders import MORNING, Ear, an_enquiry_id, an_enquiry_received
from tests.integration.crm.desk import ANSWER, CITIZENS, QUESTION, Desk, heard_of, rows
from tests.integration.crm.events import NOON, a_further_contact, a_machines_mail, a_queued_task

SET_ASIDE = "SELECT state, waits_for FROM set_aside"
CONTACTS = "SELECT * FROM contacts"
QUOTED = "On Monday the council wrote:\n> It will be mended.\n\n-- \nJo"
WATER = QueueId("water-company")
LATE = MORNING + timedelta(days=3650)
"""After whatever a test decides."""
MINUTE = timedelta(minutes=1)

BEFORE: dict[str, list[tuple[str, Any]]] = {
    "open": [],
    "answered": [("answers", ANSWER)],
    "awaiting_citizen": [("questions", QUESTION)],
    "resolved": [("resolution", {"resolution": "done"})],
}


@pytest.mark.parametrize("before", BEFORE)
async def test_p10_a_machines_mail_stands_in_the_record_and_changes_nothing(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop, before: str
) -> None:
    for path, body in BEFORE[before]:
        assert (await desk.posts(f"/{enquiry_id}/{path}", body, 1))[0] < 300
    _, was = await desk.reads(f"/{enquiry_id}")
    said = await heard_of(workshop)
    events = [a_machines_mail(enquiry_id, each, at=LATE + nth * MINUTE) for nth, each in enumerate(NotedAs)]
    for event in events:
        await ear.hears(event, at=event.started_at, actor="machine/mail")
    _, shown = await desk.reads(f"/{enquiry_id}")
    told = {key: value for key, value in shown.items() if key not in ("contacts", "timeline")}
    assert told == {key: value for key, value in was.items() if key in told}
    assert (shown["state"], await heard_of(workshop)) == (before, said)
    new, entries = shown["contacts"][len(was["contacts"]) :], shown["timeline"][len(was["timeline"]) :]
    assert [(each["noted_as"], each["sender"], each["text"]) for each in new] == [
        (event.noted_as, event.sender, event.text) for event in events
    ]
    assert [(each["kind"], each["detail"], each["text"], each["version"]) for each in entries] == [
        ("machine_wrote", event.noted_as, event.title, None) for event in events
    ]
    for entry, contact in zip(entries, new, strict=True):
        assert (entry["contact_id"], entry["actor"]) == (contact["contact_id"], "machine/mail")
        assert entry["occurred_at"] == contact["started_at"] == contact["ended_at"]


async def test_p10_whoever_decides_without_having_seen_a_machines_mail_is_not_stopped(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    await ear.hears(a_machines_mail(enquiry_id))
    status, shown = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1)
    assert (status, shown["version"]) == (201, 2)


async def test_p10_a_machines_mail_tells_nothing_of_who_the_citizen_is_or_where_to_write_to(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    known = an_enquiry_received(citizen_name="Jo", citizen_email="jo@example.org")
    nameless = an_enquiry_received()
    for event in (known, nameless):
        await ear.hears(event)
    await ear.hears(a_machines_mail(nameless.enquiry_id))
    _, shown = await desk.reads(f"/{nameless.enquiry_id}")
    assert (shown["citizen"], shown["suggestions"], shown["identified_by"]) == (None, [], None)
    assert shown["contacts"][-1]["citizen_email"] is None
    _, told = await desk.posts(f"/{nameless.enquiry_id}/answers", ANSWER, 1)
    assert told["sent"] is False
    status, told = await desk.posts(f"/{nameless.enquiry_id}/citizen", {"new": True}, 2)
    assert (status, "Nobody gave" in told["detail"]) == (422, True)
    assert (await heard_of(workshop)).count("reply.requested") == 0


async def test_p10_a_machines_mail_makes_nobody_of_a_suggestion_that_was_there(ear: Ear, desk: Desk) -> None:
    known = an_enquiry_received(citizen_name="Jo", citizen_email="jo@example.org")
    await ear.hears(known)
    _, shown = await desk.reads(f"/{known.enquiry_id}")
    await ear.hears(a_machines_mail(known.enquiry_id, sender="mailer-daemon@example.org"))
    citizen_id = shown["citizen"]["citizen_id"]
    _, citizen = await desk.gets(f"{CITIZENS}/{citizen_id}")
    assert [each["value"] for each in citizen["identifiers"]] == ["jo@example.org"]
    _, timeline = await desk.gets(f"{CITIZENS}/{citizen_id}/timeline")
    [line] = [line for line in timeline["lines"] if line["entry"]["kind"] == "machine_wrote"]
    assert (line["contact"]["noted_as"], line["contact"]["sender"]) == ("auto_reply", "mailer-daemon@example.org")


async def test_p08_a_machines_mail_heard_twice_stands_there_once(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    event = a_machines_mail(enquiry_id)
    await ear.hears(event)
    await ear.hears(event)
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert [entry["kind"] for entry in shown["timeline"]] == ["received", "machine_wrote"]
    assert len(await rows(workshop, CONTACTS)) == 2


async def test_a_machines_mail_about_an_enquiry_that_is_not_recorded_waits_for_it(ear: Ear, workshop: Workshop) -> None:
    """Intake says both of one subject, the enquiry first: so this is a mend, and nothing that happens by itself."""
    enquiry_id = an_enquiry_id()
    await ear.hears(a_machines_mail(enquiry_id))
    [aside] = await rows(workshop, SET_ASIDE)
    assert (aside["state"], aside["waits_for"]) == ("early", enquiry_subject(enquiry_id))


async def test_a_machines_mail_about_no_enquiry_stands_nowhere_and_stops_nothing(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    event = a_machines_mail(None)
    assert event.subject == contact_subject(event.contact_id)
    await ear.hears(event)
    cursor = "SELECT position FROM cursors WHERE speaker = 'intake' AND partition = $1"
    [row] = await rows(workshop, cursor, partition_of(event.subject))
    assert (row["position"], await rows(workshop, SET_ASIDE)) == (
        ear.positions["intake", partition_of(event.subject)],
        [],
    )
    assert len(await rows(workshop, CONTACTS)) == 1
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert len(shown["timeline"]) == 1


async def test_what_a_mail_quoted_is_kept_whole_with_its_contact(ear: Ear, desk: Desk) -> None:
    long = QUOTED + "\n> and so on" * 5000
    received = an_enquiry_received(
        channel=Channel.EMAIL, point=Point.MAILBOX, quoted=QUOTED, citizen_email="a@b.example"
    )
    await ear.hears(received)
    await ear.hears(a_further_contact(received.enquiry_id, quoted=long), at=NOON)
    _, shown = await desk.reads(f"/{received.enquiry_id}")
    assert [(each["text"], each["quoted"]) for each in shown["contacts"]] == [
        (received.text, QUOTED),
        ("It is still dark.", long),
    ]
    assert QUOTED not in shown["text"]
    _, timeline = await desk.gets(f"{CITIZENS}/{shown['citizen']['citizen_id']}/timeline")
    assert {line["contact"]["quoted"] for line in timeline["lines"] if line["contact"]} == {QUOTED, long}


async def test_what_a_mail_quoted_stays_when_a_further_enquiry_comes_out_of_it_in_either_order(
    ear: Ear, desk: Desk
) -> None:
    for order in (1, -1):
        mail = an_enquiry_received(quoted=QUOTED)
        another = an_enquiry_received(contact_id=mail.contact_id, also_brought=(mail.enquiry_id,), logged_by="ada")
        for event in (mail, another)[::order]:
            await ear.hears(event)
        quoted = [(await desk.reads(f"/{event.enquiry_id}"))[1]["contacts"][0]["quoted"] for event in (mail, another)]
        assert quoted == [QUOTED, None]


async def test_a_contact_that_quoted_nothing_shows_nothing(ear: Ear, desk: Desk, enquiry_id: EnquiryId) -> None:
    await ear.hears(a_further_contact(enquiry_id, quoted=""))
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert [(each["quoted"], each["noted_as"], each["sender"]) for each in shown["contacts"]] == [(None,) * 3] * 2


def a_pair() -> tuple[Any, Any]:
    """An enquiry with a reference, and one by somebody who may have meant that."""
    other = an_enquiry_received(reference=Reference(f"ANY-{number_of(7)}"), title="Mine", citizen_email="ann@a.example")
    held = an_enquiry_received(
        reference=Reference(f"ANY-{number_of(8)}"), title="Re: yours", perhaps_about=other.enquiry_id
    )
    return other, held


@pytest.mark.parametrize("order", [1, -1])
async def test_p09_an_enquiry_that_may_belong_to_another_says_so_to_advisers_and_the_other_shows_nothing(
    ear: Ear, desk: Desk, workshop: Workshop, order: int
) -> None:
    other, held = a_pair()
    await ear.hears(other)
    _, before = await desk.reads(f"/{other.enquiry_id}")
    await ear.hears(held)
    _, shown = await desk.reads(f"/{held.enquiry_id}")
    assert shown["perhaps_about"] == {
        "enquiry_id": str(other.enquiry_id),
        "reference": other.reference,
        "in_words": f"It may belong to enquiry {other.reference}: who wrote it is not known there.",
    }
    assert (shown["links"], "enquiry.linked" in await heard_of(workshop)) == ([], False)
    _, after = await desk.reads(f"/{other.enquiry_id}")
    assert after == before
    _, citizen = await desk.gets(f"{CITIZENS}/{after['citizen']['citizen_id']}/timeline")
    assert str(held.enquiry_id) not in str(citizen)
    assert held.reference not in str(citizen)


@pytest.mark.parametrize("from_held", [True, False])
async def test_p09_once_a_person_has_linked_them_both_show_the_link_and_nothing_is_perhaps(
    ear: Ear, desk: Desk, from_held: bool
) -> None:
    other, held = a_pair()
    await ear.hears(other)
    await ear.hears(held)
    here, there = (held, other) if from_held else (other, held)
    body = {"other_enquiry_id": str(there.enquiry_id), "link": "related"}
    assert (await desk.posts(f"/{here.enquiry_id}/links", body, 1))[0] == 201
    _, shown = await desk.reads(f"/{held.enquiry_id}")
    assert ([link["reference"] for link in shown["links"]], shown["perhaps_about"]) == ([other.reference], None)


async def test_p09_what_it_may_belong_to_need_not_be_recorded_yet(ear: Ear, desk: Desk) -> None:
    other, held = a_pair()
    await ear.hears(held)
    assert (await desk.reads(f"/{held.enquiry_id}"))[1]["perhaps_about"] is None
    await ear.hears(other)
    assert (await desk.reads(f"/{held.enquiry_id}"))[1]["perhaps_about"]["reference"] == other.reference


@pytest.mark.usefixtures("in_anytown")
@pytest.mark.parametrize("role", [Role.PARTNER, Role.HEAD_OF_SERVICE])
async def test_p20_who_may_not_see_the_other_enquiry_is_not_told_of_it(ear: Ear, desk: Desk, role: Role) -> None:
    other, held = a_pair()
    for event in (other, held):
        await ear.hears(event)
    await ear.hears(a_queued_task(held.enquiry_id, WATER))
    _, shown = await desk.reads(f"/{held.enquiry_id}", name="joseph", role=role)
    assert shown["perhaps_about"] is None
    assert str(other.enquiry_id) not in str(shown)
    assert other.reference not in str(shown)
    await ear.hears(a_queued_task(other.enquiry_id, WATER))
    _, shown = await desk.reads(f"/{held.enquiry_id}", name="joseph", role=role)
    assert shown["perhaps_about"]["enquiry_id"] == str(other.enquiry_id)
