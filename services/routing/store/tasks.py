"""Tasks and the queues they stand on: kept, moved and found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.domain.choosing import WITHOUT_PROMISE
from services.routing.domain.suggesting import Suggested
from services.routing.domain.tasks import NewTask, Purpose, Queue, Task, TaskState
from shared.db import Connection, Row
from shared.errors import Unavailable
from shared.vocabulary import AdviserId, EnquiryId, Office, QueueId, TaskId, TaskKind

QUEUE = "SELECT queue_id, name, office, closed, weight FROM queues WHERE queue_id = $1"


async def queue(db: Connection, queue_id: QueueId) -> Queue | None:
    row = await db.fetchrow(QUEUE, queue_id)
    return queue_of(row) if row is not None else None


GENERAL_QUEUE = "SELECT queue_id, name, office, closed, weight FROM queues WHERE general"


async def general_queue(db: Connection) -> Queue:
    """There is one as soon as a council file has been taken up."""
    row = await db.fetchrow(GENERAL_QUEUE)
    if row is None:
        raise Unavailable("No council file has been applied yet: run `accesspoint council apply FILE`.")
    return queue_of(row)


def queue_of(row: Row) -> Queue:
    return Queue(
        queue_id=row["queue_id"],
        name=row["name"],
        office=Office(row["office"]),
        closed=row["closed"],
        weight=row["weight"],
    )


QUEUE_TASK = """
WITH queued AS (
INSERT INTO tasks (task_id, enquiry_id, request_id, queue_id, purpose, kind, reason, triaged, came_from, weight, skills,
                   enqueued_at, changed_at, urgent_at, correlation_id)
SELECT $1, e.enquiry_id, $3, $4, $5, $6, $7, $8, $9, $10, skills_needed($4, e.service_code),
       $11, $11, urgent_at(e.enquiry_id, $1, $11::timestamptz + $12), $13
  FROM enquiries e WHERE e.enquiry_id = $2
ON CONFLICT (enquiry_id, request_id) DO NOTHING
RETURNING task_id
), suggested AS (
INSERT INTO suggestions (task_id, model_id, suggested) SELECT task_id, $14, $15 FROM queued WHERE $14::uuid IS NOT NULL
)
SELECT true FROM queued
"""


async def queue_task(
    db: Connection,
    task_id: TaskId,
    new: NewTask,
    at: datetime,
    correlation_id: UUID,
    suggested: Suggested | None = None,
) -> bool:
    """False when what asks for it has its task already."""
    queued = await db.fetchval(
        QUEUE_TASK,
        task_id,
        new.enquiry_id,
        new.request_id,
        new.queue.queue_id,
        new.purpose,
        new.kind,
        new.reason,
        new.triaged,
        new.came_from,
        new.queue.weight,
        at,
        WITHOUT_PROMISE,
        correlation_id,
        suggested.model_id if suggested else None,
        json.dumps(suggested.queues) if suggested else None,
    )
    return queued is not None


TASK = "SELECT * FROM tasks WHERE task_id = $1"


async def task(db: Connection, task_id: TaskId) -> Task | None:
    """Not locked: to learn which enquiry it belongs to."""
    row = await db.fetchrow(TASK, task_id)
    return task_of(row) if row is not None else None


LOCK_TASK = "SELECT * FROM tasks WHERE task_id = $1 FOR NO KEY UPDATE"


async def lock_task(db: Connection, task_id: TaskId) -> Task | None:
    """Locked until the work ends, before any adviser is."""
    row = await db.fetchrow(LOCK_TASK, task_id)
    return task_of(row) if row is not None else None


TASKS_OF_ENQUIRY = "SELECT * FROM tasks WHERE enquiry_id = $1 ORDER BY task_id FOR NO KEY UPDATE"


async def tasks_of_enquiry(db: Connection, enquiry_id: EnquiryId) -> list[Task]:
    """Locked until the work ends, in the order in which everybody locks tasks."""
    return [task_of(row) for row in await db.fetch(TASKS_OF_ENQUIRY, enquiry_id)]


SET_STATE = """
UPDATE tasks t
   SET state = $2, assigned_to = $3, wanted_adviser = NULL, wanted_until = NULL, changed_at = $4, version = version + 1,
       weight = CASE WHEN $2 = 'waiting' THEN (SELECT q.weight FROM queues q WHERE q.queue_id = t.queue_id)
                     ELSE t.weight END
 WHERE task_id = $1
