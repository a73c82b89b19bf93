"""What decides whether mail may go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.intake.store.stopped import MAIL
from shared.db import Connection

# The mails of the last hour are counted, whichever replica sent them: those that left, may have left, or are under way.
MAY_LEAVE = """
WITH lately AS (
    SELECT m.kind FROM attempts a JOIN messages m USING (message_id)
     WHERE a.begun_at > $2 AND m.mail_message_id IS NOT NULL AND (a.ended_at IS NULL OR a.why IS NULL) LIMIT $3
), now AS (
    SELECT NOT EXISTS (SELECT FROM stopped WHERE what = $1 AND started_at IS NULL)
           AND (SELECT count(*) FROM lately) < $3 AS mails
)
SELECT mails, mails AND (SELECT count(*) FROM lately WHERE kind = 'receipt') < ($3 + 1) / 2 AS receipts FROM now
"""


@dataclass(frozen=True, slots=True)
class MayLeave:
    """Which mail may be sent: any at all, and receipts."""

    mails: bool
    receipts: bool

    @classmethod
    def nothing(cls) -> MayLeave:
        return cls(mails=False, receipts=False)


async def may_leave(db: Connection, since: datetime, most: int) -> MayLeave:
    """
    Nobody has stopped it, and there were fewer than so many since then, fewer than half of them receipts.

    Anybody can have as many receipts written as they find addresses: advisers' answers go out all the same.
    """
    [row] = await db.fetch(MAY_LEAVE, MAIL, since, most)
    return MayLeave(**dict(row))


# What stands after a plus leads to the same person, or to the same machine, which may write another one each time.
LOCK_ADDRESS = r"""
SELECT pg_advisory_xact_lock(hashtextextended('receipts to ' || lower(regexp_replace($1, '\+[^@]*@', '@')), 0))
"""
LATELY = r"""
SELECT (SELECT why FROM bounced_addresses WHERE address = lower($1) AND bounced_at > $2) AS bounced_because,
       count(*) AS receipts
  FROM messages
 WHERE kind = 'receipt' AND lower(regexp_replace(address, '\+[^@]*@', '@')) = lower(regexp_replace($1, '\+[^@]*@', '@'))
   AND requested_at > $2 AND state <> 'withheld'
"""


@dataclass(frozen=True, slots=True)
class Lately:
    """What mail to an address has come to: why some of it came back, if so, and how many receipts it has."""

    bounced_because: str | None
    receipts: int


async def lately(db: Connection, address: str, since: datetime) -> Lately:
    """Whoever has asked about an address counts alone until its work ends."""
    await db.execute(LOCK_ADDRESS, address)
    [row] = await db.fetch(LATELY, address, since)
    return Lately(**dict(row))
