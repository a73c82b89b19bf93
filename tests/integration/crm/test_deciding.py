"""What people decide about an enquiry: once, on what they saw, in the timeline, and said."""

from datetime import timedelta
from typing import Any

import pytest

from shared.vocabulary import EnquiryId, Role, new_id
from shared.work import Workshop
from tests.builders import ADA, MORNING, Ear, an_enquiry_id, an_enquiry_received, said_by
from tests.integration.crm.desk import ANSWER, CITIZENS, ENQUIRIES, QUESTION, Desk, heard_of, last_said
from tests.integration.crm.events import a_further_contact, a_queued_task

Step = tuple[str, dict[str, Any], int, str]


@pytest.mark.usefixtures("in_anytown")
async def test_every_decision_moves_the_version_on_and_is_said(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    steps: list[Step] = [
        ("answers", {"kind": "acknowledgement", "text": "We have it."}, 201, "open"),
        ("classification", {"service_code": "564"}, 200, "open"),
        ("questions", {"text": "Which lamp is it?", "told_by": "telephone"}, 201, "awaiting_citizen"),
        ("resumption", {}, 200, "open"),
        ("work", {"queue": "highways", "note": "Please mend it."}, 201, "open"),
        ("answers", ANSWER, 201, "answered"),
        ("resolution", {"resolution": "done", "at_first_contact": True}, 200, "resolved"),
        ("reopening", {"why": "It is dark again."}, 200, "open"),
    ]
    for version, (path, body, expected, state) in enumerate(steps, start=1):
        status, shown = await desk.posts(f"/{enquiry_id}/{path}", body, version)
        assert (status, shown["state"], shown["version"]) == (expected, state, version + 1), (path, shown)
    spoken = await said_by(workshop)
    assert [each.name.removeprefix("enquiry.") for each in spoken] == [
        "contact.recorded", "answered", "classified", "awaiting_citizen", "resumed", "work.requested", "answered",
        "resolved", "reopened",
    ]  # fmt: skip
    assert {each.data["adviser_id"] for each in spoken[1:]} == {"ada"}
    assert (spoken[5].data["queue_id"], spoken[7].data["at_first_contact"]) == ("highways", True)
    _, record = await desk.reads(f"/{enquiry_id}")
    assert [(entry["kind"], entry["detail"], entry["version"]) for entry in record["timeline"]] == [
        ("received", None, 1),
        ("answered", "acknowledgement", 2),
        ("failed", "not sent: no address", None),
        ("classified", "564", 3),
        ("asked", None, 4),
        ("delivered", "telephone", None),
        ("resumed", None, 5),
        ("work_requested", "highways", 6),
        ("answered", "full", 7),
        ("failed", "not sent: no address", None),
        ("resolved", "done", 8),
        ("reopened", None, 9),
    ]
    assert (record["resolution"], record["service_code"], record["asked_at"]) == (None, "564", None)


async def test_a_full_answer_ends_waiting_for_the_citizen(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    await desk.posts(f"/{enquiry_id}/questions", QUESTION, 1)
    await desk.posts(f"/{enquiry_id}/answers", {"kind": "holding", "text": "Still waiting for you."}, 2)
    assert (await desk.reads(f"/{enquiry_id}"))[1]["state"] == "awaiting_citizen"
    await desk.posts(f"/{enquiry_id}/answers", ANSWER, 3)
    assert (await desk.reads(f"/{enquiry_id}"))[1]["state"] == "answered"
    assert (await heard_of(workshop))[-2:] == ["enquiry.resumed", "enquiry.answered"]


async def test_whoever_gave_an_address_is_written_to_there(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    event = an_enquiry_received(citizen_name="Jo", citizen_email="Jo@Example.org", language="cy")
    await ear.hears(event)
    await desk.posts(f"/{event.enquiry_id}/answers", ANSWER, 1)
    reply = await last_said(workshop, "reply.requested")
    assert (reply["kind"], reply["text"], reply["citizen_email"]) == ("full", ANSWER["text"], "Jo@Example.org")
    assert (reply["reference"], reply["channel"], reply["language"]) == (event.reference, "web", "cy")
    await ear.hears(a_further_contact(event.enquiry_id, citizen_email="jo@new.example", logged_by=ADA))
    await desk.posts(f"/{event.enquiry_id}/questions", {"text": "Which one?"}, 2)
    question = await last_said(workshop, "reply.requested")
    assert (question["kind"], question["citizen_email"]) == ("question", "jo@new.example")
    assert question["message_id"] != reply["message_id"]


async def test_whoever_only_knows_the_reference_is_never_written_to(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    event = an_enquiry_received(citizen_name="Jo", citizen_email="jo@example.org")
    await ear.hears(event, actor="public")
    await ear.hears(a_further_contact(event.enquiry_id, citizen_email="mallory@example.net"), actor="public")
    await desk.posts(f"/{event.enquiry_id}/answers", ANSWER, 2)
    assert (await last_said(workshop, "reply.requested"))["citizen_email"] == "jo@example.org"
    citizen_id = (await desk.reads(f"/{event.enquiry_id}"))[1]["citizen"]["citizen_id"]
    known = {"kind": "email", "value": "jo@work.example", "evidence": "claimed"}
    _, identifier = await desk.sends(f"{CITIZENS}/{citizen_id}/identifiers", known)
    await ear.hears(a_further_contact(event.enquiry_id, citizen_email="Jo@Work.example"), actor="public")
    await desk.posts(f"/{event.enquiry_id}/questions", {"text": "Which one?"}, 4)
    assert (await last_said(workshop, "reply.requested"))["citizen_email"] == "Jo@Work.example"
    await desk.sends(f"{CITIZENS}/{citizen_id}/identifiers/{identifier['identifier_id']}/ending", {})
    version = (await desk.reads(f"/{event.enquiry_id}"))[1]["version"]
    assert (await desk.posts(f"/{event.enquiry_id}/answers", ANSWER, version))[0] == 201
    assert (await last_said(workshop, "reply.requested"))["citizen_email"] == "jo@example.org"


async def test_a_question_reaches_the_citizen_or_is_refused(desk: Desk, enquiry_id: EnquiryId, ear: Ear) -> None:
    await ear.hears(a_further_contact(enquiry_id, citizen_email="mallory@example.net"), actor="public")
    status, problem = await desk.posts(f"/{enquiry_id}/questions", {"text": "Which lamp?"}, 2)
    assert (status, "told_by" in problem["detail"]) == (422, True), problem
    status, shown = await desk.posts(f"/{enquiry_id}/questions", QUESTION, 2)
    assert (status, shown["sent"], shown["state"]) == (201, False, "awaiting_citizen")


async def test_the_record_says_how_the_citizen_was_told_or_that_nothing_was_sent(ear: Ear, desk: Desk) -> None:
    anonymous, reachable = an_enquiry_received(), an_enquiry_received(citizen_email="jo@example.org")
    found = []
    for event, body in (
        (anonymous, ANSWER),
        (anonymous, ANSWER | {"told_by": "telephone"}),
        (reachable, ANSWER | {"told_by": "one_stop_shop"}),
        (reachable, ANSWER),
    ):
        await ear.hears(event)
        version = (await desk.reads(f"/{event.enquiry_id}"))[1]["version"]
        status, shown = await desk.posts(f"/{event.enquiry_id}/answers", body, version)
        last = (await desk.reads(f"/{event.enquiry_id}"))[1]["timeline"][-1]
        found.append((status, shown["sent"], last["kind"], last["detail"]))
    assert found == [
        (201, False, "failed", "not sent: no address"),
        (201, False, "delivered", "telephone"),
        (201, False, "delivered", "one_stop_shop"),
        (201, True, "answered", "full"),
    ]


async def test_a_note_needs_no_version_makes_none_and_is_said_to_nobody(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 1)
    status, shown = await desk.sends(f"{ENQUIRIES}/{enquiry_id}/notes", {"text": "He rang to say thanks."})
    assert (status, shown["version"]) == (201, 2)
    _, record = await desk.reads(f"/{enquiry_id}")
    noted = record["timeline"][-1]
    assert (noted["kind"], noted["text"], noted["version"]) == ("noted", "He rang to say thanks.", None)
    assert await heard_of(workshop) == ["contact.recorded", "enquiry.resolved"]


@pytest.mark.usefixtures("in_anytown")
@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("answers", {"kind": "full", "text": "Mended."}, "answered (full) by adviser/bob"),
        ("questions", QUESTION, "asked by adviser/bob"),
        ("resolution", {"resolution": "done"}, "resolved (done) by adviser/bob"),
        ("classification", {"service_code": "564"}, "classified (564) by adviser/bob"),
        ("work", {"queue": "highways", "note": "Please."}, "work requested (highways) by adviser/bob"),
        ("citizen", {"new": True}, "identified (adviser) by adviser/bob"),
        ("citizen", {"citizen_id": None}, "unidentified by adviser/bob"),
    ],
)
async def test_p13_whoever_saw_an_older_version_is_told_what_changed_and_by_whom(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop, path: str, body: dict[str, str], told: str
) -> None:
    status, shown = await desk.posts(f"/{enquiry_id}/{path}", body, 1, name="bob")
    assert status in (200, 201), shown
    said = await heard_of(workshop)
    for late in ("answers", "reopening", "resumption"):
        sent = ANSWER if late == "answers" else {"why": "Because."} if late == "reopening" else {}
        status, problem = await desk.posts(f"/{enquiry_id}/{late}", sent, 1)
        assert (status, told in problem["detail"]) == (409, True), problem
    assert await heard_of(workshop) == said


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("answers", ANSWER),
        ("questions", {"text": "Which?"}),
        ("work", {"queue": "general", "note": "Please."}),
    ],
)
async def test_what_is_resolved_is_reopened_first(
    desk: Desk, enquiry_id: EnquiryId, path: str, body: dict[str, str]
) -> None:
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "duplicate"}, 1)
    status, problem = await desk.posts(f"/{enquiry_id}/{path}", body, 2)
    assert (status, "reopen it first" in problem["detail"]) == (409, True)
    status, problem = await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 2)
    assert (status, "duplicate" in problem["detail"]) == (409, True)


