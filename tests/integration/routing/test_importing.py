"""History: what is resolved makes no task, ever; what is open is held until its import is released."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.routing import timers
from services.routing.actions import importing
from shared.contracts.crm import EnquiryClassified, EnquiryReopened
from shared.contracts.intake import ContactReceived
from shared.contracts.sla import ClockStarted
from shared.vocabulary import ClockId, ContactId, Presence, QueueId, new_id
from shared.work import Workshop
from tests.builders import ADA, MORNING, Ear, a_resolution, an_enquiry_id, an_enquiry_received, said_by
from tests.integration.offering import BROKEN, TASKS, be, council_of, heard_of, rows, states
from tests.integration.routing.history import (
    HIGHWAYS,
    LAST_YEAR,
    RELEASE,
    a_release,
    an_enquiry_imported,
    an_import,
    some_held,
)
from tests.integration.routing.people import People
from tests.parts.councils import anytown

HELD = "SELECT * FROM held ORDER BY received_at"
EXAMPLES = "SELECT * FROM examples ORDER BY received_at"
SET_ASIDE = "SELECT state, why FROM set_aside"


class Unplugged(Exception):
    """Somebody pulled the plug."""


def a_further_contact(enquiry_id: Any) -> ContactReceived:
    received = an_enquiry_received(enquiry_id)
    return ContactReceived(
        **{**received.model_dump(include=set(ContactReceived.model_fields)), "contact_id": ContactId(new_id())},
        started_at=MORNING,
    )


async def test_resolved_history_makes_no_task_ever_but_an_example(ear: Ear, workshop: Workshop) -> None:
    import_id = an_import()
    event = an_enquiry_imported(
        import_id, resolved_at=LAST_YEAR + timedelta(days=2), service_code="557", area="Hill", place="12 Mill Lane"
    )
    await ear.hears(event)
    await ear.hears(a_release(import_id))
    await timers.release(workshop)
    assert (await rows(workshop, TASKS), await rows(workshop, HELD), await heard_of(workshop)) == ([], [], [])
    [example] = await rows(workshop, EXAMPLES)
    assert (example["queue_id"], example["resolved_at"]) == ("highways", event.resolved_at)
    assert (example["service_code"], example["area"], example["channel"]) == ("557", "Hill", "telephone")
    assert (example["words"], example["place_words"]) == (["hole"], ["lane", "mill"])


async def test_the_text_of_history_is_never_learned_from(ear: Ear, workshop: Workshop) -> None:
    """It may hold what was known only afterwards."""
    await ear.hears(an_enquiry_imported(resolved_at=LAST_YEAR, title="Hole", text="Contractor informed"))
    [example] = await rows(workshop, EXAMPLES)
    assert example["words"] == ["hole"]


async def test_open_history_is_held_until_its_import_is_released(ear: Ear, workshop: Workshop, people: People) -> None:
    import_id = an_import()
    [event] = await some_held(ear, 1, import_id)
    await be(workshop, Presence.READY, ADA)
    await timers.release(workshop)
    await timers.choose(workshop)
    assert (await rows(workshop, TASKS), (await people.get("mia", "/tasks"))["tasks"]) == ([], [])
    assert await heard_of(workshop) == ["presence.changed"]
    said_id = await ear.hears(a_release(import_id), at=RELEASE)
    await timers.release(workshop)
    [task] = await rows(workshop, TASKS)
    assert (task["state"], task["queue_id"], task["request_id"]) == ("waiting", "highways", event.contact_id)
    assert task["reason"] == "It was on this queue in the old ledger, the system that it comes from."
    assert (task["enqueued_at"], await rows(workshop, HELD)) == (LAST_YEAR, [])
    spoken = (await said_by(workshop))[-1]
    assert (spoken.name, spoken.occurred_at, spoken.causation_id) == ("task.queued", RELEASE, said_id)
    assert spoken.data["enqueued_at"] == LAST_YEAR.isoformat().replace("+00:00", "Z")
    [shown] = (await people.get("mia", "/tasks"))["tasks"]
    assert shown["task_id"] == str(task["task_id"])


async def test_history_that_comes_after_its_release_is_queued_at_once(ear: Ear, workshop: Workshop) -> None:
    """They are about different subjects, so they may come in either order. Its task waits from then on."""
    woken: list[str] = []
    workshop.on_wake = woken.append
    import_id = an_import()
    await ear.hears(a_release(import_id))
    await timers.release(workshop)
    woken.clear()
    before = datetime.now(UTC)
    await some_held(ear, 1, import_id)
    assert importing.RELEASE in woken
    await timers.release(workshop)
    assert await states(workshop) == (["waiting"], [])
    [task], spoken = await rows(workshop, TASKS), (await said_by(workshop))[-1]
    assert (spoken.name, task["enqueued_at"]) == ("task.queued", LAST_YEAR)
    assert RELEASE < before <= spoken.occurred_at == task["changed_at"]


async def test_history_that_comes_before_the_moment_of_its_release_waits_from_the_release_on(
    ear: Ear, workshop: Workshop
) -> None:
    import_id, later = an_import(), datetime.now(UTC) + timedelta(hours=1)
    await ear.hears(a_release(import_id, later))
    await some_held(ear, 1, import_id)
    await timers.release(workshop)
    assert (await said_by(workshop))[-1].occurred_at == later


async def test_history_and_its_release_heard_twice_make_one_task(ear: Ear, workshop: Workshop) -> None:
    import_id = an_import()
    [event] = await some_held(ear, 1, import_id)
    for _ in range(2):
        await ear.hears(event)
        await ear.hears(a_release(import_id))
        await timers.release(workshop)
    assert await states(workshop) == (["waiting"], [])
    assert (await rows(workshop, HELD), await heard_of(workshop)) == ([], ["task.queued"])


async def test_the_release_of_one_import_leaves_others_held(ear: Ear, workshop: Workshop) -> None:
    released, other = an_import(), an_import()
    [mine] = await some_held(ear, 1, released)
    [theirs] = await some_held(ear, 1, other)
    await ear.hears(a_release(released))
    await timers.release(workshop)
    [task], [held] = await rows(workshop, TASKS), await rows(workshop, HELD)
    assert (task["enquiry_id"], held["enquiry_id"]) == (mine.enquiry_id, theirs.enquiry_id)


async def test_whoever_is_killed_between_or_within_batches_queues_nothing_twice_and_forgets_nothing(
    ear: Ear, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = an_import()
    events = await some_held(ear, 2 * importing.MOST_AT_ONCE + 7, import_id)
    await ear.hears(a_release(import_id))
    whole, batches = importing.queue_held, []

    async def unplugged_in_the_second(work: Any, some: Any) -> None:
        batches.append(len(some.enquiries))
        await whole(work, some)
        if len(batches) > 1:
            raise Unplugged

    with monkeypatch.context() as patch:
        patch.setattr(importing, "queue_held", unplugged_in_the_second)
        with pytest.raises(Unplugged):
            await timers.release(workshop)
    assert batches == [importing.MOST_AT_ONCE, importing.MOST_AT_ONCE]
    found = await rows(workshop, TASKS)
    assert [task["enquiry_id"] for task in found] == [each.enquiry_id for each in events[: importing.MOST_AT_ONCE]]
    assert len(await heard_of(workshop)) == importing.MOST_AT_ONCE
    await timers.release(workshop)
    assert [task["enquiry_id"] for task in await rows(workshop, TASKS)] == [each.enquiry_id for each in events]
    assert (await heard_of(workshop), await rows(workshop, HELD)) == (["task.queued"] * len(events), [])


async def test_two_replicas_that_release_at_once_queue_everything_once(ear: Ear, workshop: Workshop) -> None:
    import_id = an_import()
    events = await some_held(ear, importing.MOST_AT_ONCE + 5, import_id)
    await ear.hears(a_release(import_id))
    await asyncio.gather(*(timers.release(workshop) for _ in range(3)))
    assert await heard_of(workshop) == ["task.queued"] * len(events)
    assert (await rows(workshop, HELD), await rows(workshop, BROKEN)) == ([], [])


@pytest.mark.parametrize(
    ("fields", "queue", "reason"),
    [
        ({"queue_id": None, "service_code": "564"}, "highways", "Service code 564"),
        ({"queue_id": "no-such", "service_code": "564"}, "highways", "Service code 564"),
        ({"queue_id": None, "title": "My bin was not emptied"}, "waste", "It says"),
        ({"queue_id": None, "title": "Hello", "text": "-"}, "general", "No service code"),
    ],
)
async def test_without_a_queue_of_ours_triage_places_it_as_ever(
    ear: Ear, workshop: Workshop, fields: dict[str, Any], queue: str, reason: str
) -> None:
    event = an_enquiry_imported(**fields)
    await ear.hears(event)
    await ear.hears(a_release(event.import_id))
    await timers.release(workshop)
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], task["reason"].startswith(reason), task["triaged"]) == (queue, True, True)


async def test_a_queue_that_is_given_up_meanwhile_leaves_its_held_tasks_to_the_general_one(
    ear: Ear, workshop: Workshop
) -> None:
    import_id = an_import()
    await some_held(ear, 1, import_id)
    await council_of(workshop, anytown().replace('"highways"', '"roads"'))
    await ear.hears(a_release(import_id))
    await timers.release(workshop)
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], "no longer a queue" in task["reason"]) == ("general", True)


async def test_a_held_enquiry_that_is_resolved_needs_no_task_any_more(ear: Ear, workshop: Workshop) -> None:
    import_id = an_import()
    [event] = await some_held(ear, 1, import_id)
    await ear.hears(a_resolution(event.enquiry_id))
    assert await rows(workshop, HELD) == []
    await ear.hears(a_release(import_id))
    await timers.release(workshop)
    assert (await rows(workshop, TASKS), await heard_of(workshop), await rows(workshop, SET_ASIDE)) == ([], [], [])


async def test_a_held_enquiry_that_is_resolved_teaches_the_queue_that_an_older_system_had_it_on(
    ear: Ear, workshop: Workshop
) -> None:
    [event] = await some_held(ear, 1, an_import())
    await ear.hears(a_resolution(event.enquiry_id), at=RELEASE)
    [example] = await rows(workshop, EXAMPLES)
    assert (example["queue_id"], example["resolved_at"]) == ("highways", RELEASE)


@pytest.mark.parametrize(
    ("fields", "queue", "reason"),
    [
        ({"queue_id": None, "title": "Hello", "text": "-"}, "waste", "Service code 524"),
        ({"queue_id": HIGHWAYS}, "highways", "It was on this queue"),
    ],
)
async def test_a_held_enquiry_that_is_classified_goes_where_the_service_belongs_unless_people_had_it_elsewhere(
    ear: Ear, workshop: Workshop, fields: dict[str, Any], queue: str, reason: str
) -> None:
    event = an_enquiry_imported(**fields)
    await ear.hears(event)
    await ear.hears(EnquiryClassified(enquiry_id=event.enquiry_id, service_code="524", adviser_id=ADA))
    await ear.hears(a_release(event.import_id))
    await timers.release(workshop)
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], task["reason"].startswith(reason)) == (queue, True)


async def test_a_held_task_is_as_urgent_as_the_first_promise_on_it(ear: Ear, workshop: Workshop) -> None:
    import_id, due_at = an_import(), MORNING + timedelta(hours=3)
    [_, urgent] = await some_held(ear, 2, import_id)
    clock = ClockStarted(
        clock_id=ClockId(new_id()),
        enquiry_id=urgent.enquiry_id,
        standard="agreed-date",
        started_at=LAST_YEAR,
        due_at=LAST_YEAR,
    )
    await ear.hears(clock)
    await ear.hears(clock.model_copy(update={"clock_id": ClockId(new_id()), "due_at": due_at}))
    await ear.hears(a_release(import_id))
    await timers.release(workshop)
    [first, second] = await rows(workshop, TASKS)
    assert second["urgent_at"] == LAST_YEAR < first["urgent_at"]


async def test_a_citizen_who_comes_back_before_the_release_has_one_task_where_the_older_system_had_it(
    ear: Ear, workshop: Workshop
) -> None:
    import_id = an_import()
    [event] = await some_held(ear, 1, import_id)
    await ear.hears(a_further_contact(event.enquiry_id))
    await ear.hears(a_release(import_id))
    await timers.release(workshop)
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], task["purpose"], await rows(workshop, HELD)) == ("highways", "reply", [])


async def test_history_that_is_reopened_waits_where_it_was_dealt_with(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_imported(resolved_at=LAST_YEAR, service_code="57")
    await ear.hears(event)
    await ear.hears(EnquiryReopened(enquiry_id=event.enquiry_id, adviser_id=ADA))
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], task["reason"]) == ("highways", "The enquiry was last dealt with on this queue.")


async def test_an_enquiry_of_our_own_teaches_once_it_is_resolved_by_the_queue_that_dealt_with_it_last(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    event = an_enquiry_received(title="My bin was not emptied", place="4 Mill Lane", service_code=None)
    await ear.hears(event)
    [before] = await rows(workshop, EXAMPLES)
    assert (before["words"], before["queue_id"]) == (["bin", "emptied", "not", "was"], None)
    [task] = await rows(workshop, TASKS)
    await people.do("mia", "transfer", task["task_id"], to_queue=HIGHWAYS, note="It is in the road.")
    await ear.hears(a_resolution(event.enquiry_id), at=RELEASE)
    [after] = await rows(workshop, EXAMPLES)
    assert (after["queue_id"], after["resolved_at"]) == ("highways", RELEASE)
    await ear.hears(EnquiryReopened(enquiry_id=event.enquiry_id, adviser_id=ADA))
    [again] = await rows(workshop, EXAMPLES)
    assert again["resolved_at"] is None


async def test_a_queue_id_is_an_older_systems_only_where_the_council_has_it(ear: Ear, workshop: Workshop) -> None:
    """An example may name a queue that is no more; a task may not."""
    event = an_enquiry_imported(queue_id=QueueId("long-gone"), resolved_at=LAST_YEAR)
    await ear.hears(event)
    [example] = await rows(workshop, EXAMPLES)
    await ear.hears(EnquiryReopened(enquiry_id=event.enquiry_id, adviser_id=ADA))
    [task] = await rows(workshop, TASKS)
    assert (example["queue_id"], task["queue_id"]) == ("long-gone", "general")


async def test_what_is_not_known_cannot_be_resolved_yet(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(a_resolution(enquiry_id))
    event = an_enquiry_imported(enquiry_id=enquiry_id)
    await ear.hears(event)
    await ear.tends()
    await ear.hears(a_release(event.import_id))
    await timers.release(workshop)
    assert (await rows(workshop, TASKS), await rows(workshop, SET_ASIDE)) == ([], [])