RETURNING *
"""


async def set_state(
    db: Connection, task_id: TaskId, state: TaskState, assigned_to: AdviserId | None, at: datetime
) -> Task:
    """Whoever it was kept for has had their say. What waits again weighs what its queue says by now."""
    return task_of(found(await db.fetchrow(SET_STATE, task_id, state, assigned_to, at), task_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a task goes: why, by whom (`triaged`: by no person), from where, and for whom it is kept until when."""

    queue: Queue
    reason: str
    triaged: bool = False
    came_from: QueueId | None = None
    wanted_adviser: AdviserId | None = None
    wanted_until: datetime | None = None


PLACE = """
UPDATE tasks t
   SET queue_id = $2, weight = $3, reason = $4, triaged = $5, came_from = $6, wanted_adviser = $7, wanted_until = $8,
       skills = skills_needed($2, e.service_code), state = 'waiting', assigned_to = NULL, changed_at = $9,
       version = version + 1
  FROM enquiries e
 WHERE t.task_id = $1 AND e.enquiry_id = t.enquiry_id
RETURNING t.*
"""


async def place(db: Connection, task_id: TaskId, to: Place, at: datetime) -> Task:
    """It waits there, in its old place."""
    row = await db.fetchrow(
        PLACE,
        task_id,
        to.queue.queue_id,
        to.queue.weight,
        to.reason,
        to.triaged,
        to.came_from,
        to.wanted_adviser,
        to.wanted_until,
        at,
    )
    return task_of(found(row, task_id))


SKILLS_ON = "SELECT skills_needed($2, service_code) FROM enquiries WHERE enquiry_id = $1"


async def skills_on(db: Connection, enquiry_id: EnquiryId, queue_id: QueueId) -> frozenset[str]:
    """What a task of the enquiry needs on that queue."""
    return frozenset(await db.fetchval(SKILLS_ON, enquiry_id, queue_id))


def found(row: Row | None, task_id: TaskId) -> Row:
    if row is None:
        raise LookupError(f"there is no task {task_id}")
    return row


SPARE = """
INSERT INTO spared (task_id, adviser_id, until) VALUES ($1, $2, $3)
ON CONFLICT (task_id, adviser_id) DO UPDATE SET until = excluded.until
"""


async def spare(db: Connection, task_id: TaskId, adviser_id: AdviserId, until: datetime) -> None:
    """The adviser is not offered it again before then."""
    await db.execute(SPARE, task_id, adviser_id, until)


SPARE_NO_MORE = "DELETE FROM spared WHERE task_id = $1 AND adviser_id = $2"


async def spare_no_more(db: Connection, task_id: TaskId, adviser_id: AdviserId) -> None:
    await db.execute(SPARE_NO_MORE, task_id, adviser_id)


STRANDED = """
SELECT t.task_id, t.enquiry_id FROM tasks t JOIN queues q USING (queue_id) WHERE q.closed AND t.state = 'waiting'
 UNION ALL
SELECT t.task_id, t.enquiry_id FROM tasks t JOIN advisers a ON a.adviser_id = t.assigned_to
 WHERE NOT a.listed AND t.state = 'assigned'
 ORDER BY task_id LIMIT $1
"""


async def stranded(db: Connection, most: int) -> list[tuple[TaskId, EnquiryId]]:
    """What waits on a queue that the council has given up, or is with somebody who has left. Not locked."""
    return [(row["task_id"], row["enquiry_id"]) for row in await db.fetch(STRANDED, most)]


def task_of(row: Row) -> Task:
    return Task(
        task_id=row["task_id"],
        enquiry_id=row["enquiry_id"],
        request_id=row["request_id"],
        queue_id=row["queue_id"],
        purpose=Purpose(row["purpose"]),
        kind=TaskKind(row["kind"]),
        state=TaskState(row["state"]),
        reason=row["reason"],
        triaged=row["triaged"],
        enqueued_at=row["enqueued_at"],
        urgent_at=row["urgent_at"],
        weight=row["weight"],
        skills=frozenset(row["skills"]),
        assigned_to=row["assigned_to"],
        came_from=row["came_from"],
        wanted_adviser=row["wanted_adviser"],
        wanted_until=row["wanted_until"],
        version=row["version"],
        correlation_id=row["correlation_id"],
    )
