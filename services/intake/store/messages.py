"""Messages to citizens, and each attempt to send one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.domain.messages import Attempt, AttemptShown, Followed, Message, MessageState
from services.intake.store.mail.sending import MayLeave
from shared.db import Connection, Row
from shared.vocabulary import Channel, EnquiryId, MessageId, MessageKind, Reference
from shared.work import Cause

# Of receipts there is one for an enquiry.
ADD_MESSAGE = """
INSERT INTO messages (message_id, enquiry_id, kind, text, channel, name, address, language, requested_at, look_at,
                      correlation_id, causation_id, traceparent, mailbox, mail_message_id, answers_to, why, state)
SELECT $1, enquiry_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17::text,
       CASE WHEN $17::text IS NULL THEN 'waiting' ELSE 'withheld' END
  FROM submissions WHERE enquiry_id = $2
ON CONFLICT (enquiry_id) WHERE kind = 'receipt' DO NOTHING
RETURNING true
"""


@dataclass(frozen=True, slots=True)
class Asking:
    """When a message was asked for and why, when to send it at the earliest, and why it never is, if so."""

    requested_at: datetime
    look_at: datetime
    cause: Cause
    withheld_because: str | None = None


async def add_message(db: Connection, message: Message, asking: Asking) -> bool:
    """False when no such enquiry was submitted here, or it has its receipt."""
    cause = asking.cause
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
        asking.requested_at,
        asking.look_at,
        cause.correlation_id,
        cause.causation_id,
        cause.traceparent,
        message.mailbox,
        message.mail_message_id,
        message.answers_to,
        asking.withheld_because,
    )
    return added is not None


# The mail that a citizen wrote last on an enquiry: what they are answered to, from where they wrote to.
LAST_MAIL = """
SELECT m.mailbox, m.message_id, t.sender_address = lower($2) AS is_theirs
  FROM mails m JOIN mail_texts t USING (mail_id)
 WHERE m.about = $1 AND m.placed_as IN ('enquiry', 'further', 'held')
 ORDER BY is_theirs DESC NULLS LAST, m.kept_at DESC LIMIT 1
"""


async def last_mail(db: Connection, enquiry_id: EnquiryId, address: str) -> tuple[str | None, str | None]:
    """The mailbox it came to, and its Message-ID if it is theirs who have that address. None each where none came."""
    row = await db.fetchrow(LAST_MAIL, enquiry_id, address)
    if row is None:
        return None, None
    return row["mailbox"], row["message_id"] if row["is_theirs"] else None


# The mail that is answered, else the one that came to that mailbox last.
WRITTEN_TO = """
SELECT sent_to FROM mails
 WHERE about = $1 AND mailbox = $2 AND placed_as IN ('enquiry', 'further', 'held')
 ORDER BY message_id = $3 DESC NULLS LAST, kept_at DESC LIMIT 1
"""


async def written_to(db: Connection, message: Message) -> str | None:
    """The address that the citizen wrote to; None where no mail came."""
    there: str | None = await db.fetchval(WRITTEN_TO, message.enquiry_id, message.mailbox, message.answers_to)
    return there


# Of several replicas one gets the message; whoever has begun and not ended by `look_at` is taken for lost. What people
# have written goes before receipts.
BEGIN_ATTEMPT = """
WITH written AS (
    SELECT message_id FROM messages
     WHERE state IN ('waiting', 'sending') AND kind <> 'receipt' AND look_at <= $1 AND ($3 OR mail_message_id IS NULL)
     ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED
), receipt AS (
    SELECT message_id FROM messages
     WHERE state IN ('waiting', 'sending') AND kind = 'receipt' AND look_at <= $1 AND ($4 OR mail_message_id IS NULL)
       AND NOT EXISTS (SELECT FROM written)
     ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED
), due AS (
    SELECT message_id FROM written UNION ALL SELECT message_id FROM receipt
), begun AS (
    UPDATE messages m SET state = 'sending', look_at = $2 FROM due WHERE m.message_id = due.message_id RETURNING m.*
), attempt AS (
    INSERT INTO attempts (message_id, nth, begun_at)
    SELECT message_id, (SELECT count(*) + 1 FROM attempts a WHERE a.message_id = begun.message_id), $1 FROM begun
    RETURNING nth
)
SELECT begun.*, attempt.nth, s.reference, before.cut_off, before.first_cut_off_at, before.cut_off_at, before.first_at
  FROM begun JOIN submissions s USING (enquiry_id), attempt, LATERAL (
       SELECT count(*) FILTER (WHERE a.ended_at IS NULL) AS cut_off,
              min(a.begun_at) FILTER (WHERE a.ended_at IS NULL) AS first_cut_off_at,
              max(a.begun_at) FILTER (WHERE a.ended_at IS NULL) AS cut_off_at, min(a.begun_at) AS first_at
         FROM attempts a WHERE a.message_id = begun.message_id) before
