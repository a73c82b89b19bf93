"""An adviser's capacity, one row per slot: filled, freed, and as many as the council file says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.routing.domain.choosing import Pair
from shared.db import Connection
from shared.vocabulary import AdviserId, TaskId

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


LOCK_FILLED = "SELECT slot FROM slots WHERE task_id = $1 ORDER BY adviser_id, slot FOR UPDATE"
FREE_SLOTS = """
WITH gone AS (
    DELETE FROM slots WHERE task_id = $1 AND surplus
), freed AS (
    UPDATE slots SET task_id = NULL, part = NULL, idle_since = coalesce($2, idle_since)
     WHERE task_id = $1 AND NOT surplus
    RETURNING adviser_id
)
SELECT adviser_id FROM freed
 WHERE EXISTS (SELECT FROM slots s WHERE s.adviser_id = freed.adviser_id AND s.surplus AND s.task_id <> $1)
 LIMIT 1
"""
LOCK_ADVISER = "SELECT true FROM advisers WHERE adviser_id = $1 FOR NO KEY UPDATE"


async def free_slots(db: Connection, task_id: TaskId, idle_since: datetime | None) -> None:
    """Needs no lock on the adviser, but for one who has more in hand than they have room for since it was cut."""
    # What a change of capacity makes of a slot is seen only by a statement that begins when that change has ended.
    await db.execute(LOCK_FILLED, task_id)
    adviser_id = await db.fetchval(FREE_SLOTS, task_id, idle_since)
    if adviser_id is not None:
        await db.execute(LOCK_ADVISER, adviser_id)
        await take_slots(db, [adviser_id])


FREE_OF = "SELECT count(*) FROM slots WHERE adviser_id = $1 AND task_id IS NULL"


async def free_of(db: Connection, adviser_id: AdviserId) -> int:
    """How many of their slots are free."""
    return int(await db.fetchval(FREE_OF, adviser_id))


LOCK_SLOTS = "SELECT slot FROM slots WHERE adviser_id = ANY ($1) ORDER BY adviser_id, slot FOR UPDATE"
TAKE_SLOTS = """
WITH ranked AS (
    SELECT s.adviser_id, s.slot, s.task_id IS NOT NULL AS filled,
           row_number() OVER (PARTITION BY s.adviser_id ORDER BY s.task_id IS NULL, s.slot) > a.capacity AS beyond
      FROM slots s JOIN advisers a USING (adviser_id)
     WHERE s.adviser_id = ANY ($1)
), gone AS (
    DELETE FROM slots s USING ranked r
     WHERE (s.adviser_id, s.slot) = (r.adviser_id, r.slot) AND r.beyond AND NOT r.filled
)
UPDATE slots s SET surplus = r.beyond FROM ranked r
 WHERE (s.adviser_id, s.slot) = (r.adviser_id, r.slot) AND r.filled AND s.surplus <> r.beyond
"""


async def take_slots(db: Connection, advisers: Sequence[AdviserId]) -> None:
    """Beyond their capacity, what is free goes, and what is filled is marked to go. The advisers are locked."""
    await db.execute(LOCK_SLOTS, list(advisers))
    await db.execute(TAKE_SLOTS, list(advisers))


GIVE_SLOTS = """
INSERT INTO slots (adviser_id, slot, idle_since)
SELECT a.adviser_id, n.slot, $2
  FROM advisers a
 CROSS JOIN LATERAL (
       SELECT slot FROM generate_series(1, 20) AS slot
        WHERE NOT EXISTS (SELECT FROM slots s WHERE s.adviser_id = a.adviser_id AND s.slot = slot.slot)
        ORDER BY slot
        LIMIT greatest(0, a.capacity - (SELECT count(*) FROM slots s WHERE s.adviser_id = a.adviser_id))) AS n
 WHERE a.adviser_id = ANY ($1)
"""


async def give_slots(db: Connection, advisers: Sequence[AdviserId], at: datetime) -> None:
    """As many as their capacity. The advisers are locked."""
    await db.execute(GIVE_SLOTS, list(advisers), at)