async def test_nothing_is_resumed_that_does_not_wait_and_nothing_reopened_that_is_open(
    desk: Desk, enquiry_id: EnquiryId
) -> None:
    status, problem = await desk.posts(f"/{enquiry_id}/resumption", {}, 1)
    assert (status, "nothing to resume" in problem["detail"]) == (409, True)
    status, problem = await desk.posts(f"/{enquiry_id}/reopening", {"why": "Why not?"}, 1)
    assert (status, "nothing to reopen" in problem["detail"]) == (409, True)


@pytest.mark.usefixtures("in_anytown")
@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("classification", {"service_code": "546"}, "564 (Street lighting)"),
        ("classification", {"service_code": "street lights"}, "564 (Street lighting)"),
        ("classification", {"service_code": "zzzzzz"}, "council file"),
        ("work", {"queue": "highway", "note": "Please."}, "highways (Highways)"),
        ("work", {"queue": "waste", "note": "Please."}, "open on waste already"),
    ],
)
async def test_what_the_council_does_not_have_is_told_with_what_was_perhaps_meant(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, path: str, body: dict[str, str], told: str
) -> None:
    await ear.hears(a_queued_task(enquiry_id).model_copy(update={"queue_id": "waste"}))
    status, problem = await desk.posts(f"/{enquiry_id}/{path}", body, 1)
    assert (status, told in problem["detail"]) == (422, True), problem


