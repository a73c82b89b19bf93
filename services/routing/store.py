"""Every SQL statement of routing, each above the function that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.routing.domain import Adviser, Candidate, Offer, OfferState, Pair, Purpose, Task, TaskState
from shared.db import Connection, Row
from shared.vocabulary import AdviserId, EnquiryId, OfferId, Presence, QueueId, TaskId, TaskKind

QUEUE_TASK = """
INSERT INTO tasks (task_id, enquiry_id, queue_id, purpose, kind, enqueued_at, changed_at, correlation_id)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
ON CONFLICT (enquiry_id, purpose) DO NOTHING
RETURNING true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task about to wait."""

    task_id: TaskId
    enquiry_id: EnquiryId
    queue_id: QueueId
    purpose: Purpose
    kind: TaskKind
    enqueued_at: datetime
    correlation_id: UUID


async def queue_task(db: Connection, new: NewTask) -> bool:
    """False when the enquiry has a task for this purpose already."""
    queued = await db.fetchval(
        QUEUE_TASK,
        new.task_id,
        new.enquiry_id,
        new.queue_id,
        new.purpose,
        new.kind,
        new.enqueued_at,
        new.correlation_id,
    )
    return queued is not None


TASK = "SELECT * FROM tasks WHERE task_id = $1"


async def task(db: Connection, task_id: TaskId) -> Task | None:
    row = await db.fetchrow(TASK, task_id)
    return task_of(row) if row is not None else None


TASKS_OF_ENQUIRY = "SELECT * FROM tasks WHERE enquiry_id = $1 ORDER BY task_id FOR NO KEY UPDATE"


async def tasks_of_enquiry(db: Connection, enquiry_id: EnquiryId) -> list[Task]:
    """Locked until the work ends, in the order in which everybody locks tasks."""
    return [task_of(row) for row in await db.fetch(TASKS_OF_ENQUIRY, enquiry_id)]


MOVE_TASK = """
UPDATE tasks SET state = $2, assigned_to = $3, changed_at = $4, version = version + 1 WHERE task_id = $1
RETURNING *
"""


async def move_task(
    db: Connection, task_id: TaskId, state: TaskState, assigned_to: AdviserId | None, at: datetime
) -> Task:
    row = await db.fetchrow(MOVE_TASK, task_id, state, assigned_to, at)
    if row is None:
        raise LookupError(f"there is no task {task_id}")
    return task_of(row)


def task_of(row: Row) -> Task:
    return Task(
        task_id=row["task_id"],
        enquiry_id=row["enquiry_id"],
        queue_id=row["queue_id"],
        kind=TaskKind(row["kind"]),
        state=TaskState(row["state"]),
        enqueued_at=row["enqueued_at"],
        weight=row["weight"],
        assigned_to=row["assigned_to"],
        version=row["version"],
        correlation_id=row["correlation_id"],
    )


QUEUES_TO_CHOOSE_FOR = """
SELECT q.queue_id FROM queues q
 WHERE EXISTS (SELECT FROM tasks t WHERE t.queue_id = q.queue_id AND t.state = 'waiting')
   AND EXISTS (SELECT FROM advisers a JOIN slots s USING (adviser_id)
                WHERE a.presence = 'ready' AND s.task_id IS NULL)
 ORDER BY q.queue_id
"""


async def queues_to_choose_for(db: Connection) -> list[QueueId]:
    """Queues on which something waits while somebody is free."""
    return [row["queue_id"] for row in await db.fetch(QUEUES_TO_CHOOSE_FOR)]


LOCK_QUEUE = "SELECT true FROM queues WHERE queue_id = $1 FOR NO KEY UPDATE SKIP LOCKED"


async def lock_queue(db: Connection, queue_id: QueueId) -> bool:
    """Locked until the work ends, so that one chooses for a queue at a time. False when another one does."""
    return await db.fetchval(LOCK_QUEUE, queue_id) is not None


CANDIDATES = """
SELECT t.*, ARRAY(SELECT o.adviser_id FROM offers o
                   WHERE o.task_id = t.task_id AND o.state IN ('refused', 'lapsed') AND o.ended_at > $2)
            AS turned_down_by
  FROM tasks t
 WHERE t.queue_id = $1 AND t.state = 'waiting'
 ORDER BY t.enqueued_at, t.task_id LIMIT $3
