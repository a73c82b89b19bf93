"""Mail that waits to go out: to whom, since when and why; and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection
from shared.vocabulary import EnquiryId, MessageId, MessageKind

# In two parts, as the indexes of what is to be sent are.
WAITING = """
SELECT m.message_id, m.enquiry_id, s.reference, m.kind, m.address, m.state, m.requested_at, m.look_at,
       (SELECT a.why FROM attempts a WHERE a.message_id = m.message_id ORDER BY a.nth DESC LIMIT 1) AS why
  FROM (SELECT * FROM messages WHERE state IN ('waiting', 'sending') AND kind <> 'receipt'
        UNION ALL
        SELECT * FROM messages WHERE state IN ('waiting', 'sending') AND kind = 'receipt') m
  JOIN submissions s USING (enquiry_id)
 WHERE m.mail_message_id IS NOT NULL
 ORDER BY m.requested_at, m.message_id LIMIT $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingMail:
    """`why` is what the last attempt came to, where there was one; `look_at` when it is due."""

    message_id: MessageId
    enquiry_id: EnquiryId
    reference: str
    kind: MessageKind
    address: str | None
    state: str
    requested_at: datetime
    look_at: datetime
    why: str | None


async def waiting(db: Connection, most: int) -> list[WaitingMail]:
    """The one that was asked for first comes first."""
    rows = await db.fetch(WAITING, most)
    return [WaitingMail(**{**dict(row), "kind": MessageKind(row["kind"])}) for row in rows]


OLDEST_DUE = """
SELECT (SELECT min(look_at) FROM messages
         WHERE state = 'waiting' AND kind <> 'receipt' AND mail_message_id IS NOT NULL AND look_at <= $1) AS written,
       (SELECT min(look_at) FROM messages
         WHERE state = 'waiting' AND kind = 'receipt' AND mail_message_id IS NOT NULL AND look_at <= $1) AS receipts
"""


@dataclass(frozen=True, slots=True)
class OldestDue:
    """When the one that has waited longest was to go out: of what people have written, and of receipts."""

    written: datetime | None
    receipts: datetime | None


async def oldest_due(db: Connection, now: datetime) -> OldestDue:
    """None each when none waits that could go out."""
    [row] = await db.fetch(OLDEST_DUE, now)
    return OldestDue(**dict(row))


ENQUIRY = "SELECT enquiry_id FROM messages WHERE message_id = $1"


async def enquiry_of(db: Connection, message_id: MessageId) -> EnquiryId | None:
    found = await db.fetchval(ENQUIRY, message_id)
    return EnquiryId(found) if found is not None else None


# Of an attempt under way nobody can say whether it leaves; one that was cut off waits like any other.
WITHHOLD = """
UPDATE messages SET state = 'withheld', why = $2
 WHERE message_id = $1 AND mail_message_id IS NOT NULL
   AND (state = 'waiting' OR state = 'sending' AND look_at <= $3)
RETURNING kind
"""


async def withhold(db: Connection, message_id: MessageId, because: str, now: datetime) -> MessageKind | None:
    """None when it waits no longer."""
    kind = await db.fetchval(WITHHOLD, message_id, because, now)
    return MessageKind(kind) if kind is not None else None
