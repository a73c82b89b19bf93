"""What routing says."""

from datetime import datetime
from typing import Annotated, ClassVar

from shared.contracts.base import Event, PersonalText, tolerant
from shared.vocabulary import (
    AdviserId,
    EnquiryId,
    OfferId,
    Office,
    Presence,
    QueueId,
    TaskId,
    TaskKind,
    TransferKind,
    WorkId,
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
    office: Annotated[Office, tolerant(Office)] = Office.OTHER
    work_id: WorkId | None = None


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


class TaskTransferred(TaskEvent):
    """A task moved to the queue named, in its old place; from where, how and by whom. It waits for its acceptance."""

    name: ClassVar[str] = "task.transferred"

    from_queue_id: QueueId
    kind: Annotated[TransferKind, tolerant(TransferKind)]
    office: Annotated[Office, tolerant(Office)]
    note: PersonalText | None = None
    by_adviser_id: AdviserId | None = None
    to_adviser_id: AdviserId | None = None
    enqueued_at: datetime


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
