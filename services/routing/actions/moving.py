"""A task moves and keeps its place: by a person, by a classification, or because its queue or adviser is no more."""

from __future__ import annotations

from services.routing.actions.choosing import CHOOSE
from services.routing.actions.offering import let_go
from services.routing.actions.queueing import known_enquiry, open_queue, place_of_service
from services.routing.domain import triage
from services.routing.domain.tasks import Task, TaskState
from services.routing.settings import settings
from services.routing.store import advisers, enquiries, importing, tasks
from services.routing.store.tasks import Place
from shared.contracts.routing import TaskTransferred
from shared.db import Connection
from shared.vocabulary import AdviserId, EnquiryId, TaskId, TransferKind
from shared.work import Work

MOST_STRANDED = 50


async def move(
    work: Work, task: Task, to: Place, kind: TransferKind, *, by: AdviserId | None = None, note: str | None = None
) -> Task:
    """It waits there for its acceptance. Whoever gives away what they had is spared it for a while."""
    await let_go(work, task)
    if task.assigned_to is not None:
        await tasks.spare(work.db, task.task_id, task.assigned_to, work.now + settings().pause)
    moved = await tasks.place(work.db, task.task_id, to, work.now)
    work.say(
        TaskTransferred(
            task_id=task.task_id,
            enquiry_id=task.enquiry_id,
            queue_id=moved.queue_id,
            from_queue_id=task.queue_id,
            kind=kind,
            office=to.queue.office,
            note=note,
            by_adviser_id=by,
            to_adviser_id=to.wanted_adviser,
            enqueued_at=task.enqueued_at,
        )
    )
    work.wake(CHOOSE)
    return moved


async def classify(work: Work, enquiry_id: EnquiryId, service_code: str, by: AdviserId) -> None:
    """What no person has placed, and nobody works on yet, goes where the service belongs: also what is still held."""
    await known_enquiry(work, enquiry_id)
    known = await tasks.tasks_of_enquiry(work.db, enquiry_id)
    await enquiries.classify(work.db, enquiry_id, service_code)
    placing = await place_of_service(work.db, service_code)
    if placing is None:
        return
    await importing.place_held(work.db, enquiry_id, placing)
    for task in known:
        is_free = task.triaged and task.state in (TaskState.WAITING, TaskState.OFFERED)
        if is_free and task.queue_id != placing.queue.queue_id:
            to = Place(queue=placing.queue, reason=placing.reason, triaged=True, came_from=task.queue_id)
            await move(work, task, to, TransferKind.RECLASSIFIED, by=by)


async def stranded(db: Connection) -> list[tuple[TaskId, EnquiryId]]:
    """What waits on a queue that the council has given up, or is with somebody who has left."""
    return await tasks.stranded(db, MOST_STRANDED)


async def rescue(work: Work, task_id: TaskId) -> None:
    """It waits where somebody may take it, unless it has gone there meanwhile."""
    task = await tasks.lock_task(work.db, task_id)
    if task is not None and task.state is TaskState.WAITING:
        await leave_closed_queue(work, task)
    elif task is not None and task.state is TaskState.ASSIGNED:
        await leave_unlisted_adviser(work, task)


async def leave_closed_queue(work: Work, task: Task) -> None:
    queue = await tasks.queue(work.db, task.queue_id)
    if queue is not None and queue.closed:
        general = triage.instead_of(queue, await tasks.general_queue(work.db))
        to = Place(queue=general.queue, reason=general.reason, triaged=task.triaged)
        await move(work, task, to, TransferKind.TRANSFERRED)


async def leave_unlisted_adviser(work: Work, task: Task) -> None:
    """Whoever has left the council file may do nothing with it any more."""
    if task.assigned_to is None or await advisers.adviser(work.db, task.assigned_to) is not None:
        return
    reason = f"{task.assigned_to} had it and is no longer in the council file."
    queue = await open_queue(work.db, task.queue_id)
    to = Place(queue=queue, reason=reason, triaged=task.triaged, came_from=task.came_from)
    await move(work, task, to, TransferKind.RETURNED, note=reason)
