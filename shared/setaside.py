"""Events that cannot be handled yet, or not without a person: rows with a reason, never lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from shared.db import Connection, Row
from shared.vocabulary import new_id

EARLY_FOR = timedelta(minutes=10)
TRY_EARLY_EVERY = timedelta(seconds=5)
UNREADABLE = UUID("7c9f6c0e-5f0b-4d8a-9d54-2f6b1d3c8a11")
MOST_TENDED = 20
LONGEST_WHY = 1000
GAP_ALARM = timedelta(seconds=60)


class State(StrEnum):
    """Why an event is set aside."""

    AHEAD = "ahead"
    EARLY = "early"
    BEHIND = "behind"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of an event whose handler failed. `state` is missing when it should be tried again at once."""

    state: State | None
    why: str
    waits_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """One event set aside. `position` and `subject` are missing when not even the envelope could be read."""

    speaker: str
    partition: int
    position: int | None
    subject: str | None
    name: str | None
    body: bytes
    state: State
    why: str
    waits_for: str | None = None


KEEP = """
INSERT INTO set_aside (set_aside_id, speaker, partition, position, subject, name, body, state, why, waits_for,
                       since, tried_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
ON CONFLICT DO NOTHING
"""
BLOCKED = """
SELECT DISTINCT speaker, subject, waits_for FROM set_aside
 WHERE (subject = ANY ($1) AND speaker = ANY ($2) AND state <> 'ahead') OR (state = 'early' AND waits_for = ANY ($1))
"""
AHEAD = """
SELECT body FROM set_aside
 WHERE partition = $1 AND speaker = $2 AND state = 'ahead' AND position > $3 ORDER BY position LIMIT 50
"""
FORGET_AHEAD = """
DELETE FROM set_aside WHERE partition = $1 AND speaker = $2 AND state = 'ahead' AND position <= $3
"""
HAS_HAD_ITS_TURN = """
DELETE FROM set_aside WHERE partition = $1 AND speaker = $2 AND state = 'ahead' AND position = $3
"""
WAKE_EARLY = "UPDATE set_aside SET wanted = 'replay' WHERE state = 'early' AND waits_for = ANY ($1) AND wanted IS NULL"
TO_TEND = """
SELECT set_aside_id, speaker, subject FROM set_aside
 WHERE partition = ANY ($1) AND (wanted IS NOT NULL OR (state = 'early' AND tried_at < $2))
 ORDER BY wanted IS NULL, tried_at, position LIMIT $3
"""
PARK_LATE = """
UPDATE set_aside SET state = 'parked', waits_for = NULL,
       why = 'waited 10 minutes for ' || waits_for || ', which was never heard of'
 WHERE partition = ANY ($1) AND state = 'early' AND since < $2 AND wanted IS NULL
RETURNING name, why
"""
ROW = "SELECT * FROM set_aside WHERE set_aside_id = $1 FOR UPDATE"
FIRST_OF_SUBJECT = """
SELECT * FROM set_aside
 WHERE speaker = $1 AND subject = $2 AND state <> 'ahead' ORDER BY position LIMIT 1 FOR UPDATE
"""
CALL_NEXT = """
UPDATE set_aside SET wanted = 'replay' WHERE wanted IS NULL AND set_aside_id = (
    SELECT set_aside_id FROM set_aside
     WHERE speaker = $1 AND subject = $2 AND state <> 'ahead' ORDER BY position LIMIT 1)
"""
REMOVE = "DELETE FROM set_aside WHERE set_aside_id = $1"
CHANGE = """
UPDATE set_aside SET state = $2, why = $3, waits_for = $4, tried_at = $5,
       wanted = CASE WHEN wanted = 'drop' THEN wanted END,
       since = CASE WHEN $2 = 'early' AND state <> 'early' THEN $5 ELSE since END
 WHERE set_aside_id = $1
"""
OLDEST_AHEAD = "SELECT min(since) FROM set_aside WHERE state = 'ahead'"
LISTED = """
SELECT * FROM set_aside WHERE state <> 'ahead' OR $1 ORDER BY since, speaker, partition, position LIMIT $2
"""
SHOWN = "SELECT * FROM set_aside WHERE set_aside_id = $1"
MARK = """
UPDATE set_aside SET wanted = $2 WHERE set_aside_id = $1 AND state IN ('parked', 'early') RETURNING true
"""