async def test_linked_enquiries_show_each_other(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    other = an_enquiry_received(title="The same lamp")
    await ear.hears(other)
    body = {"other_enquiry_id": str(other.enquiry_id), "link": "duplicate_of"}
    assert (await desk.posts(f"/{enquiry_id}/links", body, 1))[0] == 201
    seen = [(await desk.reads(f"/{each}"))[1]["links"][0] for each in (enquiry_id, other.enquiry_id)]
    assert [(each["other_enquiry_id"], each["link"], each["from_other"]) for each in seen] == [
        (str(other.enquiry_id), "duplicate_of", False),
        (str(enquiry_id), "duplicate_of", True),
    ]
    assert (await last_said(workshop, "enquiry.linked"))["link"] == "duplicate_of"
    assert (await desk.posts(f"/{enquiry_id}/links", body, 2))[0] == 409
    for unknown, status in ((an_enquiry_id(), 404), (enquiry_id, 422)):
        assert (await desk.posts(f"/{enquiry_id}/links", body | {"other_enquiry_id": str(unknown)}, 2))[0] == status


async def test_a_repeated_answer_gets_the_first_receipt_and_is_said_once(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    key = str(new_id())
    first = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1, key=key)
    again = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1, key=key)
    receipt = {"enquiry_id": str(enquiry_id), "state": "answered", "version": 2, "sent": False, "message_id": None}
    assert first == again == (201, receipt)
    assert (await heard_of(workshop)).count("enquiry.answered") == 1


