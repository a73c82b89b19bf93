"""What an adviser does with tasks beside answering offers: picks, completes, returns and transfers them."""

from __future__ import annotations

from dataclasses import dataclass

from services.routing.actions.choosing import CHOOSE
from services.routing.actions.moving import move
from services.routing.actions.offering import assign
from services.routing.actions.presence import known_adviser
from services.routing.actions.queueing import known_enquiry, open_queue, place_of_service
from services.routing.domain import tasks as rules
from services.routing.domain.choosing import Pair
from services.routing.domain.tasks import Task, TaskState
from services.routing.settings import settings
from services.routing.store import advisers, slots, tasks
from services.routing.store.tasks import Place
from shared.contracts.routing import TaskCompleted
from shared.errors import Conflict, Invalid, NotFound
from shared.vocabulary import AdviserId, QueueId, TaskId, TransferKind
from shared.work import Work


async def known_task(work: Work, task_id: TaskId) -> Task:
    task = await tasks.lock_task(work.db, task_id)
    if task is None:
        raise NotFound(rules.NO_SUCH_TASK)
    return task


async def pick(work: Work, task_id: TaskId, adviser_id: AdviserId) -> Task:
    """The waiting task is the adviser's, whatever its place. `Conflict` when somebody has it, or they have no room."""
    adviser = await known_adviser(work.db, adviser_id)
    task = await known_task(work, task_id)
    rules.check_pickable(task, adviser, work.now)
    await advisers.picks(work.db, adviser_id, work.now)
    if not await slots.fill_slots(work.db, [Pair(task, adviser_id)]):
        raise Conflict("You have no room for this task: complete, return or transfer one of yours first.")
    return await assign(work, task_id, adviser_id)


async def complete(work: Work, task_id: TaskId, adviser_id: AdviserId) -> Task:
    """The adviser's work on the task is done and they are free for the next one. It resolves nothing."""
    rules.check_held_by(await known_task(work, task_id), adviser_id)
    await slots.free_slots(work.db, task_id, work.now)
    task = await tasks.set_state(work.db, task_id, TaskState.COMPLETED, adviser_id, work.now)
    work.say(TaskCompleted(task_id=task_id, enquiry_id=task.enquiry_id, queue_id=task.queue_id, adviser_id=adviser_id))
    work.wake(CHOOSE)
    return task


async def return_task(work: Work, task_id: TaskId, adviser_id: AdviserId, note: str) -> Task:
    """It waits where it belongs by now, else where it came from; a task that never moved, on its own queue."""
    task = await known_task(work, task_id)
    rules.check_held_by(task, adviser_id)
    to = await classified_place(work, task) or await former_place(work, task, adviser_id)
    return await move(work, task, to, TransferKind.RETURNED, by=adviser_id, note=note)


async def classified_place(work: Work, task: Task) -> Place | None:
    """Where the enquiry's service belongs, if no person has placed the task and it is elsewhere."""
    enquiry = await known_enquiry(work, task.enquiry_id)
    placing = await place_of_service(work.db, enquiry.service_code) if task.triaged else None
    if placing is None or placing.queue.queue_id == task.queue_id:
        return None
    return Place(queue=placing.queue, reason=placing.reason, triaged=True, came_from=task.queue_id)


async def former_place(work: Work, task: Task, adviser_id: AdviserId) -> Place:
    queue = await open_queue(work.db, task.came_from or task.queue_id)
    if task.came_from is None:
        return Place(queue=queue, reason=task.reason, triaged=task.triaged)
    return Place(queue=queue, reason=f"Returned by {adviser_id}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """To whom: a queue or an adviser; by whom, and what they need to know. Whoever oversees may move any open task."""

    by: AdviserId
    note: str
    to_queue: QueueId | None = None
    to_adviser: AdviserId | None = None
    oversees: bool = False


async def transfer(work: Work, task_id: TaskId, asked: Transfer) -> Task:
    """It waits there in its old place; for an adviser it is kept a while, then anybody on the queue may have it."""
    task = await known_task(work, task_id)
    rules.check_open(task)
    if not asked.oversees or task.assigned_to == asked.by:
        rules.check_held_by(task, asked.by)
    to = await place_for_adviser(work, task, asked) if asked.to_adviser else await place_on_queue(work, task, asked)
    return await move(work, task, to, TransferKind.TRANSFERRED, by=asked.by, note=asked.note)


async def place_on_queue(work: Work, task: Task, asked: Transfer) -> Place:
    queue = await tasks.queue(work.db, QueueId(asked.to_queue or ""))
    if queue is None or queue.closed:
        raise Invalid(f"There is no queue {asked.to_queue}: name one that GET /v1/queues shows.")
    if queue.queue_id == task.queue_id:
        raise Invalid(f"The task is on {queue.name} already: name another queue, or return it.")
    return Place(queue=queue, reason=f"Transferred by {asked.by}.", came_from=task.queue_id)


async def place_for_adviser(work: Work, task: Task, asked: Transfer) -> Place:
    adviser = await advisers.adviser(work.db, AdviserId(asked.to_adviser or ""))
    if adviser is None:
        raise Invalid(f"{asked.to_adviser} is not in the council file: name somebody who is.")
    queue = await open_queue(work.db, rules.queue_for(task, adviser))
    rules.check_skilled(await tasks.skills_on(work.db, task.enquiry_id, queue.queue_id), adviser)
    await tasks.spare_no_more(work.db, task.task_id, adviser.adviser_id)
    return Place(
        queue=queue,
        reason=f"Transferred by {asked.by} to {adviser.adviser_id}.",
        came_from=task.queue_id if queue.queue_id != task.queue_id else task.came_from,
        wanted_adviser=adviser.adviser_id,
        wanted_until=work.now + settings().for_one,
    )
