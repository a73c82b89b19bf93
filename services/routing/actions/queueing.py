"""Tasks come to be, by an enquiry that is new or reopened, a further contact, a hand-over; and end with the enquiry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.actions import learning
from services.routing.actions.choosing import CHOOSE
from services.routing.actions.offering import let_go
from services.routing.domain import triage
from services.routing.domain.learning import Known, place_words_of, queue_to_learn, words_of
from services.routing.domain.suggesting import Suggested
from services.routing.domain.tasks import (
    NewTask,
    Purpose,
    Queue,
    Task,
    TaskState,
    has_ended,
    last_dealt_with,
    origin_of,
)
from services.routing.domain.triage import Placing
from services.routing.store import enquiries, tasks
from services.routing.store import learning as examples
from services.routing.store.enquiries import Enquiry
from services.routing.store.learning import Received
from shared.contracts.routing import TaskQueued, TaskWithdrawn
from shared.db import Connection
from shared.errors import Early, Refused
from shared.vocabulary import (
    AdviserId,
    Channel,
    ClockId,
    ContactId,
    EnquiryId,
    QueueId,
    TaskId,
    WorkId,
    enquiry_subject,
    new_id,
)
from shared.work import Work


async def known_enquiry(work: Work, enquiry_id: EnquiryId) -> Enquiry:
    found = await enquiries.enquiry(work.db, enquiry_id)
    if found is None:
        raise Early(enquiry_subject(enquiry_id))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A new enquiry as its citizen put it; what they wrote is read for triage, and single words of it are kept.

    `queue_id` is the queue of the mailbox that it was written to.
    """

    enquiry_id: EnquiryId
    request_id: UUID
    service_code: str | None = None
    title: str = ""
    text: str = ""
    resolved: bool = False
    channel: Channel = Channel.OTHER
    place: str = ""
    names: tuple[str | None, ...] = ()
    queue_id: QueueId | None = None

    @property
    def known(self) -> Known:
        """Of the text nothing: the most personal is in there, and what is learned must be known of imports as well."""
        return Known(
            channel=self.channel,
            service_code=self.service_code,
            words=words_of(self.title, self.names),
            place_words=place_words_of(self.place, self.names),
        )


async def take_in(work: Work, asked: Asked) -> None:
    """A task to answer it waits from the moment the citizen asked, unless it is resolved already."""
    received = Received(asked.enquiry_id, asked.known, work.occurred_at, asked.resolved)
    model_id = await examples.keep_received(work.db, received, work.cause.correlation_id)
    if asked.resolved:
        return
    placing = await placed(work.db, asked.service_code, asked.title, asked.text, asked.queue_id)
    suggested = await learning.suggested(work.db, model_id, received.known) if model_id is not None else None
    await queue(work, new_task(asked.enquiry_id, asked.request_id, Purpose.ANSWER, placing), suggested)


async def placed(
    db: Connection, service_code: str | None, title: str = "", text: str = "", of_mailbox: QueueId | None = None
) -> Placing:
    """By service code, then by the mailbox it was written to, then by keywords; else it goes to the general queue."""
    placing = await place_of_service(db, service_code)
    if placing is None and of_mailbox is not None:
        placing = await place_of_mailbox(db, of_mailbox)
    if placing is not None:
        return placing
    best = triage.best_of(await enquiries.matches(db, title, text))
    if best is not None:
        return await where_open(db, best.queue_id, best.reason)
    return Placing(await tasks.general_queue(db), triage.nothing_fits(service_code))


async def place_of_service(db: Connection, service_code: str | None) -> Placing | None:
    """None when the council does not know that service."""
    service = await enquiries.service(db, service_code) if service_code is not None else None
    if service_code is None or service is None:
        return None
    name, queue_id = service
    return await where_open(db, queue_id, triage.by_service_code(service_code, name))


async def place_of_mailbox(db: Connection, queue_id: QueueId) -> Placing:
    """One that nobody knows here may be an older council file's: no mail waits for that to be put right."""
    queue = await tasks.queue(db, queue_id)
    if queue is not None and not queue.closed:
        return Placing(queue, triage.OF_THE_MAILBOX)
    general = await tasks.general_queue(db)
    return triage.instead_of(queue, general) if queue is not None else triage.not_known(queue_id, general)


async def where_open(db: Connection, queue_id: QueueId, reason: str) -> Placing:
    """The queue, or the general one when the council has given it up."""
    queue = await tasks.queue(db, queue_id)
    if queue is None:
        raise Refused(f"There is no queue {queue_id}: name one of the council file.")
    if queue.closed:
        return triage.instead_of(queue, await tasks.general_queue(db))
    return Placing(queue, reason)


async def open_queue(db: Connection, queue_id: QueueId) -> Queue:
    """The general one when the council has given that queue up."""
    queue = await tasks.queue(db, queue_id)
    return queue if queue is not None and not queue.closed else await tasks.general_queue(db)


def new_task(
    enquiry_id: EnquiryId, request_id: UUID, purpose: Purpose, placing: Placing, *, triaged: bool = True
) -> NewTask:
    return NewTask(
        enquiry_id=enquiry_id,
        request_id=request_id,
        purpose=purpose,
        queue=placing.queue,
        reason=placing.reason,
        triaged=triaged,
    )


async def queue(work: Work, new: NewTask, suggested: Suggested | None = None) -> None:
    """It waits from now on; asked for again, nothing changes."""
    task_id = TaskId(new_id())
    if not await tasks.queue_task(work.db, task_id, new, work.occurred_at, work.cause.correlation_id, suggested):
        return
    work.say(
        TaskQueued(
            task_id=task_id,
            enquiry_id=new.enquiry_id,
            queue_id=new.queue.queue_id,
            kind=new.kind,
            enqueued_at=work.occurred_at,
            office=new.queue.office,
            work_id=new.work_id,
        )
    )
    work.wake(CHOOSE)


