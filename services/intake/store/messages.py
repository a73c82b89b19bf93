"""Messages to citizens, and each attempt to send one."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.intake.domain.messages import Attempt, AttemptShown, Followed, Message, MessageState
from shared.db import Connection, Row
from shared.vocabulary import Channel, EnquiryId, MessageId, MessageKind, Reference
from shared.work import Cause

ADD_MESSAGE = """
INSERT INTO messages (message_id, enquiry_id, kind, text, channel, name, address, language, requested_at, look_at,
                      correlation_id, causation_id, traceparent)
SELECT $1, enquiry_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM submissions WHERE enquiry_id = $2
RETURNING true
"""


async def add_message(db: Connection, message: Message, requested_at: datetime, now: datetime, cause: Cause) -> bool:
    """False when no such enquiry was submitted here."""
    added = await db.fetchval(
        ADD_MESSAGE,
        message.message_id,
        message.enquiry_id,
        message.kind,
        message.text,
        message.channel,
        message.name,
        message.address,
        message.language,
        requested_at,
        now,
        cause.correlation_id,
        cause.causation_id,
        cause.traceparent,
    )
    return added is not None


# Of several replicas one gets the message; whoever has begun and not ended by `look_at` is taken for lost.
BEGIN_ATTEMPT = """
WITH due AS (
    SELECT message_id FROM messages WHERE state IN ('waiting', 'sending') AND look_at <= $1
     ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED
), begun AS (
    UPDATE messages m SET state = 'sending', look_at = $2 FROM due WHERE m.message_id = due.message_id RETURNING m.*
), attempt AS (
    INSERT INTO attempts (message_id, nth, begun_at)
    SELECT message_id, (SELECT count(*) + 1 FROM attempts a WHERE a.message_id = begun.message_id), $1 FROM begun
    RETURNING nth
)
SELECT begun.*, attempt.nth, s.reference FROM begun, attempt, submissions s WHERE s.enquiry_id = begun.enquiry_id
"""


async def begin_attempt(db: Connection, now: datetime, lost_after: timedelta) -> Attempt | None:
    """The message that has waited longest, with an attempt stored; None when none is due."""
    row = await db.fetchrow(BEGIN_ATTEMPT, now, now + lost_after)
    if row is None:
        return None
    return Attempt(
        message=message_of(row),
        nth=row["nth"],
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        traceparent=row["traceparent"],
    )


def message_of(row: Row) -> Message:
    return Message(
        message_id=MessageId(row["message_id"]),
        enquiry_id=EnquiryId(row["enquiry_id"]),
        reference=Reference(row["reference"]),
        kind=MessageKind(row["kind"]),
        text=row["text"],
        channel=Channel(row["channel"]),
        name=row["name"],
        address=row["address"],
        language=row["language"],
    )


END_ATTEMPT = "UPDATE attempts SET ended_at = $3, why = $4 WHERE message_id = $1 AND nth = $2"
# An attempt that was taken for lost may still end: the first that has sent it counts, and no failure after that.
SETTLE = """
UPDATE messages SET state = $3, look_at = $4
 WHERE message_id = $1 AND state = 'sending'
   AND ($3 = 'delivered' OR $2 = (SELECT max(nth) FROM attempts WHERE message_id = $1))
RETURNING true
"""


async def end_attempt(
    db: Connection, attempt: Attempt, now: datetime, why: str | None, state: MessageState, look_at: datetime
) -> bool:
    """False when another attempt has settled the message, or is under way."""
    message_id = attempt.message.message_id
    await db.execute(END_ATTEMPT, message_id, attempt.nth, now, why)
    return await db.fetchval(SETTLE, message_id, attempt.nth, state, look_at) is not None


MESSAGE = "SELECT message_id, enquiry_id, kind, state, requested_at FROM messages WHERE message_id = $1"
ATTEMPTS = "SELECT nth, begun_at, ended_at, why FROM attempts WHERE message_id = $1 ORDER BY nth"


async def followed(db: Connection, message_id: MessageId) -> Followed | None:
    row = await db.fetchrow(MESSAGE, message_id)
    if row is None:
        return None
    attempts = [AttemptShown(**dict(each)) for each in await db.fetch(ATTEMPTS, message_id)]
    return Followed(
        message_id=MessageId(row["message_id"]),
        enquiry_id=EnquiryId(row["enquiry_id"]),
        kind=MessageKind(row["kind"]),
        state=MessageState(row["state"]),
        requested_at=row["requested_at"],
        attempts=tuple(attempts),
    )
