"""Events that crm hears, with sensible fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.intake import ContactNoted, ContactReceived, EnquiryImported, NotedAs
from shared.contracts.routing import TaskQueued, TaskTransferred
from shared.vocabulary import (
    Channel,
    ContactId,
    EnquiryId,
    ImportId,
    Office,
    Point,
    QueueId,
    Reference,
    Resolution,
    TaskId,
    TaskKind,
    TransferKind,
    WorkId,
    new_id,
)
from tests.builders import MORNING, an_enquiry_id

LONG_AGO = datetime(2015, 1, 5, 14, tzinfo=UTC)
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


def a_machines_mail(
    enquiry_id: EnquiryId | None, noted_as: NotedAs = NotedAs.AUTO_REPLY, *, at: datetime = NOON, **fields: Any
) -> ContactNoted:
    given: dict[str, Any] = {
        "enquiry_id": enquiry_id,
        "contact_id": ContactId(new_id()),
        "noted_as": noted_as,
        "channel": Channel.EMAIL,
        "point": Point.MAILBOX,
        "started_at": at,
        "sender": "jo@example.org",
        "title": "Automatic reply: A lamp is out",
        "text": "I am away until Monday.",
        **fields,
    }
    return ContactNoted(**given)


def an_imported_enquiry(row_id: str = "101", **fields: Any) -> EnquiryImported:
    given: dict[str, Any] = {
        "enquiry_id": an_enquiry_id(),
        "contact_id": ContactId(new_id()),
        "import_id": ImportId(new_id()),
        "reference": Reference("ANY-0000-0000-0000"),
        "channel": Channel.TELEPHONE,
        "point": Point.OTHER,
        "title": "Street light outage",
        "text": "The lamp at the corner is dark.",
        "system": "old",
        "row_id": row_id,
        "cut_over": LONG_AGO + timedelta(days=90),
        "received_at": LONG_AGO,
        **fields,
    }
    return EnquiryImported(**given)


def a_closed_one(row_id: str = "101", **fields: Any) -> EnquiryImported:
    """Done two days after it was received."""
    ended = {"resolved_at": LONG_AGO + timedelta(days=2), "resolution": Resolution.DONE}
    return an_imported_enquiry(row_id, **{**ended, **fields})


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
