"""What people look at: the worklist, a task with what it waits for, and how queues stand."""

from __future__ import annotations

from collections.abc import Sequence

from shared.db import Connection, Row
from shared.vocabulary import AdviserId, QueueId, TaskId

TASK_SHOWN = """
SELECT t.*, q.name AS queue_name, suggestions_of(t.task_id)::text AS suggestions,
       t.state = 'waiting' AND NOT EXISTS (
           SELECT FROM memberships m JOIN advisers a USING (adviser_id)
            WHERE m.queue_id = t.queue_id AND a.presence = 'ready' AND t.skills <@ a.skills
              AND t.weight <= a.capacity) AS nobody_can
  FROM tasks t JOIN queues q USING (queue_id)
 WHERE t.task_id = $1
"""


async def task_shown(db: Connection, task_id: TaskId) -> Row | None:
    return await db.fetchrow(TASK_SHOWN, task_id)


WORKLIST = """
WITH page AS (
    SELECT * FROM tasks
     WHERE state IN ('waiting', 'offered', 'assigned')
       AND ($1::text[] IS NULL OR queue_id = ANY ($1)) AND ($2::text IS NULL OR state = $2)
       AND ($3::uuid IS NULL OR (urgent_at, enqueued_at, task_id) >
            (SELECT urgent_at, enqueued_at, task_id FROM tasks WHERE task_id = $3))
     ORDER BY urgent_at, enqueued_at, task_id LIMIT $4
)
SELECT t.*, q.name AS queue_name, suggestions_of(t.task_id)::text AS suggestions,
       t.state = 'waiting' AND NOT EXISTS (
           SELECT FROM memberships m JOIN advisers a USING (adviser_id)
            WHERE m.queue_id = t.queue_id AND a.presence = 'ready' AND t.skills <@ a.skills
              AND t.weight <= a.capacity) AS nobody_can
  FROM page t JOIN queues q USING (queue_id)
 ORDER BY t.urgent_at, t.enqueued_at, t.task_id
"""


async def worklist(
    db: Connection, queues: Sequence[QueueId] | None, state: str | None, after: TaskId | None, most: int
) -> list[Row]:
    """Open tasks of these queues, of all if none are named, the most urgent first."""
    return await db.fetch(WORKLIST, None if queues is None else list(queues), state, after, most)


HELD_BY = """
SELECT t.*, q.name AS queue_name, suggestions_of(t.task_id)::text AS suggestions, false AS nobody_can
  FROM tasks t JOIN queues q USING (queue_id)
 WHERE t.assigned_to = $1 AND t.state = 'assigned' ORDER BY t.urgent_at, t.enqueued_at, t.task_id
"""


async def held_by(db: Connection, adviser_id: AdviserId) -> list[Row]:
    return await db.fetch(HELD_BY, adviser_id)


QUEUE_FIGURES = """
WITH counted AS (
    SELECT queue_id, state, skills, weight, count(*) AS tasks, min(enqueued_at) AS oldest
      FROM tasks WHERE state IN ('waiting', 'offered', 'assigned') GROUP BY queue_id, state, skills, weight
)
SELECT q.queue_id, q.name, q.office, q.closed,
       coalesce(sum(c.tasks) FILTER (WHERE c.state = 'waiting'), 0)::int AS waiting,
       coalesce(sum(c.tasks) FILTER (WHERE c.state = 'offered'), 0)::int AS offered,
       coalesce(sum(c.tasks) FILTER (WHERE c.state = 'assigned'), 0)::int AS assigned,
       coalesce(sum(c.tasks) FILTER (WHERE c.state = 'waiting' AND NOT EXISTS (
           SELECT FROM memberships m JOIN advisers a USING (adviser_id)
            WHERE m.queue_id = q.queue_id AND a.presence = 'ready' AND c.skills <@ a.skills
              AND c.weight <= a.capacity)), 0)::int AS nobody_can,
       min(c.oldest) FILTER (WHERE c.state = 'waiting') AS longest_waiting_since
  FROM queues q LEFT JOIN counted c USING (queue_id)
 WHERE ($1::text[] IS NULL OR q.queue_id = ANY ($1)) AND (NOT q.closed OR c.queue_id IS NOT NULL)
 GROUP BY q.queue_id ORDER BY q.queue_id
"""


async def queue_figures(db: Connection, queues: Sequence[QueueId] | None) -> list[Row]:
    """
    How many tasks stand where on each queue, and since when the oldest one waits; all queues if none are named.

    A queue the council has given up is left out once nothing is open on it.
    """
    return await db.fetch(QUEUE_FIGURES, None if queues is None else list(queues))


NAMES_OF = "SELECT queue_id, name FROM queues WHERE queue_id = ANY ($1)"


async def names_of(db: Connection, queues: Sequence[QueueId]) -> dict[QueueId, str]:
    return {row["queue_id"]: row["name"] for row in await db.fetch(NAMES_OF, list(queues))}
