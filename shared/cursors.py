"""How far each speaker's partition has been heard. The cursor is the inbox: it fences a woken replica."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.db import Connection
from shared.said import PARTITIONS

MAKE = """
INSERT INTO cursors (speaker, partition)
SELECT s, p FROM unnest($1::text[]) AS s, generate_series(0, $2::int - 1) AS p
ON CONFLICT DO NOTHING
"""
LOCK = """
SELECT speaker, position FROM cursors
 WHERE partition = $1 AND speaker = ANY ($2) ORDER BY speaker FOR NO KEY UPDATE
"""
POSITION = "SELECT position FROM cursors WHERE speaker = $1 AND partition = $2"
MOVE = """
UPDATE cursors c SET position = m.position
  FROM unnest($2::text[], $3::bigint[]) AS m (speaker, position)
 WHERE c.partition = $1 AND c.speaker = m.speaker
"""
SKIP = """
UPDATE cursors SET position = $4 WHERE partition = $1 AND speaker = $2 AND position = $3
"""
COUNT_START = """
INSERT INTO starts AS s (speaker, partition, position, count) VALUES ($1, $2, $3, 1)
ON CONFLICT (speaker, partition, position) DO UPDATE SET count = s.count + 1
RETURNING count
"""
FORGET_STARTS = "DELETE FROM starts WHERE speaker = $1 AND partition = $2 AND position = $3"


async def make(db: Connection, speakers: Sequence[str]) -> None:
    """A row for every speaker heard, before the first event comes."""
    await db.execute(MAKE, list(speakers), PARTITIONS)


async def lock(db: Connection, partition: int, speakers: Sequence[str]) -> dict[str, int]:
    """Positions by speaker. Locked until commit, so that two replicas never handle one partition at once."""
    return {row["speaker"]: row["position"] for row in await db.fetch(LOCK, partition, list(speakers))}


async def position(db: Connection, speaker: str, partition: int) -> int:
    return int(await db.fetchval(POSITION, speaker, partition))


async def move(db: Connection, partition: int, positions: Mapping[str, int]) -> None:
    await db.execute(MOVE, partition, list(positions), list(positions.values()))


async def pass_over(db: Connection, partition: int, speaker: str, positions: Sequence[int]) -> bool:
    """Moves past positions that nothing is to be done about. False when they do not follow the cursor without a gap."""
    first, last = positions[0], positions[-1]
    if list(positions) != list(range(first, last + 1)):
        return False
    return (await db.execute(SKIP, partition, speaker, first - 1, last)) == "UPDATE 1"


async def count_start(db: Connection, speaker: str, partition: int, position: int) -> int:
    """How often handling this event has been started without an end, this time included."""
    return int(await db.fetchval(COUNT_START, speaker, partition, position))


async def forget_starts(db: Connection, speaker: str, partition: int, position: int) -> None:
    await db.execute(FORGET_STARTS, speaker, partition, position)
