"""A task, the offers made of it, and who may do what with it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.routing.domain.advisers import Adviser
from shared.errors import Conflict, Forbidden, Invalid, NotFound
from shared.vocabulary import AdviserId, EnquiryId, OfferId, Office, QueueId, TaskId, TaskKind, WorkId


class Purpose(StrEnum):
    """What a task is for: a new enquiry, a further contact, a part of the work handed over."""

    ANSWER = "answer"
    REPLY = "reply"
    WORK = "work"


class TaskState(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        return self not in (TaskState.COMPLETED, TaskState.WITHDRAWN)


class OfferState(StrEnum):
    """Where an offer stands: it ends once, in one of four ways."""

    LIVE = "live"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Where tasks wait. A closed one the council has given up; a task there fills as many slots as it weighs."""

    queue_id: QueueId
    name: str
    office: Office
    closed: bool
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task about to wait, and what asked for it: `request_id` is a contact, a hand-over or an event."""

    enquiry_id: EnquiryId
    request_id: UUID
    purpose: Purpose
    queue: Queue
    reason: str
    triaged: bool
    came_from: QueueId | None = None
    work_id: WorkId | None = None
    kind: TaskKind = TaskKind.DEFERRABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """
    One piece of work on one enquiry.

    `weight` is how many slots it fills, `skills` what whoever takes it must know, `urgent_at` when a promise on it runs
    out. It is kept for `wanted_adviser` until `wanted_until`.
    """

    task_id: TaskId
    enquiry_id: EnquiryId
    request_id: UUID
    queue_id: QueueId
    purpose: Purpose
    kind: TaskKind
    state: TaskState
    reason: str
    triaged: bool
    enqueued_at: datetime
    urgent_at: datetime
    weight: int
    skills: frozenset[str]
    assigned_to: AdviserId | None
    came_from: QueueId | None
    wanted_adviser: AdviserId | None
    wanted_until: datetime | None
    version: int
    correlation_id: UUID

    def kept_for(self, now: datetime) -> AdviserId | None:
        """The one adviser who may have it for now, if there is one."""
        return self.wanted_adviser if self.wanted_until is not None and now < self.wanted_until else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A task held for one adviser, until the lease ends."""

    offer_id: OfferId
    task_id: TaskId
    enquiry_id: EnquiryId
    queue_id: QueueId
    adviser_id: AdviserId
    state: OfferState
    lease_until: datetime


WHY_NOT_ANSWERABLE = {
    OfferState.ACCEPTED: "You have accepted this offer already: the task is yours.",
    OfferState.REFUSED: "You have refused this offer already: wait for the next one.",
    OfferState.LAPSED: "This offer has lapsed, as it was not answered in time: wait for the next one.",
    OfferState.WITHDRAWN: "This offer was withdrawn, as its task was resolved or moved: there is nothing to do.",
}


def check_made_to(offer: Offer, adviser_id: AdviserId) -> None:
    if offer.adviser_id != adviser_id:
        raise Forbidden("This offer was made to somebody else: only they may answer it.")


def check_answerable(offer: Offer, now: datetime) -> None:
    """An offer ends with its lease, even when the timer that lapses it is late."""
    state = OfferState.LAPSED if offer.state is OfferState.LIVE and now >= offer.lease_until else offer.state
    if state is not OfferState.LIVE:
        raise Conflict(WHY_NOT_ANSWERABLE[state])


NO_SUCH_TASK = "There is no such task: copy its id once more."
NOT_YOURS = "This task is nobody's yet: accept an offer of it or pick it first."
ENDED = {
    TaskState.COMPLETED: "This task is completed already: there is nothing left to do.",
    TaskState.WITHDRAWN: "This task was withdrawn, as its enquiry is resolved: there is nothing left to do.",
}
WHY_NOT_YOURS = {TaskState.WAITING: NOT_YOURS, TaskState.OFFERED: NOT_YOURS, **ENDED}


def check_held_by(task: Task, adviser_id: AdviserId) -> None:
    """Whoever has a task may complete, return or transfer it."""
    if task.state is not TaskState.ASSIGNED:
        raise Conflict(WHY_NOT_YOURS[task.state])
    if task.assigned_to != adviser_id:
        raise Forbidden("This task is somebody else's: only they may do this.")


def check_shown(task: Task, queues: Collection[QueueId] | None, caller: AdviserId) -> None:
    """Whoever is shown these queues only (None is all) sees what is on them, and what is theirs; no other exists."""
    if queues is not None and task.queue_id not in queues and task.assigned_to != caller:
        raise NotFound(NO_SUCH_TASK)


def check_open(task: Task) -> None:
    if not task.state.is_open:
        raise Conflict(ENDED[task.state])


WHY_NOT_PICKABLE = {
    TaskState.OFFERED: "This task is being offered to somebody at this moment: look again in a minute.",
    TaskState.ASSIGNED: "Somebody has this task already: ask them to transfer it to you.",
    **ENDED,
}


def check_pickable(task: Task, adviser: Adviser, now: datetime) -> None:
    """People beat the robot, but not each other; and what needs a skill is not left to whoever lacks it."""
    if task.queue_id not in adviser.queues:
        raise Forbidden("This task is on a queue that is not yours: ask whoever has it to transfer it to you.")
    check_skilled(task.skills, adviser)
    if task.state is not TaskState.WAITING:
        raise Conflict(WHY_NOT_PICKABLE[task.state])
    if task.kept_for(now) not in (None, adviser.adviser_id):
        raise Conflict(f"This task is kept for {task.wanted_adviser} at the moment: ask them, or look again later.")


def check_skilled(skills: frozenset[str], adviser: Adviser) -> None:
    if missing := skills - adviser.skills:
        raise Forbidden(
            f"This task needs {', '.join(sorted(missing))}, which {adviser.adviser_id} does not have in the council "
            "file: leave it to somebody who has."
        )


def queue_for(task: Task, adviser: Adviser) -> QueueId:
    """On which queue a task meets the adviser it is transferred to: its own if that is theirs too, else their first."""
    if task.assigned_to == adviser.adviser_id:
        raise Invalid(f"{adviser.adviser_id} has this task already: name somebody else.")
    if not adviser.queues:
        raise Invalid(f"{adviser.adviser_id} takes tasks of no queue: name somebody else, or a queue.")
    return task.queue_id if task.queue_id in adviser.queues else adviser.queues[0]


def origin_of(queue_id: QueueId, by: AdviserId, tasks: Collection[Task]) -> QueueId | None:
    """Where a hand-over to this queue came from: the other queue of the task its adviser has, or of the enquiry."""
    others = [each for each in tasks if each.queue_id != queue_id]
    held = [each for each in others if each.state is TaskState.ASSIGNED and each.assigned_to == by]
    if held:
        return max(held, key=place_in_time).queue_id
    last = last_dealt_with(others)
    return last.queue_id if last is not None else None


def last_dealt_with(tasks: Collection[Task]) -> Task | None:
    """The latest task that shows where the enquiry is; a part of the work that was handed over does not."""
    return max((each for each in tasks if each.purpose is not Purpose.WORK), key=place_in_time, default=None)


def place_in_time(task: Task) -> tuple[datetime, TaskId]:
    return (task.enqueued_at, task.task_id)


def has_ended(tasks: Collection[Task], request_id: UUID) -> bool:
    """Whether what was asked for by it had its task, and that is over."""
    return any(each.request_id == request_id and not each.state.is_open for each in tasks)