async def keep(db: Connection, event: SetAside, now: datetime) -> None:
    """Once, however often it is delivered. What waited for its turn has had it and waits for something else now."""
    if event.state is not State.AHEAD and event.position is not None:
        await db.execute(HAS_HAD_ITS_TURN, event.partition, event.speaker, event.position)
    await db.execute(
        KEEP,
        new_id() if event.position is not None else uuid5(UNREADABLE, event.body.hex()),
        event.speaker,
        event.partition,
        event.position,
        event.subject,
        event.name,
        event.body,
        event.state,
        storable(event.why),
        event.waits_for,
        now,
    )


def storable(why: str) -> str:
    """PostgreSQL takes no NUL in a text; a reason needs none."""
    return why.replace("\x00", "")[:LONGEST_WHY]


async def blocked(
    db: Connection, subjects: Sequence[str], speakers: Sequence[str]
) -> tuple[set[tuple[str, str]], set[str]]:
    """Pairs of speaker and subject behind whose earlier event every later one must queue; and subjects waited for."""
    rows = await db.fetch(BLOCKED, list(subjects), list(speakers))
    return {(row["speaker"], row["subject"]) for row in rows}, {row["waits_for"] for row in rows}


async def ahead(db: Connection, partition: int, speaker: str, position: int) -> list[bytes]:
    """What came before its turn and lies after `position`, in order."""
    return [row["body"] for row in await db.fetch(AHEAD, partition, speaker, position)]


async def forget_ahead(db: Connection, partition: int, speaker: str, position: int) -> None:
    await db.execute(FORGET_AHEAD, partition, speaker, position)


async def wake_early(db: Connection, subjects: Sequence[str]) -> bool:
    """Asks for another try of everything that waits for these subjects, in whichever partition it lies."""
    return (await db.execute(WAKE_EARLY, list(subjects))) != "UPDATE 0"


async def to_tend(db: Connection, partitions: Sequence[int], now: datetime) -> list[Row]:
    """What a person or a handled event asked for, and early events not tried for a while: a wake-up may be lost."""
    return await db.fetch(TO_TEND, list(partitions), now - TRY_EARLY_EVERY, MOST_TENDED)


async def park_late(db: Connection, partitions: Sequence[int], now: datetime) -> list[Row]:
    """Early events that have waited long enough now need a person."""
    return await db.fetch(PARK_LATE, list(partitions), now - EARLY_FOR)


async def row(db: Connection, set_aside_id: UUID) -> Row | None:
    """Locked until commit."""
    return await db.fetchrow(ROW, set_aside_id)


async def first_of_subject(db: Connection, speaker: str, subject: str) -> Row | None:
    """Locked until commit."""
    return await db.fetchrow(FIRST_OF_SUBJECT, speaker, subject)


async def remove(db: Connection, row: Row) -> None:
    """Whatever is behind it is asked for in the same breath: nobody else would come back for it."""
    await db.execute(REMOVE, row["set_aside_id"])
    await db.execute(CALL_NEXT, row["speaker"], row["subject"])


async def change(db: Connection, set_aside_id: UUID, ruling: Ruling, now: datetime) -> None:
    await db.execute(CHANGE, set_aside_id, ruling.state, storable(ruling.why), ruling.waits_for, now)


async def oldest_gap(db: Connection) -> datetime | None:
    """Since when the oldest event waits for one before it."""
    since: datetime | None = await db.fetchval(OLDEST_AHEAD)
    return since


async def listed(db: Connection, *, most: int = 100, all_states: bool = False) -> list[Row]:
    return await db.fetch(LISTED, all_states, most)


async def shown(db: Connection, set_aside_id: UUID) -> Row | None:
    return await db.fetchrow(SHOWN, set_aside_id)


async def mark(db: Connection, set_aside_id: UUID, wanted: str) -> bool:
    """`replay` or `drop`; the owner of its partition acts on it, in order. False when there is no such row."""
    return bool(await db.fetchval(MARK, set_aside_id, wanted))