"""


async def candidates(db: Connection, queue_id: QueueId, since: datetime, most: int) -> list[Candidate]:
    """The tasks that have waited longest, with those who turned them down after `since`. Not locked."""
    rows = await db.fetch(CANDIDATES, queue_id, since, most)
    return [Candidate(task_of(row), frozenset(row["turned_down_by"])) for row in rows]


READY_ADVISERS = """
SELECT a.adviser_id, count(*) AS slots, count(*) FILTER (WHERE s.task_id IS NULL) AS free,
       greatest(max(s.idle_since), a.presence_since) AS idle_since
  FROM advisers a JOIN slots s USING (adviser_id)
 WHERE a.presence = 'ready'
 GROUP BY a.adviser_id
"""


async def ready_advisers(db: Connection) -> list[Adviser]:
    """Not locked."""
    rows = await db.fetch(READY_ADVISERS)
    return [Adviser(row["adviser_id"], row["slots"], row["free"], row["idle_since"]) for row in rows]


STILL_WAITING = """
SELECT task_id FROM tasks
 WHERE task_id = ANY ($1) AND state = 'waiting' ORDER BY task_id FOR NO KEY UPDATE
"""


async def still_waiting(db: Connection, task_ids: Sequence[TaskId]) -> set[TaskId]:
    """Locked until the work ends."""
    return {row["task_id"] for row in await db.fetch(STILL_WAITING, list(task_ids))}


LOCK_READY = """
SELECT adviser_id FROM advisers
 WHERE adviser_id = ANY ($1) AND presence = 'ready' ORDER BY adviser_id FOR NO KEY UPDATE SKIP LOCKED
"""


async def lock_ready(db: Connection, adviser_ids: Sequence[AdviserId]) -> set[AdviserId]:
    """Locked until the work ends, so that two queues do not fill one slot; whoever is in use is left out."""
    return {row["adviser_id"] for row in await db.fetch(LOCK_READY, list(adviser_ids))}


FILL_SLOTS = """
WITH wanted AS (
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::smallint[]) AS w (adviser_id, task_id, weight)
), free AS (
    SELECT s.adviser_id, s.slot, w.task_id, w.weight,
           row_number() OVER (PARTITION BY s.adviser_id ORDER BY s.slot) AS part,
           count(*) OVER (PARTITION BY s.adviser_id) AS free
      FROM slots s JOIN wanted w USING (adviser_id)
     WHERE s.task_id IS NULL
), filled AS (
    UPDATE slots s SET task_id = f.task_id, part = f.part
      FROM free f
     WHERE s.adviser_id = f.adviser_id AND s.slot = f.slot AND f.part <= f.weight AND f.free >= f.weight
    RETURNING s.task_id
)
SELECT DISTINCT task_id FROM filled
"""


async def fill_slots(db: Connection, pairs: Sequence[Pair]) -> set[TaskId]:
    """The tasks for which there was room. Each adviser may occur once and is locked."""
    rows = await db.fetch(
        FILL_SLOTS,
        [pair.adviser_id for pair in pairs],
        [pair.task.task_id for pair in pairs],
        [pair.task.weight for pair in pairs],
    )
    return {row["task_id"] for row in rows}


FREE_SLOTS = """
UPDATE slots SET task_id = NULL, part = NULL, idle_since = coalesce($2, idle_since) WHERE task_id = $1
"""


async def free_slots(db: Connection, task_id: TaskId, idle_since: datetime | None) -> None:
    """Needs no lock on the adviser: a filled slot is only touched by whoever holds its task."""
    await db.execute(FREE_SLOTS, task_id, idle_since)


MAKE_OFFERS = """
WITH offered AS (
    UPDATE tasks SET state = 'offered', changed_at = $4::timestamptz, version = version + 1
     WHERE task_id = ANY ($2)
)
INSERT INTO offers (offer_id, task_id, adviser_id, slots, made_at, lease_until)
SELECT offer_id, task_id, adviser_id, weight, $4::timestamptz, $6::timestamptz
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $5::smallint[]) AS o (offer_id, task_id, adviser_id, weight)
"""


async def make_offers(
    db: Connection, pairs: Sequence[Pair], offer_ids: Sequence[OfferId], at: datetime, lease: timedelta
) -> None:
    await db.execute(
        MAKE_OFFERS,
        list(offer_ids),
        [pair.task.task_id for pair in pairs],
        [pair.adviser_id for pair in pairs],
        at,
        [pair.task.weight for pair in pairs],
        at + lease,
    )


OFFER = """
SELECT o.*, t.enquiry_id, t.queue_id FROM offers o JOIN tasks t USING (task_id) WHERE o.offer_id = $1
"""


async def offer(db: Connection, offer_id: OfferId) -> Offer | None:
    row = await db.fetchrow(OFFER, offer_id)
    return offer_of(row) if row is not None else None


LIVE_OFFER = """
SELECT o.*, t.enquiry_id, t.queue_id FROM offers o JOIN tasks t USING (task_id)
 WHERE o.task_id = $1 AND o.state = 'live'
