"""The tasks of an enquiry as routing tells of them, and the queues it has been on."""

from __future__ import annotations

from services.crm.domain.tasks import Task, TaskState
from shared.db import Connection, Row
from shared.vocabulary import EnquiryId, Office, TaskKind

KEEP = """
WITH known AS (
    SELECT enquiry_id FROM enquiries WHERE enquiry_id = $2
), seen AS (
    INSERT INTO enquiry_queues (queue_id, enquiry_id) SELECT $3::text, enquiry_id FROM known ON CONFLICT DO NOTHING
)
INSERT INTO tasks AS t (task_id, enquiry_id, queue_id, state, office, kind, work_id, adviser_id, enqueued_at)
SELECT $1::uuid, enquiry_id, $3::text, $4::text, $5::text, $6::text, $7::uuid, $8::text, $9::timestamptz FROM known
ON CONFLICT (task_id) DO UPDATE
   SET queue_id = excluded.queue_id, state = excluded.state, adviser_id = excluded.adviser_id,
       office = coalesce(excluded.office, t.office), kind = coalesce(excluded.kind, t.kind),
       work_id = coalesce(excluded.work_id, t.work_id), enqueued_at = coalesce(excluded.enqueued_at, t.enqueued_at)
RETURNING *
"""


async def keep(db: Connection, task: Task) -> Task | None:
    """The task with everything that was told of it before. None when its enquiry is not known."""
    row = await db.fetchrow(
        KEEP,
        task.task_id,
        task.enquiry_id,
        task.queue_id,
        task.state,
        task.office,
        task.kind,
        task.work_id,
        task.adviser_id,
        task.enqueued_at,
    )
    return task_of(row) if row is not None else None


OF_ENQUIRY = "SELECT * FROM tasks WHERE enquiry_id = $1 ORDER BY enqueued_at, task_id"


async def of_enquiry(db: Connection, enquiry_id: EnquiryId) -> list[Task]:
    return [task_of(row) for row in await db.fetch(OF_ENQUIRY, enquiry_id)]


def task_of(row: Row) -> Task:
    return Task(
        task_id=row["task_id"],
        enquiry_id=row["enquiry_id"],
        queue_id=row["queue_id"],
        state=TaskState(row["state"]),
        office=Office(row["office"]) if row["office"] is not None else None,
        kind=TaskKind(row["kind"]) if row["kind"] is not None else None,
        work_id=row["work_id"],
        adviser_id=row["adviser_id"],
        enqueued_at=row["enqueued_at"],
    )
