"""What routing says."""

from datetime import datetime
from typing import Annotated, ClassVar

from shared.contracts.base import Event, tolerant
from shared.vocabulary import (
    AdviserId,
    EnquiryId,
    OfferId,
    Presence,
    QueueId,
    TaskId,
    TaskKind,
    adviser_subject,
    enquiry_subject,
)


class TaskEvent(Event):
    """What every event about a task carries."""

    speaker: ClassVar[str] = "routing"

    task_id: TaskId
    enquiry_id: EnquiryId
    queue_id: QueueId

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id)


class TaskQueued(TaskEvent):
    """A task waits on a queue."""

    name: ClassVar[str] = "task.queued"

    kind: Annotated[TaskKind, tolerant(TaskKind)]
    enqueued_at: datetime


class TaskOffered(TaskEvent):
    """One adviser has been offered the task, until the lease ends."""

    name: ClassVar[str] = "task.offered"

    offer_id: OfferId
    adviser_id: AdviserId
    lease_until: datetime


class OfferRefused(TaskEvent):
    """The adviser said no; the task waits again."""

    name: ClassVar[str] = "offer.refused"

    offer_id: OfferId
    adviser_id: AdviserId


class OfferLapsed(TaskEvent):
    """The adviser did not answer in time; the task waits again."""

    name: ClassVar[str] = "offer.lapsed"

    offer_id: OfferId
    adviser_id: AdviserId


class TaskAssigned(TaskEvent):
    """An adviser has accepted the task."""

    name: ClassVar[str] = "task.assigned"

    adviser_id: AdviserId


class TaskCompleted(TaskEvent):
    """The adviser's work on this task is done. It resolves nothing."""

    name: ClassVar[str] = "task.completed"

    adviser_id: AdviserId


class TaskWithdrawn(TaskEvent):
    """Nobody needs to do this any more: its enquiry is resolved."""

    name: ClassVar[str] = "task.withdrawn"


class PresenceChanged(Event):
    """An adviser came or went."""

    name: ClassVar[str] = "presence.changed"
    speaker: ClassVar[str] = "routing"

    adviser_id: AdviserId
    presence: Annotated[Presence, tolerant(Presence)]

    @property
    def subject(self) -> str:
        return adviser_subject(self.adviser_id)