async def take_in_further(work: Work, enquiry_id: EnquiryId, request_id: UUID) -> None:
    """A further contact waits to be replied to, unless somebody has the enquiry in hand or it is resolved."""
    enquiry = await known_enquiry(work, enquiry_id)
    if not enquiry.resolved:
        await queue_again(work, enquiry, request_id, Purpose.REPLY)


async def reopen(work: Work, enquiry_id: EnquiryId, contact_id: ContactId | None) -> None:
    """
    It is worked on again. The contact that reopened it, heard of as well, asks for no second task.

    That contact may have been heard before the resolution it answers: then its task has ended with the enquiry.
    """
    enquiry = await known_enquiry(work, enquiry_id)
    await examples.reopen(work.db, enquiry_id)
    known = await tasks.tasks_of_enquiry(work.db, enquiry_id)
    asked_by = contact_id if contact_id is not None and not has_ended(known, contact_id) else asked_now(work)
    await queue_again(work, enquiry, asked_by, Purpose.ANSWER)


async def resume(work: Work, enquiry_id: EnquiryId, contact_id: ContactId | None) -> None:
    """The council can go on: somebody has to, unless it is resolved."""
    enquiry = await known_enquiry(work, enquiry_id)
    if not enquiry.resolved:
        purpose = Purpose.REPLY if contact_id is not None else Purpose.ANSWER
        await queue_again(work, enquiry, contact_id or asked_now(work), purpose)


def asked_now(work: Work) -> UUID:
    """What is heard at this moment asks for the task."""
    return work.cause.causation_id or new_id()


async def queue_again(work: Work, enquiry: Enquiry, request_id: UUID, purpose: Purpose) -> None:
    """Where it was last dealt with, by people who know it, unless somebody has it (a part handed over is not it)."""
    known = await tasks.tasks_of_enquiry(work.db, enquiry.enquiry_id)
    if any(task.state.is_open and task.purpose is not Purpose.WORK for task in known):
        return
    last = last_dealt_with(known)
    placing = await placed_again(work.db, enquiry, last) if last else await placed_first(work.db, enquiry)
    triaged = last is None or last.triaged
    await queue(work, new_task(enquiry.enquiry_id, request_id, purpose, placing, triaged=triaged))


async def placed_first(db: Connection, enquiry: Enquiry) -> Placing:
    """An older system's enquiry has no task here yet, and had a queue there."""
    queue_id = await examples.former_queue(db, enquiry.enquiry_id)
    if queue_id is None:
        return await placed(db, enquiry.service_code)
    return await where_open(db, queue_id, triage.LAST_HERE)


async def placed_again(db: Connection, enquiry: Enquiry, last: Task) -> Placing:
    """What no person has placed goes where its service belongs now: it may have been classified meanwhile."""
    placing = await place_of_service(db, enquiry.service_code) if last.triaged else None
    if placing is not None and placing.queue.queue_id != last.queue_id:
        return placing
    return await where_open(db, last.queue_id, triage.LAST_HERE)


async def hand_over(work: Work, enquiry_id: EnquiryId, work_id: WorkId, queue_id: QueueId, by: AdviserId) -> None:
    """A further task for another office; returned, it goes to the queue from which the work was handed over."""
    await known_enquiry(work, enquiry_id)
    placing = await where_open(work.db, queue_id, f"Handed over by {by}.")
    known = await tasks.tasks_of_enquiry(work.db, enquiry_id)
    new = NewTask(
        enquiry_id=enquiry_id,
        request_id=work_id,
        purpose=Purpose.WORK,
        queue=placing.queue,
        reason=placing.reason,
        triaged=False,
        came_from=origin_of(placing.queue.queue_id, by, known),
        work_id=work_id,
    )
    await queue(work, new)


async def withdraw(work: Work, enquiry_id: EnquiryId) -> None:
    """Nobody needs to do an enquiry's open tasks any more."""
    await known_enquiry(work, enquiry_id)
    known = await tasks.tasks_of_enquiry(work.db, enquiry_id)
    await examples.resolve(work.db, enquiry_id, queue_to_learn(known), work.occurred_at)
    await enquiries.forget_dues(work.db, enquiry_id, work.occurred_at)
    for task in known:
        if task.state.is_open:
            await withdraw_task(work, task)


async def withdraw_task(work: Work, task: Task) -> None:
    await let_go(work, task)
    await tasks.set_state(work.db, task.task_id, TaskState.WITHDRAWN, task.assigned_to, work.now)
    work.say(TaskWithdrawn(task_id=task.task_id, enquiry_id=task.enquiry_id, queue_id=task.queue_id))


@dataclass(frozen=True, slots=True)
class Due:
    """When a clock on an enquiry, or on one of its tasks, runs out."""

    clock_id: ClockId
    enquiry_id: EnquiryId
    task_id: TaskId | None
    due_at: datetime


async def promise(work: Work, due: Due) -> None:
    """The enquiry's open tasks are as urgent as the first promise on them; the clock may be known before they are."""
    await enquiries.keep_due(work.db, due.clock_id, due.enquiry_id, due.task_id, work.occurred_at, due.due_at)
    await enquiries.set_urgency(work.db, due.enquiry_id)


async def forget_promise(work: Work, clock_id: ClockId, enquiry_id: EnquiryId) -> None:
    """It is paused, kept, or holds no longer."""
    await enquiries.forget_due(work.db, clock_id)
    await enquiries.set_urgency(work.db, enquiry_id)
