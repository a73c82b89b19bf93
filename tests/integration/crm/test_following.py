"""The record shows on which queue the work is and who has it; hand-overs stand in the timeline."""

from datetime import timedelta
from typing import Any

from shared.contracts.routing import TaskCompleted, TaskWithdrawn
from shared.vocabulary import EnquiryId, QueueId, TransferKind, WorkId, new_id
from tests.builders import ADA, MORNING, Ear, an_assignment
from tests.integration.crm.desk import Desk
from tests.integration.crm.events import a_queued_task, a_transfer

MINUTE = timedelta(minutes=1)
WATER = QueueId("water-company")


async def test_the_record_shows_each_task_as_routing_last_told_of_it(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    first, second = a_queued_task(enquiry_id), a_queued_task(enquiry_id, WATER)
    about: dict[str, Any] = {"task_id": first.task_id, "enquiry_id": enquiry_id, "queue_id": first.queue_id}
    await ear.hears(first)
    await ear.hears(second)
    await ear.hears(an_assignment(enquiry_id).model_copy(update=about))
    await ear.hears(TaskCompleted(**about, adviser_id=ADA))
    await ear.hears(TaskWithdrawn(task_id=second.task_id, enquiry_id=enquiry_id, queue_id=WATER))
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert [(task["queue_id"], task["state"], task["adviser_id"], task["kind"]) for task in shown["tasks"]] == [
        ("highways", "completed", "ada", "deferrable"),
        ("water-company", "withdrawn", None, "deferrable"),
    ]
    assert (shown["version"], shown["assigned_to"]) == (1, "ada")
    assert [entry["kind"] for entry in shown["timeline"]] == ["received", "assigned"]


async def test_transfers_returns_and_finished_hand_overs_stand_in_the_timeline(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    queued = a_queued_task(enquiry_id, work_id=WorkId(new_id()))
    await ear.hears(queued)
    await ear.hears(a_transfer(queued, WATER), at=MORNING + MINUTE)
    back = a_transfer(queued, QueueId("general"), TransferKind.RETURNED).model_copy(update={"from_queue_id": WATER})
    await ear.hears(back, at=MORNING + 2 * MINUTE)
    done = TaskCompleted(task_id=queued.task_id, enquiry_id=enquiry_id, queue_id=back.queue_id, adviser_id=ADA)
    await ear.hears(done, at=MORNING + 3 * MINUTE)
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert [(entry["kind"], entry["detail"], entry["text"]) for entry in shown["timeline"][1:]] == [
        ("transferred", "highways to water-company", "It is not ours."),
        ("returned", "water-company to general", "It is not ours."),
        ("completed", "general", None),
    ]


async def test_an_assignment_after_the_resolution_leaves_it_resolved(
    ear: Ear, desk: Desk, enquiry_id: EnquiryId
) -> None:
    await desk.posts(f"/{enquiry_id}/resolution", {"resolution": "done"}, 1)
    await ear.hears(an_assignment(enquiry_id), at=MORNING + MINUTE)
    _, shown = await desk.reads(f"/{enquiry_id}")
    assert (shown["state"], shown["assigned_to"], shown["version"]) == ("resolved", "ada", 2)
    assert [entry["kind"] for entry in shown["timeline"]] == ["received", "assigned", "resolved"]
