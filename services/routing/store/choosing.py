"""What choosing reads and locks: queues, free advisers, candidates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.routing.domain.advisers import Free
from services.routing.domain.choosing import Candidate, Pair
from services.routing.store.tasks import task_of
from shared.db import Connection
from shared.vocabulary import AdviserId, QueueId, TaskId

HEAVIEST = 20

QUEUES_TO_CHOOSE_FOR = """
SELECT queue_id FROM queues q
 WHERE NOT closed
   AND EXISTS (SELECT FROM slots s JOIN advisers a USING (adviser_id) JOIN memberships m USING (adviser_id)
                WHERE s.task_id IS NULL AND a.presence = 'ready' AND m.queue_id = q.queue_id)
   AND EXISTS (SELECT FROM tasks t WHERE t.queue_id = q.queue_id AND t.state = 'waiting')
 ORDER BY queue_id
"""


async def queues_to_choose_for(db: Connection) -> list[QueueId]:
    """Queues on which something waits while one of their advisers is free."""
    return [row["queue_id"] for row in await db.fetch(QUEUES_TO_CHOOSE_FOR)]


LOCK_QUEUES = "SELECT queue_id FROM queues WHERE queue_id = ANY ($1) ORDER BY queue_id FOR NO KEY UPDATE"


async def lock_queues(db: Connection, queues: Sequence[QueueId]) -> None:
    """Until the work ends, so that one chooses for a queue at a time. Who waits here sees what the other has done."""
    await db.execute(LOCK_QUEUES, list(queues))


FREE_ADVISERS = """
SELECT a.adviser_id, a.skills, array_agg(m.queue_id) AS queues, s.free,
       greatest(s.idle_since, a.presence_since) AS idle_since
  FROM (SELECT adviser_id, count(*) AS free, max(idle_since) AS idle_since
          FROM slots WHERE task_id IS NULL GROUP BY adviser_id) s
  JOIN advisers a USING (adviser_id)
  JOIN memberships m USING (adviser_id)
 WHERE a.presence = 'ready' AND m.queue_id = ANY ($1)
 GROUP BY a.adviser_id, s.free, s.idle_since
"""


async def free_advisers(db: Connection, queues: Sequence[QueueId]) -> list[Free]:
    """Those of these queues who are ready and have a free slot. Not locked."""
    return [
        Free(row["adviser_id"], frozenset(row["queues"]), frozenset(row["skills"]), row["free"], row["idle_since"])
        for row in await db.fetch(FREE_ADVISERS, list(queues))
    ]


# PostgreSQL expects hardly a row to pass `<@`, and would read and sort the whole queue; of `coalesce` it expects many.
CANDIDATES = """
SELECT t.*, ARRAY(SELECT s.adviser_id FROM spared s WHERE s.task_id = t.task_id AND s.until > $3) AS spared
  FROM unnest($1::text[]) AS q (queue_id)
 CROSS JOIN LATERAL (SELECT * FROM tasks
                      WHERE queue_id = q.queue_id AND state = 'waiting' AND weight <= $5
                        AND coalesce(skills <@ $2, false)
                      ORDER BY urgent_at, enqueued_at, task_id LIMIT $4) AS t
"""


async def candidates(
    db: Connection, queues: Sequence[QueueId], skills: frozenset[str], now: datetime, most: int, room: int = HEAVIEST
) -> list[Candidate]:
    """The most urgent tasks of each queue that need no other skills than these and no more slots. Not locked."""
    rows = await db.fetch(CANDIDATES, list(queues), sorted(skills), now, most, room)
    tasks = [(task_of(row), row["spared"]) for row in rows]
    return [Candidate(task, frozenset(spared), task.kept_for(now)) for task, spared in tasks]


STILL_WAITING = """
SELECT t.task_id FROM tasks t JOIN unnest($1::uuid[], $2::bigint[]) AS seen (task_id, version) USING (task_id, version)
 WHERE t.state = 'waiting' ORDER BY t.task_id FOR NO KEY UPDATE OF t
"""


async def still_waiting(db: Connection, pairs: Sequence[Pair]) -> set[TaskId]:
    """Those that are as they were read. Locked until the work ends."""
    task_ids, versions = [pair.task.task_id for pair in pairs], [pair.task.version for pair in pairs]
    return {row["task_id"] for row in await db.fetch(STILL_WAITING, task_ids, versions)}


LOCK_READY = """
SELECT adviser_id FROM advisers
 WHERE adviser_id = ANY ($1) AND presence = 'ready' ORDER BY adviser_id FOR NO KEY UPDATE SKIP LOCKED
"""


async def lock_ready(db: Connection, pairs: Sequence[Pair]) -> set[AdviserId]:
    """Locked until the work ends, so that two do not fill one slot; whoever is in use is left out."""
    return {row["adviser_id"] for row in await db.fetch(LOCK_READY, [pair.adviser_id for pair in pairs])}
