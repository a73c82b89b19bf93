"""What is or was stopped, by whom and why, and who started it again: at present only `mail`, all that is emailed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection

MAIL = "mail"

STOP = """
INSERT INTO stopped (what, stopped_at, stopped_by, because) VALUES ($1, $2, $3, $4)
ON CONFLICT (what) WHERE started_at IS NULL DO NOTHING
"""


async def stop(db: Connection, what: str, now: datetime, who: str, because: str) -> None:
    """Of what is stopped already, nothing changes."""
    await db.execute(STOP, what, now, who, because)


START = "UPDATE stopped SET started_at = $2, started_by = $3 WHERE what = $1 AND started_at IS NULL"


async def start(db: Connection, what: str, now: datetime, who: str) -> None:
    """That it was stopped stays known."""
    await db.execute(START, what, now, who)


STOPPED = "SELECT stopped_at, stopped_by, because FROM stopped WHERE what = $1 AND started_at IS NULL"


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


ENDED = """
SELECT stopped_at, stopped_by, because, started_at, started_by FROM stopped
 WHERE what = $1 AND started_at IS NOT NULL ORDER BY stopped_at DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Ended(Stopped):
    """And when and by whom it was started again."""

    started_at: datetime
    started_by: str


async def ended(db: Connection, what: str, most: int) -> list[Ended]:
    """The last first."""
    return [Ended(**dict(row)) for row in await db.fetch(ENDED, what, most)]
