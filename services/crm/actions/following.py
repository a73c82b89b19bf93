"""Following the work on an enquiry: which queues it is on, who has it, when it is handed from office to office."""

from __future__ import annotations

from services.crm.actions.knowing import entry_now
from services.crm.domain.tasks import Task, TaskState
from services.crm.domain.timeline import EntryKind
from services.crm.store import enquiries, tasks, timeline
from shared.contracts.routing import TaskAssigned, TaskCompleted, TaskQueued, TaskTransferred, TaskWithdrawn
from shared.errors import Early
from shared.vocabulary import TransferKind, enquiry_subject
from shared.work import Work


async def queued(work: Work, heard: TaskQueued) -> None:
    await keep(
        work,
        Task(
            task_id=heard.task_id,
            enquiry_id=heard.enquiry_id,
            queue_id=heard.queue_id,
            state=TaskState.WAITING,
            office=heard.office,
            kind=heard.kind,
            work_id=heard.work_id,
            enqueued_at=heard.enqueued_at,
        ),
    )


async def assigned(work: Work, heard: TaskAssigned) -> None:
    """
    Shows who works on the enquiry.

    It makes no new version: the adviser who has just accepted would find their own answer refused for it.
    """
    await keep(
        work,
        Task(
            task_id=heard.task_id,
            enquiry_id=heard.enquiry_id,
            queue_id=heard.queue_id,
            state=TaskState.ASSIGNED,
            adviser_id=heard.adviser_id,
        ),
    )
    await enquiries.assign(work.db, heard.enquiry_id, heard.adviser_id)
    await timeline.keep(work.db, heard.enquiry_id, entry_now(work, EntryKind.ASSIGNED, detail=heard.adviser_id))


async def transferred(work: Work, heard: TaskTransferred) -> None:
    await keep(
        work,
        Task(
            task_id=heard.task_id,
            enquiry_id=heard.enquiry_id,
            queue_id=heard.queue_id,
            state=TaskState.WAITING,
            office=heard.office,
            enqueued_at=heard.enqueued_at,
        ),
    )
    kind = EntryKind.RETURNED if heard.kind is TransferKind.RETURNED else EntryKind.TRANSFERRED
    entry = entry_now(work, kind, detail=f"{heard.from_queue_id} to {heard.queue_id}", text=heard.note)
    await timeline.keep(work.db, heard.enquiry_id, entry)


async def completed(work: Work, heard: TaskCompleted) -> None:
    """Of a hand-over, whoever asked for it wants to know."""
    task = await keep(work, ended(heard, TaskState.COMPLETED))
    if task.work_id is not None:
        entry = entry_now(work, EntryKind.COMPLETED, detail=heard.queue_id)
        await timeline.keep(work.db, heard.enquiry_id, entry)


async def withdrawn(work: Work, heard: TaskWithdrawn) -> None:
    await keep(work, ended(heard, TaskState.WITHDRAWN))


def ended(heard: TaskCompleted | TaskWithdrawn, state: TaskState) -> Task:
    adviser_id = heard.adviser_id if isinstance(heard, TaskCompleted) else None
    return Task(
        task_id=heard.task_id,
        enquiry_id=heard.enquiry_id,
        queue_id=heard.queue_id,
        state=state,
        adviser_id=adviser_id,
    )


async def keep(work: Work, task: Task) -> Task:
    """`Early` when the enquiry is not known yet: routing may be heard before intake."""
    kept = await tasks.keep(work.db, task)
    if kept is None:
        raise Early(enquiry_subject(task.enquiry_id))
    return kept
