"""What is left of a deleted mail: a row by which it is known, should it come again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection
from shared.vocabulary import MailId

STANDING = "SELECT state, starts FROM mails WHERE mail_id = $1 FOR UPDATE"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a mail has come, and how often it was begun."""

    state: str
    starts: int


async def standing(db: Connection, mail_id: MailId) -> Standing | None:
    """Locked. None for a mail that never was."""
    row = await db.fetchrow(STANDING, mail_id)
    return Standing(**dict(row)) if row is not None else None


DELETE = """
UPDATE mails SET state = 'deleted', deleted_at = $2, deleted_by = $3, deleted_because = $4, sent_from = NULL
 WHERE mail_id = $1
"""
DELETE_PIECES = "DELETE FROM mail_pieces WHERE mail_id = $1"
DELETE_TEXT = "DELETE FROM mail_texts WHERE mail_id = $1"


async def delete(db: Connection, mail_id: MailId, now: datetime, who: str, because: str) -> None:
    """Its bytes go, and all that was read in them and stands with it. What its contact was recorded with stays."""
    await db.execute(DELETE, mail_id, now, who, because)
    await db.execute(DELETE_PIECES, mail_id)
    await db.execute(DELETE_TEXT, mail_id)
