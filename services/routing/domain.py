"""How a task finds its adviser, and who may answer an offer: every rule is a function of its arguments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.errors import Conflict, Forbidden
from shared.vocabulary import AdviserId, EnquiryId, OfferId, QueueId, TaskId, TaskKind

GENERAL = QueueId("general")


class Purpose(StrEnum):
    """What a task is for. An enquiry has at most one task for each."""

    ANSWER = "answer"


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
class Task:
    """One piece of work on one enquiry. `weight` is how many slots it fills."""

    task_id: TaskId
    enquiry_id: EnquiryId
    queue_id: QueueId
    kind: TaskKind
    state: TaskState
    enqueued_at: datetime
    weight: int
    assigned_to: AdviserId | None
    version: int
    correlation_id: UUID


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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A waiting task, and who has just refused it or let its offer lapse."""

    task: Task
    turned_down_by: frozenset[AdviserId] = frozenset()


@dataclass(frozen=True, slots=True)
class Adviser:
    """An adviser who is ready, with or without a free slot."""

    adviser_id: AdviserId
    slots: int
    free: int
    idle_since: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    """A task and the adviser it should be offered to."""

    task: Task
    adviser_id: AdviserId


def choose(candidates: Sequence[Candidate], advisers: Sequence[Adviser]) -> list[Pair]:
    """The oldest task first, each to the adviser idle longest; one task per adviser, so that work spreads."""
    idle = sorted(advisers, key=lambda adviser: (adviser.idle_since, adviser.adviser_id))
    pairs = []
    for candidate in sorted(candidates, key=lambda each: (each.task.enqueued_at, each.task.task_id)):
        spared = spared_by(candidate, advisers)
        for adviser in idle:
            if adviser.free >= candidate.task.weight and adviser.adviser_id not in spared:
                pairs.append(Pair(candidate.task, adviser.adviser_id))
                idle.remove(adviser)
                break
    return pairs


def spared_by(candidate: Candidate, advisers: Sequence[Adviser]) -> frozenset[AdviserId]:
    """Those who turned the task down are spared it while anybody else is ready, even if busy just now."""
    somebody_else = any(
        adviser.slots >= candidate.task.weight and adviser.adviser_id not in candidate.turned_down_by
        for adviser in advisers
    )
    return candidate.turned_down_by if somebody_else else frozenset()


WHY_NOT_ANSWERABLE = {
    OfferState.ACCEPTED: "You have accepted this offer already: the task is yours.",
    OfferState.REFUSED: "You have refused this offer already: wait for the next one.",
    OfferState.LAPSED: "This offer has lapsed, as it was not answered in time: wait for the next one.",
    OfferState.WITHDRAWN: "This offer was withdrawn, as its enquiry is resolved: there is nothing to do.",
}


def check_made_to(offer: Offer, adviser_id: AdviserId) -> None:
    if offer.adviser_id != adviser_id:
        raise Forbidden("This offer was made to somebody else: only they may answer it.")


def check_answerable(offer: Offer, now: datetime) -> None:
    """An offer ends with its lease, even when the timer that lapses it is late."""
    state = OfferState.LAPSED if offer.state is OfferState.LIVE and now >= offer.lease_until else offer.state
    if state is not OfferState.LIVE:
        raise Conflict(WHY_NOT_ANSWERABLE[state])


WHY_NOT_COMPLETABLE = {
    TaskState.WAITING: "This task is nobody's yet: accept an offer of it first.",
    TaskState.OFFERED: "This task is nobody's yet: accept an offer of it first.",
    TaskState.COMPLETED: "This task is completed already: there is nothing left to do.",
    TaskState.WITHDRAWN: "This task was withdrawn, as its enquiry is resolved: there is nothing left to do.",
}


def check_completable(task: Task, adviser_id: AdviserId) -> None:
    if task.state is not TaskState.ASSIGNED:
        raise Conflict(WHY_NOT_COMPLETABLE[task.state])
    if task.assigned_to != adviser_id:
        raise Forbidden("This task is somebody else's: only they may complete it.")
