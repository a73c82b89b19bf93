"""Clocks as they were written last, and the ledger that is only ever added to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.sla.domain.changes import Entry
from services.sla.domain.clocks import Clock, Key, State
from shared.db import Connection, Row
from shared.vocabulary import ClockId, EnquiryId, QueueId, TaskId

WRITE = """
WITH noted AS (
    INSERT INTO ledger (clock_id, version, entry, occurred_at, recorded_at, cause, actor, note)
    SELECT clock_id, version, entry, occurred_at, recorded_at, cause, actor, note
      FROM json_populate_recordset(NULL::ledger, $2::json)
)
INSERT INTO clocks AS c SELECT * FROM json_populate_recordset(NULL::clocks, $1::json)
ON CONFLICT (clock_id) DO UPDATE
   SET queue_id = excluded.queue_id, state = excluded.state, started_at = excluded.started_at,
       due_at = excluded.due_at, paused_at = excluded.paused_at, stopped_at = excluded.stopped_at,
       at_risk = excluded.at_risk, next_moment = excluded.next_moment, set_by = excluded.set_by,
       judged_up_to = excluded.judged_up_to, retired = excluded.retired, version = excluded.version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the ledger: what changed, when it came true, when it was written, and because of what."""

    clock_id: ClockId
    version: int
    entry: Entry
    occurred_at: datetime
    recorded_at: datetime
    cause: UUID | None
    actor: str
    note: str


async def write(db: Connection, clocks: Sequence[Clock], lines: Sequence[Line]) -> None:
    """Clocks and their new lines, in the order given: one is retired before another takes its place."""
    await db.execute(
        WRITE, as_json(map(row_of, clocks)), as_json({n: getattr(e, n) for n in Line.__slots__} for e in lines)
    )


def as_json(rows: Any) -> str:
    return json.dumps(list(rows), default=str)


def row_of(clock: Clock) -> dict[str, Any]:
    found = {name: getattr(clock, name) for name in Clock.__slots__ if name != "key"}
    return found | {"standard": clock.key.standard, "start_id": clock.key.start_id}


CLOCK = "SELECT * FROM clocks WHERE clock_id = $1"


async def clock(db: Connection, clock_id: ClockId) -> Clock | None:
    """Not locked: its enquiry is."""
    row = await db.fetchrow(CLOCK, clock_id)
    return read_clock(row) if row else None


CLOCKS_OF = "SELECT * FROM clocks WHERE enquiry_id = $1 ORDER BY started_at, standard, clock_id"


async def clocks_of(db: Connection, enquiry_id: EnquiryId) -> list[Clock]:
    """All there have been."""
    return [read_clock(row) for row in await db.fetch(CLOCKS_OF, enquiry_id)]


def read_clock(row: Row) -> Clock:
    return Clock(
        clock_id=ClockId(row["clock_id"]),
        enquiry_id=EnquiryId(row["enquiry_id"]),
        key=Key(row["standard"], row["start_id"]),
        standard_id=row["standard_id"],
        council_version=row["council_version"],
        task_id=TaskId(row["task_id"]) if row["task_id"] else None,
        queue_id=QueueId(row["queue_id"]) if row["queue_id"] else None,
        state=State(row["state"]),
        started_at=row["started_at"],
        due_at=row["due_at"],
        paused_at=row["paused_at"],
        stopped_at=row["stopped_at"],
        at_risk=row["at_risk"],
        next_moment=row["next_moment"],
        set_by=row["set_by"],
        judged_up_to=row["judged_up_to"],
        replaces=ClockId(row["replaces"]) if row["replaces"] else None,
        retired=row["retired"],
        version=row["version"],
    )


LINES_OF = """
SELECT l.clock_id, l.version, l.entry, l.occurred_at, l.recorded_at, l.cause, l.actor, l.note
  FROM ledger l JOIN clocks c USING (clock_id)
 WHERE c.enquiry_id = $1
 ORDER BY l.clock_id, l.version
"""


async def lines_of(db: Connection, enquiry_id: EnquiryId) -> dict[ClockId, list[Line]]:
    """The ledger of each of an enquiry's clocks, in the order written."""
    found: dict[ClockId, list[Line]] = {}
    for row in await db.fetch(LINES_OF, enquiry_id):
        line = Line(**{**dict(row), "entry": Entry(row["entry"]), "clock_id": ClockId(row["clock_id"])})
        found.setdefault(line.clock_id, []).append(line)
    return found
