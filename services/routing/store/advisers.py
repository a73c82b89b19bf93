"""Advisers: who they are by the council file, and whether they are there."""

from __future__ import annotations

from datetime import datetime

from services.routing.domain.advisers import Adviser
from shared.db import Connection, Row
from shared.vocabulary import AdviserId, Presence, Role

ADVISER = """
SELECT a.*, ARRAY(SELECT m.queue_id FROM memberships m WHERE m.adviser_id = a.adviser_id ORDER BY m.nth) AS queues
  FROM advisers a WHERE a.adviser_id = $1 AND a.listed
"""


async def adviser(db: Connection, adviser_id: AdviserId) -> Adviser | None:
    """None when the council file does not name them."""
    row = await db.fetchrow(ADVISER, adviser_id)
    return adviser_of(row) if row is not None else None


SET_PRESENCE = """
UPDATE advisers SET presence = $2, presence_since = $3, away_because = $4
 WHERE adviser_id = $1 AND presence <> $2 AND listed
RETURNING true
"""


async def set_presence(
    db: Connection, adviser_id: AdviserId, presence: Presence, at: datetime, because: str | None = None
) -> bool:
    """False when it was so already, or they have left the council file meanwhile."""
    return await db.fetchval(SET_PRESENCE, adviser_id, presence, at, because) is not None


PICKS = "UPDATE advisers SET picked_at = $2 WHERE adviser_id = $1"


async def picks(db: Connection, adviser_id: AdviserId, at: datetime) -> None:
    """Locked until the work ends, so that two do not fill one slot."""
    await db.execute(PICKS, adviser_id, at)


def adviser_of(row: Row) -> Adviser:
    return Adviser(
        adviser_id=row["adviser_id"],
        role=Role(row["role"]),
        presence=Presence(row["presence"]),
        away_because=row["away_because"],
        queues=tuple(row["queues"]),
        skills=frozenset(row["skills"]),
        capacity=row["capacity"],
    )
