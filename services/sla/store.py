"""Every SQL statement sla runs, each above the function that runs it."""

from __future__ import annotations

from uuid import UUID

from services.sla.domain import Clock, Entry, Figures, Line, State
from shared.db import Connection, Row
from shared.vocabulary import ClockId, EnquiryId

START = """
INSERT INTO clocks (clock_id, enquiry_id, standard, started_at, due_at, state, version)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (enquiry_id, standard) DO NOTHING
RETURNING true
"""


async def start(db: Connection, clock: Clock) -> bool:
    """False when this standard runs on the enquiry already."""
    started = await db.fetchval(
        START,
        clock.clock_id,
        clock.enquiry_id,
        clock.standard,
        clock.started_at,
        clock.due_at,
        clock.state,
        clock.version,
    )
    return started is not None


CLOCK_OF = """
SELECT clock_id, enquiry_id, standard, started_at, due_at, stopped_at, state, version
  FROM clocks
 WHERE enquiry_id = $1 AND standard = $2
"""


async def clock_of(db: Connection, enquiry_id: EnquiryId, standard: str) -> Clock | None:
    """Not locked: its enquiry is."""
    row = await db.fetchrow(CLOCK_OF, enquiry_id, standard)
    return read_clock(row) if row else None


CLOCK = """
SELECT clock_id, enquiry_id, standard, started_at, due_at, stopped_at, state, version
  FROM clocks
 WHERE clock_id = $1
"""


async def clock(db: Connection, clock_id: ClockId) -> Clock | None:
    """Not locked: its enquiry is."""
    row = await db.fetchrow(CLOCK, clock_id)
    return read_clock(row) if row else None


CLOCKS_OF = """
SELECT clock_id, enquiry_id, standard, started_at, due_at, stopped_at, state, version
  FROM clocks
 WHERE enquiry_id = $1
 ORDER BY started_at, standard
"""


async def clocks_of(db: Connection, enquiry_id: EnquiryId) -> list[Clock]:
    return [read_clock(row) for row in await db.fetch(CLOCKS_OF, enquiry_id)]


def read_clock(row: Row) -> Clock:
    return Clock(
        clock_id=ClockId(row["clock_id"]),
        enquiry_id=EnquiryId(row["enquiry_id"]),
        standard=row["standard"],
        started_at=row["started_at"],
        due_at=row["due_at"],
        stopped_at=row["stopped_at"],
        state=State(row["state"]),
        version=row["version"],
    )


CHANGE = "UPDATE clocks SET stopped_at = $2, state = $3, version = $4 WHERE clock_id = $1"


async def change(db: Connection, clock: Clock) -> None:
    await db.execute(CHANGE, clock.clock_id, clock.stopped_at, clock.state, clock.version)


ADD_LINE = """
INSERT INTO ledger (clock_id, version, entry, occurred_at, recorded_at, cause, actor, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def add_line(db: Connection, clock_id: ClockId, line: Line, cause: UUID | None) -> None:
    """`cause` is the event that brought it about."""
    await db.execute(
        ADD_LINE,
        clock_id,
        line.version,
        line.entry,
        line.occurred_at,
        line.recorded_at,
        cause,
        line.actor,
        line.note,
    )


LINES_OF = """
SELECT l.clock_id, l.version, l.entry, l.occurred_at, l.recorded_at, l.actor, l.note
  FROM ledger l JOIN clocks c USING (clock_id)
 WHERE c.enquiry_id = $1
 ORDER BY l.clock_id, l.version
"""


async def lines_of(db: Connection, enquiry_id: EnquiryId) -> dict[ClockId, list[Line]]:
    """The ledger of each of an enquiry's clocks, in the order written."""
    found: dict[ClockId, list[Line]] = {}
    for row in await db.fetch(LINES_OF, enquiry_id):
        line = Line(
            version=row["version"],
            entry=Entry(row["entry"]),
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            actor=row["actor"],
            note=row["note"],
        )
        found.setdefault(ClockId(row["clock_id"]), []).append(line)
    return found


FIGURES = """
SELECT count(*) FILTER (WHERE state = 'running') AS running,
       count(*) FILTER (WHERE state = 'met') AS met,
       count(*) FILTER (WHERE state = 'breached') AS breached,
       min(started_at) FILTER (WHERE state = 'running') AS oldest_started_at
  FROM clocks
"""


async def figures(db: Connection) -> Figures:
    """One look at all clocks, so that the figures agree with each other."""
    row = await db.fetchrow(FIGURES)
    if row is None:
        raise LookupError("an aggregate always gives a row")
    return Figures(**dict(row))