async def test_an_answer_names_the_message_so_that_intake_can_be_asked_about_it(
    ear: Ear, desk: Desk, workshop: Workshop
) -> None:
    event = an_enquiry_received(citizen_email="jo@example.org")
    await ear.hears(event)
    _, answered = await desk.posts(f"/{event.enquiry_id}/answers", ANSWER, 1)
    assert answered["message_id"] == (await last_said(workshop, "reply.requested"))["message_id"]


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
        ("answers", {"kind": "full", "text": "Hello.", "told_by": "other"}),
        ("resolution", {"resolution": "other"}),
        ("resolution", {}),
        ("links", {"other_enquiry_id": str(new_id()), "link": "same_contact"}),
        ("citizen", {}),
        ("citizen", {"new": True, "citizen_id": None}),
        ("reopening", {"why": ""}),
    ],
)
async def test_nonsense_is_told_and_nothing_is_done(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop, path: str, body: dict[str, str]
) -> None:
    status, _ = await desk.posts(f"/{enquiry_id}/{path}", body, 1)
    assert status == 422
    assert await heard_of(workshop) == ["contact.recorded"]


async def test_a_longest_answer_of_the_widest_letters_fits_into_an_event(ear: Ear, desk: Desk) -> None:
    event = an_enquiry_received(citizen_email="jo@example.org")
    await ear.hears(event)
    status, _ = await desk.posts(f"/{event.enquiry_id}/answers", {"kind": "full", "text": "🐟" * 20_000}, 1)
    assert status == 201


async def test_an_unknown_enquiry_is_not_found(desk: Desk) -> None:
    unknown = an_enquiry_id()
    assert (await desk.reads(f"/{unknown}"))[0] == 404
    assert (await desk.posts(f"/{unknown}/answers", ANSWER, 1))[0] == 404
    assert (await desk.posts(f"/{unknown}/resolution", {"resolution": "done"}, 1))[0] == 404
    assert (await desk.sends(f"{ENQUIRIES}/{unknown}/notes", {"text": "Hello."}))[0] == 404


async def test_a_manager_may_read_but_not_answer(desk: Desk, enquiry_id: EnquiryId) -> None:
    read, _ = await desk.reads(f"/{enquiry_id}", name="mia", role=Role.MANAGER)
    answered, _ = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1, name="mia", role=Role.MANAGER)
    assert (read, answered) == (200, 403)


async def test_a_message_that_was_under_way_while_an_enquiry_was_resolved_reopens_it(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    """Nobody had read it when they resolved."""
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 1)
    await ear.hears(a_further_contact(enquiry_id, at=MORNING + timedelta(minutes=1)))
    assert (await desk.reads(f"/{enquiry_id}"))[1]["state"] == "open"