"""


async def live_offer(db: Connection, task_id: TaskId) -> Offer | None:
    row = await db.fetchrow(LIVE_OFFER, task_id)
    return offer_of(row) if row is not None else None


LIVE_OFFERS_FOR = """
SELECT o.*, t.enquiry_id, t.queue_id FROM offers o JOIN tasks t USING (task_id)
 WHERE o.adviser_id = $1 AND o.state = 'live' AND o.lease_until > $2
 ORDER BY o.made_at, o.offer_id
"""


async def live_offers_for(db: Connection, adviser_id: AdviserId, now: datetime) -> list[Offer]:
    return [offer_of(row) for row in await db.fetch(LIVE_OFFERS_FOR, adviser_id, now)]


END_OFFER = "UPDATE offers SET state = $2, ended_at = $3 WHERE offer_id = $1 AND state = 'live'"


async def end_offer(db: Connection, offer_id: OfferId, state: OfferState, at: datetime) -> None:
    await db.execute(END_OFFER, offer_id, state, at)


def offer_of(row: Row) -> Offer:
    return Offer(
        offer_id=row["offer_id"],
        task_id=row["task_id"],
        enquiry_id=row["enquiry_id"],
        queue_id=row["queue_id"],
        adviser_id=row["adviser_id"],
        state=OfferState(row["state"]),
        lease_until=row["lease_until"],
    )


SET_PRESENCE = """
INSERT INTO advisers AS a (adviser_id, presence, presence_since) VALUES ($1, $2, $3)
ON CONFLICT (adviser_id) DO UPDATE SET presence = excluded.presence, presence_since = excluded.presence_since
 WHERE a.presence <> excluded.presence
RETURNING true
"""
MAKE_SLOTS = """
INSERT INTO slots (adviser_id, slot, idle_since)
SELECT adviser_id, generate_series(1, capacity), $2 FROM advisers WHERE adviser_id = $1
ON CONFLICT DO NOTHING
"""


async def set_presence(db: Connection, adviser_id: AdviserId, presence: Presence, at: datetime) -> bool:
    """False when it was so already. Whoever comes for the first time gets a row and its slots."""
    if await db.fetchval(SET_PRESENCE, adviser_id, presence, at) is None:
        return False
    await db.execute(MAKE_SLOTS, adviser_id, at)
    return True


QUEUE_FIGURES = """
SELECT q.queue_id, q.name, q.office,
       count(*) FILTER (WHERE t.state = 'waiting') AS waiting,
       count(*) FILTER (WHERE t.state = 'offered') AS offered,
       count(*) FILTER (WHERE t.state = 'assigned') AS assigned,
       min(t.enqueued_at) FILTER (WHERE t.state = 'waiting') AS longest_waiting_since
  FROM queues q
  LEFT JOIN tasks t ON t.queue_id = q.queue_id AND t.state IN ('waiting', 'offered', 'assigned')
 GROUP BY q.queue_id ORDER BY q.queue_id
"""


async def queue_figures(db: Connection) -> list[Row]:
    """How many tasks stand where on each queue, and since when the oldest one waits."""
    return await db.fetch(QUEUE_FIGURES)
