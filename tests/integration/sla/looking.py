"""What sla has written and said, and events that only it is interested in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.auth import sign
from shared.contracts.crm import EnquiryAwaitingCitizen, EnquiryClassified, EnquiryReopened, EnquiryResumed
from shared.contracts.intake import EnquiryImported
from shared.contracts.routing import TaskAssigned, TaskCompleted, TaskQueued, TaskTransferred, TaskWithdrawn
from shared.settings import HouseSettings
from shared.vocabulary import (
    Channel,
    ContactId,
    EnquiryId,
    ImportId,
    Office,
    Point,
    QueueId,
    Reference,
    Role,
    TaskId,
    TaskKind,
    TransferKind,
    WorkId,
    new_id,
)
from shared.work import Workshop
from tests.builders import ADA, MORNING, Ear, Spoken, an_enquiry_id

CUT_OVER = MORNING + timedelta(days=100)
CLOCKS = "SELECT * FROM clocks ORDER BY enquiry_id, standard, started_at, retired DESC, state"
LEDGER = "SELECT l.*, standard FROM ledger l JOIN clocks USING (clock_id) ORDER BY clock_id, version"
TIMERS = "SELECT name, key, subject, due_at FROM timers ORDER BY due_at"
SET_ASIDE = "SELECT state, waits_for, why FROM set_aside"


async def rows(workshop: Workshop, statement: str, *values: object) -> list[dict[str, Any]]:
    async with workshop.reading() as db:
        return [dict(row) for row in await db.fetch(statement, *values)]


async def clocks(workshop: Workshop) -> list[dict[str, Any]]:
    return await rows(workshop, CLOCKS)


async def verdict(workshop: Workshop) -> tuple[str, datetime | None]:
    [clock] = await clocks(workshop)
    return clock["state"], clock["stopped_at"]


async def entries(workshop: Workshop) -> list[str]:
    """Of the whole ledger: a test that asks has one clock."""
    return [line["entry"] for line in await rows(workshop, LEDGER)]


def names(spoken: Sequence[Spoken]) -> list[str]:
    return [event.name for event in spoken]


def a_token(house: HouseSettings, role: Role, name: str = "ada") -> dict[str, str]:
    return {"Authorization": f"Bearer {sign(house, name, [role])}"}


def a_classification(enquiry_id: EnquiryId, service_code: str) -> EnquiryClassified:
    return EnquiryClassified(enquiry_id=enquiry_id, service_code=service_code, adviser_id=ADA)


def a_question(enquiry_id: EnquiryId) -> EnquiryAwaitingCitizen:
    return EnquiryAwaitingCitizen(enquiry_id=enquiry_id, question="Which lamp?", adviser_id=ADA)


def a_resumption(enquiry_id: EnquiryId) -> EnquiryResumed:
    return EnquiryResumed(enquiry_id=enquiry_id, adviser_id=ADA)


def a_reopening(enquiry_id: EnquiryId) -> EnquiryReopened:
    return EnquiryReopened(enquiry_id=enquiry_id, adviser_id=ADA)


def a_task_queued(
    enquiry_id: EnquiryId, task_id: TaskId, queue: str = "general", office: Office = Office.FRONT, **fields: Any
) -> TaskQueued:
    return TaskQueued(
        enquiry_id=enquiry_id,
        task_id=task_id,
        queue_id=QueueId(queue),
        office=office,
        kind=TaskKind.DEFERRABLE,
        **{"enqueued_at": MORNING, **fields},
    )


def work_handed_over(enquiry_id: EnquiryId, task_id: TaskId, work_id: WorkId) -> TaskQueued:
    return a_task_queued(enquiry_id, task_id, "highways", Office.BACK, work_id=work_id)


def a_transfer(enquiry_id: EnquiryId, task_id: TaskId, queue: str, office: Office) -> TaskTransferred:
    return TaskTransferred(
        enquiry_id=enquiry_id,
        task_id=task_id,
        queue_id=QueueId(queue),
        from_queue_id=QueueId("general"),
        office=office,
        kind=TransferKind.TRANSFERRED,
        enqueued_at=MORNING,
    )


def an_acceptance(enquiry_id: EnquiryId, task_id: TaskId, queue: str = "general") -> TaskAssigned:
    return TaskAssigned(enquiry_id=enquiry_id, task_id=task_id, queue_id=QueueId(queue), adviser_id=ADA)


def a_completion(enquiry_id: EnquiryId, task_id: TaskId, queue: str = "general") -> TaskCompleted:
    return TaskCompleted(enquiry_id=enquiry_id, task_id=task_id, queue_id=QueueId(queue), adviser_id=ADA)


def a_withdrawal(enquiry_id: EnquiryId, task_id: TaskId, queue: str = "general") -> TaskWithdrawn:
    return TaskWithdrawn(enquiry_id=enquiry_id, task_id=task_id, queue_id=QueueId(queue))


async def hears_all(ear: Ear, happenings: Sequence[tuple[Any, datetime]]) -> None:
    for event, at in happenings:
        await ear.hears(event, at=at)


def an_import(enquiry_id: EnquiryId | None = None, **fields: Any) -> EnquiryImported:
    """Received at `MORNING`; its cut-over is a hundred days later."""
    given: dict[str, Any] = {
        "enquiry_id": enquiry_id or an_enquiry_id(),
        "contact_id": ContactId(new_id()),
        "reference": Reference("ANY-0000-0000-0000"),
        "channel": Channel.TELEPHONE,
        "point": Point.EXCHANGE,
        "title": "Pothole",
        "text": "It is deep.",
        "import_id": ImportId(new_id()),
        "system": "older",
        "row_id": "1",
        "cut_over": CUT_OVER,
        "queue_id": QueueId("highways"),
        "received_at": MORNING,
        **fields,
    }
    return EnquiryImported(**given)
