"""Tasks that are open, for the figures of the moment."""

from __future__ import annotations

from datetime import datetime

from shared.db import Connection
from shared.vocabulary import EnquiryId, QueueId, TaskId

WAITS = """
INSERT INTO open_tasks (task_id, enquiry_id, queue_id, enqueued_at, assigned, handed_over)
VALUES ($1, $2, $3, $4, false, $5)
ON CONFLICT (task_id) DO UPDATE SET queue_id = excluded.queue_id, assigned = false
"""


async def waits(
    db: Connection, task_id: TaskId, enquiry_id: EnquiryId, queue_id: QueueId, place: tuple[datetime, bool]
) -> None:
    """On that queue, in the place it was given when it was first queued, whether or not it was handed over."""
    await db.execute(WAITS, task_id, enquiry_id, queue_id, *place)


TAKEN = "UPDATE open_tasks SET assigned = true, queue_id = $2 WHERE task_id = $1"


async def taken(db: Connection, task_id: TaskId, queue_id: QueueId) -> None:
    await db.execute(TAKEN, task_id, queue_id)


OVER = "DELETE FROM open_tasks WHERE task_id = $1"


async def over(db: Connection, task_id: TaskId) -> None:
    await db.execute(OVER, task_id)
