"""What was heard of an enquiry's progress and of its promises, and what its citizen may see."""

from __future__ import annotations

from datetime import datetime

from services.intake.domain.progress import (
    BroughtAlong,
    Promise,
    Standing,
    Step,
    Tracked,
    progress_of,
    with_brought,
)
from shared.db import Connection, Row
from shared.vocabulary import ClockId, EnquiryId, Reference

ADD_STEP = """
INSERT INTO steps (enquiry_id, step, occurred_at) SELECT enquiry_id, $2, $3 FROM submissions WHERE enquiry_id = $1
RETURNING true
"""


async def add_step(db: Connection, enquiry_id: EnquiryId, step: Step, occurred_at: datetime) -> bool:
    """False when no such enquiry was submitted here."""
    return await db.fetchval(ADD_STEP, enquiry_id, step, occurred_at) is not None


# sla alone speaks of promises, and what it says of one enquiry comes in order: the latest word holds.
# Without a standing, it stands as before.
KEEP_PROMISE = """
INSERT INTO promises AS p (clock_id, enquiry_id, standard, due_at, standing)
SELECT $1, enquiry_id, $3, $4, coalesce($5, 'running') FROM submissions WHERE enquiry_id = $2
ON CONFLICT (clock_id) DO UPDATE SET due_at = excluded.due_at, standing = coalesce($5, p.standing)
RETURNING true
"""


async def keep_promise(
    db: Connection,
    clock_id: ClockId,
    enquiry_id: EnquiryId,
    standard: str | None,
    due_at: datetime | None,
    standing: Standing | None,
) -> bool:
    """False when no such enquiry was submitted here."""
    return await db.fetchval(KEEP_PROMISE, clock_id, enquiry_id, standard, due_at, standing) is not None


TRACKED = """
SELECT s.enquiry_id, s.reference, s.received_at, r.due_at, i.cut_over
  FROM submissions s
  LEFT JOIN imported_rows r USING (enquiry_id)
  LEFT JOIN imports i ON i.import_id = r.import_id
"""
BY_NUMBER = f"{TRACKED} WHERE right(s.reference, 14) = $1"
BY_ENQUIRY = f"{TRACKED} WHERE s.enquiry_id = $1"
STEPS = "SELECT step, occurred_at FROM steps WHERE enquiry_id = $1 ORDER BY step_id"
PROMISES = """
SELECT standard, due_at, standing FROM promises WHERE enquiry_id = $1 AND standing <> 'superseded' ORDER BY heard
"""


async def tracked(db: Connection, number: str) -> Tracked | None:
    row = await db.fetchrow(BY_NUMBER, number)
    return await tracked_as(db, row) if row is not None else None


async def tracked_enquiry(db: Connection, enquiry_id: EnquiryId) -> Tracked:
    """Of one that was submitted here."""
    [row] = await db.fetch(BY_ENQUIRY, enquiry_id)
    return await tracked_as(db, row)


async def tracked_as(db: Connection, row: Row) -> Tracked:
    steps = [(Step(each["step"]), each["occurred_at"]) for each in await db.fetch(STEPS, row["enquiry_id"])]
    heard = await db.fetch(PROMISES, row["enquiry_id"])
    promises = [Promise(each["standard"], each["due_at"], Standing(each["standing"])) for each in heard]
    brought = BroughtAlong(row["due_at"], row["cut_over"]) if row["due_at"] is not None else None
    return Tracked(
        reference=Reference(row["reference"]),
        received_at=row["received_at"],
        progress=progress_of(steps),
        promises=tuple(with_brought(brought, steps, promises)),
    )
