"""What is stopped, by whom and why: at present only `mail`, all that goes out by email."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection

MAIL = "mail"

STOP = """
INSERT INTO stopped (what, stopped_at, stopped_by, because) VALUES ($1, $2, $3, $4) ON CONFLICT (what) DO NOTHING
"""


async def stop(db: Connection, what: str, now: datetime, who: str, because: str) -> None:
    """Of what is stopped already, nothing changes."""
    await db.execute(STOP, what, now, who, because)


START = "DELETE FROM stopped WHERE what = $1"


async def start(db: Connection, what: str) -> None:
    await db.execute(START, what)


STOPPED = "SELECT stopped_at, stopped_by, because FROM stopped WHERE what = $1"


@dataclass(frozen=True, slots=True)
class Stopped:
    """Since when, by whom and why something is stopped."""

    stopped_at: datetime
    stopped_by: str
    because: str


async def stopped(db: Connection, what: str) -> Stopped | None:
    """None while it goes on."""
    row = await db.fetchrow(STOPPED, what)
    return Stopped(**dict(row)) if row is not None else None
