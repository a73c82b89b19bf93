"""What crm knows of the work on an enquiry: which queue it is on, and who has it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.vocabulary import AdviserId, EnquiryId, Office, QueueId, TaskId, TaskKind, WorkId


class TaskState(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """As routing last told of it; what it did not tell again stays as it was. With a `work_id` it is a hand-over."""

    task_id: TaskId
    enquiry_id: EnquiryId
    queue_id: QueueId
    state: TaskState
    office: Office | None = None
    kind: TaskKind | None = None
    work_id: WorkId | None = None
    adviser_id: AdviserId | None = None
    enqueued_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state in (TaskState.WAITING, TaskState.ASSIGNED)
