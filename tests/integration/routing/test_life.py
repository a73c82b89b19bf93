"""The life of an enquiry as routing hears it: contacts, hand-overs, endings and new beginnings, in any order."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.routing import timers
from services.routing.app import SERVICE
from shared.contracts.crm import EnquiryReopened, EnquiryResumed, WorkRequested
from shared.contracts.intake import ContactReceived
from shared.contracts.sla import (
    ClockCorrected,
    ClockExtended,
    ClockMet,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockSuperseded,
    Verdict,
)
from shared.errors import Unavailable
from shared.vocabulary import (
    AdviserId,
    Channel,
    ClockId,
    ContactId,
    Direction,
    EnquiryId,
    Outcome,
    Point,
    Presence,
    QueueId,
    Reference,
    TaskId,
    WorkId,
    new_id,
)
from shared.work import Workshop
from tests.builders import ADA, MORNING, Ear, a_resolution, a_workshop, an_enquiry_id, an_enquiry_received, said_by
from tests.integration.offering import TASKS, be, enqueue, heard_of, rows
from tests.integration.routing.people import People

HOUR = timedelta(hours=1)
SET_ASIDE = "SELECT state, why FROM set_aside"


def a_contact(enquiry_id: EnquiryId, **fields: Any) -> ContactReceived:
    given: dict[str, Any] = {
        "enquiry_id": enquiry_id,
        "contact_id": ContactId(new_id()),
        "reference": Reference("ANY-0000-0000-0000"),
        "channel": Channel.EMAIL,
        "point": Point.MAILBOX,
        "text": "Any news?",
        "started_at": MORNING,
        **fields,
    }
    return ContactReceived(**given)


def a_reopening(enquiry_id: EnquiryId, contact_id: ContactId | None = None) -> EnquiryReopened:
    return EnquiryReopened(enquiry_id=enquiry_id, contact_id=contact_id, adviser_id=None if contact_id else ADA)


def a_hand_over(enquiry_id: EnquiryId, queue: str, work_id: UUID | None = None) -> WorkRequested:
    return WorkRequested(
        enquiry_id=enquiry_id,
        work_id=WorkId(work_id or new_id()),
        queue_id=QueueId(queue),
        note="Look.",
        adviser_id=ADA,
    )


async def tasks_of(workshop: Workshop) -> list[tuple[str, str, str]]:
    return [(each["purpose"], each["queue_id"], each["state"]) for each in await rows(workshop, TASKS)]


async def worked_on(people: People, who: str) -> dict[str, Any]:
    """The one waiting task, picked and completed."""
    [task] = (await people.get("mia", "/tasks?state=waiting"))["tasks"]
    await people.do(who, "pick", task["task_id"])
    return await people.do(who, "complete", task["task_id"])


async def test_a_further_contact_waits_to_be_replied_to_where_the_enquiry_was_dealt_with(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    event = an_enquiry_received(title="A pothole")
    await ear.hears(event)
    await ear.hears(a_contact(event.enquiry_id))
    assert await tasks_of(workshop) == [("answer", "highways", "waiting")]
    await worked_on(people, "isambard")
    contact = a_contact(event.enquiry_id)
    for _ in range(2):
        await ear.hears(contact, at=MORNING + HOUR)
    assert await tasks_of(workshop) == [("answer", "highways", "completed"), ("reply", "highways", "waiting")]


@pytest.mark.parametrize(
    "fields",
    [{"direction": Direction.OUTBOUND}, {"outcome": Outcome.RESOLVED_AT_FIRST_CONTACT}],
    ids=["ours", "settled"],
)
async def test_a_contact_that_needs_no_reply_makes_no_task(
    ear: Ear, workshop: Workshop, people: People, fields: dict[str, Any]
) -> None:
    event = an_enquiry_received(title="A pothole")
    await ear.hears(event)
    await worked_on(people, "isambard")
    await ear.hears(a_contact(event.enquiry_id, **fields))
    assert len(await tasks_of(workshop)) == 1


async def test_a_citizen_who_writes_again_is_replied_to_though_a_part_is_handed_over(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    event = an_enquiry_received(title="A pothole")
    await ear.hears(event)
    await worked_on(people, "isambard")
    await ear.hears(a_hand_over(event.enquiry_id, "water-company"))
    await ear.hears(a_contact(event.enquiry_id))
    waiting = [(purpose, queue) for purpose, queue, state in await tasks_of(workshop) if state == "waiting"]
    assert sorted(waiting) == [("reply", "highways"), ("work", "water-company")]


@pytest.mark.parametrize("contact_first", [True, False])
async def test_a_contact_that_reopens_an_enquiry_makes_one_task_in_either_order(
    ear: Ear, workshop: Workshop, contact_first: bool
) -> None:
    event = an_enquiry_received(title="A pothole")
    contact = a_contact(event.enquiry_id)
    reopening = a_reopening(event.enquiry_id, contact.contact_id)
    await ear.hears(event)
    await ear.hears(a_resolution(event.enquiry_id))
    for heard in (contact, reopening) if contact_first else (reopening, contact):
        await ear.hears(heard, at=MORNING + HOUR)
    assert await tasks_of(workshop) == [("answer", "highways", "withdrawn"), ("answer", "highways", "waiting")]


@pytest.mark.parametrize("is_replied_to", [True, False])
async def test_a_contact_heard_before_the_resolution_that_it_reopens_leaves_a_task_all_the_same(
    ear: Ear, workshop: Workshop, people: People, is_replied_to: bool
) -> None:
    """Intake is heard first: the resolution from before withdraws what the contact has just asked for."""
    event = an_enquiry_received(title="A pothole")
    contact = a_contact(event.enquiry_id)
    reopening = a_reopening(event.enquiry_id, contact.contact_id)
    await ear.hears(event)
    await worked_on(people, "isambard")
    await ear.hears(contact, at=MORNING + HOUR)
    if is_replied_to:
        await worked_on(people, "isambard")
    for heard in (a_resolution(event.enquiry_id), reopening, contact):
        await ear.hears(heard, at=MORNING + HOUR)
    assert (await tasks_of(workshop))[1:] == [
        ("reply", "highways", "completed" if is_replied_to else "withdrawn"),
        ("answer", "highways", "waiting"),
    ]


async def test_the_contact_that_reopened_an_enquiry_asks_for_no_second_task_once_the_first_is_done(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    event = an_enquiry_received(title="A pothole")
    contact = a_contact(event.enquiry_id)
    for heard in (event, a_resolution(event.enquiry_id), a_reopening(event.enquiry_id, contact.contact_id)):
        await ear.hears(heard)
    await worked_on(people, "isambard")
    await ear.hears(contact)
    assert len(await tasks_of(workshop)) == 2


async def test_an_enquiry_reopened_by_an_adviser_waits_again(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received(outcome=Outcome.RESOLVED_AT_FIRST_CONTACT, service_code="564")
    await ear.hears(event)
    await ear.hears(a_reopening(event.enquiry_id))
    assert await tasks_of(workshop) == [("answer", "highways", "waiting")]
    await ear.hears(a_reopening(event.enquiry_id))
    assert len(await tasks_of(workshop)) == 1


async def test_what_is_heard_before_its_enquiry_waits_for_it(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    for heard in (a_resolution(enquiry_id), a_reopening(enquiry_id), a_hand_over(enquiry_id, "waste")):
        await ear.hears(heard)
    assert len(await rows(workshop, SET_ASIDE)) == 3
    await ear.hears(an_enquiry_received(enquiry_id, title="A pothole"))
    for _ in range(3):
        await ear.tends()
    assert await rows(workshop, SET_ASIDE) == []
    assert await tasks_of(workshop) == [
        ("answer", "highways", "withdrawn"),
        ("answer", "highways", "waiting"),
        ("work", "waste", "waiting"),
    ]


async def test_a_hand_over_is_a_further_task_that_knows_where_it_came_from(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    event = an_enquiry_received(service_code="57")
    await ear.hears(event)
    work_id = new_id()
    for _ in range(2):
        await ear.hears(a_hand_over(event.enquiry_id, "highways", work_id), at=MORNING + HOUR)
    assert await tasks_of(workshop) == [("answer", "council-tax", "waiting"), ("work", "highways", "waiting")]
    [_, queued] = await said_by(workshop)
    assert (queued.data["work_id"], queued.data["office"]) == (str(work_id), "back")
    handed_over = (await rows(workshop, TASKS))[1]
    await people.do("isambard", "pick", handed_over["task_id"])
    returned = await people.do("isambard", "return", handed_over["task_id"], note="It is not our road.")
    assert (returned["queue_id"], returned["state"], returned["came_from"]) == ("council-tax", "waiting", None)
    moved = (await said_by(workshop))[-1].data
    assert (moved["kind"], moved["from_queue_id"], moved["note"]) == ("returned", "highways", "It is not our road.")
    assert returned["enqueued_at"] == handed_over["enqueued_at"].isoformat().replace("+00:00", "Z")


async def test_further_contacts_and_reopenings_stay_where_the_enquiry_is_and_not_where_a_part_of_it_went(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    event = an_enquiry_received(service_code="57")
    await ear.hears(event)
    await worked_on(people, "ada")
    await ear.hears(a_hand_over(event.enquiry_id, "water-company"), at=MORNING + HOUR)
    await worked_on(people, "joseph")
    await ear.hears(a_contact(event.enquiry_id), at=MORNING + 2 * HOUR)
    await ear.hears(a_resolution(event.enquiry_id), at=MORNING + 3 * HOUR)
    await ear.hears(a_reopening(event.enquiry_id), at=MORNING + 4 * HOUR)
    assert [queue for _, queue, _ in await tasks_of(workshop)] == [
        "council-tax",
        "water-company",
        "council-tax",
        "council-tax",
    ]


async def test_a_second_hand_over_comes_from_where_the_enquiry_is(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received(service_code="57")
    await ear.hears(event)
    for nth, queue in enumerate(("highways", "waste")):
        await ear.hears(a_hand_over(event.enquiry_id, queue), at=MORNING + (1 + nth) * HOUR)
    assert [each["came_from"] for each in await rows(workshop, TASKS)] == [None, "council-tax", "council-tax"]


@pytest.mark.parametrize(("by_citizen", "purpose"), [(True, "reply"), (False, "answer")])
async def test_an_enquiry_that_goes_on_waits_for_somebody_unless_somebody_has_it_already(
    ear: Ear, workshop: Workshop, people: People, by_citizen: bool, purpose: str
) -> None:
    event = an_enquiry_received(title="A pothole")
    contact = a_contact(event.enquiry_id)
    resumed = EnquiryResumed(
        enquiry_id=event.enquiry_id,
        contact_id=contact.contact_id if by_citizen else None,
        adviser_id=None if by_citizen else ADA,
    )
    await ear.hears(event)
    await ear.hears(resumed)
    assert len(await tasks_of(workshop)) == 1
    await worked_on(people, "isambard")
    await ear.hears(resumed, at=MORNING + HOUR)
    if by_citizen:
        await ear.hears(contact, at=MORNING + HOUR)
    assert await tasks_of(workshop) == [("answer", "highways", "completed"), (purpose, "highways", "waiting")]
    await ear.hears(a_resolution(event.enquiry_id), at=MORNING + HOUR)
    await ear.hears(resumed, at=MORNING + HOUR)
    assert [state for *_, state in await tasks_of(workshop)] == ["completed", "withdrawn"]


async def test_what_is_heard_before_any_council_file_is_tried_again_later(database: str) -> None:
    async with a_workshop(database, SERVICE) as workshop:
        async with workshop.database.transaction() as db:
            for table in ("memberships", "keywords", "catalogue", "queues"):
                await db.execute(f"DELETE FROM {table}")
        with pytest.raises(Unavailable, match="No council file has been applied yet"):
            await enqueue(workshop)


async def test_work_asked_of_a_queue_that_never_was_is_parked_with_a_sentence(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received(service_code="57")
    await ear.hears(event)
    await ear.hears(a_hand_over(event.enquiry_id, "no-such-queue"))
    [parked] = await rows(workshop, SET_ASIDE)
    assert (parked["state"], "no-such-queue" in parked["why"]) == ("parked", True)


async def test_a_resolution_withdraws_every_open_task(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received(service_code="57")
    for heard in (event, a_hand_over(event.enquiry_id, "highways"), a_resolution(event.enquiry_id)):
        await ear.hears(heard)
    assert {state for *_, state in await tasks_of(workshop)} == {"withdrawn"}
    assert (await heard_of(workshop)).count("task.withdrawn") == 2


async def test_a_task_is_as_urgent_as_the_first_promise_that_runs_out(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received(title="A pothole")
    about: dict[str, Any] = {"clock_id": ClockId(new_id()), "enquiry_id": event.enquiry_id, "standard": "answer"}
    # Sla may be heard before intake.
    await ear.hears(ClockStarted(**about, started_at=MORNING, due_at=MORNING + 6 * HOUR))
    await ear.hears(event)
    [task] = await rows(workshop, TASKS)
    seen = [task["urgent_at"]]
    on_task: dict[str, Any] = {**about, "clock_id": ClockId(new_id()), "task_id": TaskId(task["task_id"])}
    for heard in (
        ClockStarted(**on_task, started_at=MORNING, due_at=MORNING + 2 * HOUR),
        ClockStarted(
            **{**on_task, "clock_id": ClockId(new_id()), "task_id": TaskId(new_id())},
            started_at=MORNING,
            due_at=MORNING,
        ),
        ClockMet(**on_task, due_at=MORNING + 2 * HOUR, stopped_at=MORNING),
        ClockPaused(**about, due_at=None, paused_at=MORNING),
        ClockResumed(**about, due_at=MORNING + 7 * HOUR, resumed_at=MORNING),
        ClockExtended(**about, due_at=MORNING + 9 * HOUR, adviser_id=ADA, because="Agreed."),
        ClockCorrected(**about, due_at=MORNING + 5 * HOUR, verdict=Verdict.BREACHED, because="Late."),
        ClockCorrected(**about, due_at=MORNING + 5 * HOUR, verdict=Verdict.MET, stopped_at=MORNING, because="Late."),
        ClockSuperseded(**about, due_at=None, because="Changed."),
    ):
        await ear.hears(heard)
        seen.append((await rows(workshop, TASKS))[0]["urgent_at"])
    assert [(each - MORNING) / HOUR for each in seen] == [6, 2, 2, 6, 24, 7, 9, 5, 24, 24]


async def test_promises_made_before_an_enquiry_was_resolved_do_not_hurry_it_once_it_is_reopened(
    ear: Ear, workshop: Workshop
) -> None:
    """A clock that ran out is not heard of again; one that the reopening started may be heard of before it."""
    event = an_enquiry_received(title="A pothole")
    about: dict[str, Any] = {"enquiry_id": event.enquiry_id, "standard": "answer"}
    old, new = ClockId(new_id()), ClockId(new_id())
    await ear.hears(event)
    await ear.hears(ClockStarted(**about, clock_id=old, started_at=MORNING, due_at=MORNING + HOUR))
    later = MORNING + 3 * HOUR
    await ear.hears(ClockStarted(**about, clock_id=new, started_at=later, due_at=later + HOUR), at=later)
    await ear.hears(a_resolution(event.enquiry_id), at=MORNING + 2 * HOUR)
    await ear.hears(a_reopening(event.enquiry_id), at=later)
    [_, task] = await rows(workshop, TASKS)
    assert (task["state"], task["urgent_at"]) == ("waiting", later + HOUR)


async def test_the_most_urgent_is_offered_before_the_oldest(ear: Ear, workshop: Workshop) -> None:
    [older, younger] = await enqueue(workshop, 2)
    started = ClockStarted(
        clock_id=ClockId(new_id()), enquiry_id=younger, standard="answer", started_at=MORNING, due_at=MORNING + HOUR
    )
    await ear.hears(started)
    await be(workshop, Presence.READY, AdviserId("mary"))
    await timers.choose(workshop)
    states = {each["enquiry_id"]: each["state"] for each in await rows(workshop, TASKS)}
    assert states == {older: "waiting", younger: "offered"}
