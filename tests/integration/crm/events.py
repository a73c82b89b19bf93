"""Events that crm hears, with sensible fields."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.contracts.intake import ContactReceived
from shared.contracts.routing import TaskQueued, TaskTransferred
from shared.vocabulary import (
    Channel,
    ContactId,
    EnquiryId,
    Office,
    Point,
    QueueId,
    Reference,
    TaskId,
    TaskKind,
    TransferKind,
    WorkId,
    new_id,
)
from tests.builders import MORNING

NOON = MORNING + timedelta(hours=3)
HIGHWAYS = QueueId("highways")


def a_further_contact(enquiry_id: EnquiryId, *, at: datetime = NOON, **fields: Any) -> ContactReceived:
    given: dict[str, Any] = {
        "enquiry_id": enquiry_id,
        "contact_id": ContactId(new_id()),
        "reference": Reference("ANY-0000-0000-0000"),
        "channel": Channel.EMAIL,
        "point": Point.MAILBOX,
        "text": "It is still dark.",
        "started_at": at,
        **fields,
    }
    return ContactReceived(**given)


def a_queued_task(
    enquiry_id: EnquiryId,
    queue_id: QueueId = HIGHWAYS,
    *,
    task_id: TaskId | None = None,
    work_id: WorkId | None = None,
) -> TaskQueued:
    return TaskQueued(
        task_id=task_id or TaskId(new_id()),
        enquiry_id=enquiry_id,
        queue_id=queue_id,
        kind=TaskKind.DEFERRABLE,
        enqueued_at=MORNING,
        office=Office.BACK,
        work_id=work_id,
    )


def a_transfer(queued: TaskQueued, to: QueueId, kind: TransferKind = TransferKind.TRANSFERRED) -> TaskTransferred:
    return TaskTransferred(
        task_id=queued.task_id,
        enquiry_id=queued.enquiry_id,
        queue_id=to,
        from_queue_id=queued.queue_id,
        kind=kind,
        office=Office.PARTNER,
        note="It is not ours.",
        enqueued_at=queued.enqueued_at,
    )