"""


async def begin_attempt(db: Connection, now: datetime, lost_after: timedelta, may: MayLeave) -> Attempt | None:
    """The message that has waited longest, receipts last, with an attempt stored; None when none is due."""
    row = await db.fetchrow(BEGIN_ATTEMPT, now, now + lost_after, may.mails, may.receipts)
    if row is None:
        return None
    return Attempt(
        message=message_of(row),
        nth=row["nth"],
        begun_at=now,
        first_at=row["first_at"] or now,
        cut_off=row["cut_off"],
        first_cut_off_at=row["first_cut_off_at"],
        cut_off_at=row["cut_off_at"],
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
        mailbox=row["mailbox"],
        mail_message_id=row["mail_message_id"],
        answers_to=row["answers_to"],
    )


MAYBE_TWICE = "UPDATE attempts SET maybe_twice = true WHERE message_id = $1 AND nth = $2"


async def mark_maybe_twice(db: Connection, attempt: Attempt) -> None:
    """Before it is made, so that it is known even if nobody lives to say so."""
    await db.execute(MAYBE_TWICE, attempt.message.message_id, attempt.nth)


LOCK_MESSAGE = "SELECT FROM messages WHERE message_id = $1 FOR NO KEY UPDATE"
# One that may have left has no end, as if it had been cut off. What did not go out cannot come twice.
END_ATTEMPT = """
UPDATE attempts SET ended_at = $3, why = $4, maybe_twice = maybe_twice AND $5 WHERE message_id = $1 AND nth = $2
"""
# An attempt that was taken for lost may still end. That it left counts, whatever was made of the message meanwhile;
# that it failed counts only of the last one.
SETTLE = """
UPDATE messages m SET state = $3, look_at = $4, deferred = m.deferred OR $3 = 'waiting', why = NULL
  FROM messages before
 WHERE m.message_id = $1 AND before.message_id = m.message_id
   AND CASE WHEN $5 THEN m.state IN ('sending', 'waiting', 'withheld') OR (m.state = 'failed' AND $3 = 'delivered')
            ELSE m.state = 'sending' AND $2 = (SELECT max(nth) FROM attempts WHERE message_id = $1) END
RETURNING before.deferred
"""


@dataclass(frozen=True, slots=True)
class End:
    """
    Of an attempt: what became of the message by it, why, and when to look again. Without `ended_at` nobody knows.

    `left` by it for certain, which does not mean that it arrived; `may_have_left` by it.
    """

    state: MessageState
    look_at: datetime
    ended_at: datetime | None
    why: str | None
    left: bool
    may_have_left: bool


async def end_attempt(db: Connection, attempt: Attempt, end: End) -> bool | None:
    """Whether the message had been deferred before. None when another attempt has settled it, or is under way."""
    message_id = attempt.message.message_id
    # Which attempt is the last is seen only by a statement that begins when nobody is beginning another.
    await db.execute(LOCK_MESSAGE, message_id)
    await db.execute(END_ATTEMPT, message_id, attempt.nth, end.ended_at, end.why, end.may_have_left)
    deferred: bool | None = await db.fetchval(SETTLE, message_id, attempt.nth, end.state, end.look_at, end.left)
    return deferred


# A bounce may be read before it is on record that what came back has left.
CAME_BACK_ALREADY = "SELECT came_back_because FROM messages WHERE message_id = $1 AND came_back_at >= $2"


async def came_back_already(db: Connection, attempt: Attempt, *, found: bool) -> str | None:
    """
    Why a bounce that names it, since it left, says that nobody is reached at the address.

    It was `found` that it had left by an attempt before this one, which was cut off.
    """
    since = (found and attempt.first_cut_off_at) or attempt.begun_at
    why: str | None = await db.fetchval(CAME_BACK_ALREADY, attempt.message.message_id, since)
    return why


MESSAGE = "SELECT message_id, enquiry_id, kind, state, requested_at, why FROM messages WHERE message_id = $1"
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
        why=row["why"],
        attempts=tuple(attempts),
    )
