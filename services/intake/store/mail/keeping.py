"""Mails as they arrived: kept whole and once, given out to be placed, and deleted without being forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from operator import itemgetter
from typing import Any
from uuid import UUID

from services.intake.domain.mail.identity import unique_key
from services.intake.domain.mail.model import Arrived, ArrivedBy, HandedOver, Identity, KeptMail, Mail, PlacedAs
from shared.db import Connection, Row
from shared.vocabulary import ContactId, EnquiryId, MailId, new_id

PIECE = 512 * 1024
"""So many bytes of a mail in a row."""

# A Message-ID that was used before for something else is kept as well, and flagged. With its first piece, which is all
# of nearly every mail, it is one visit: this is what a mail server waits for.
KEEP = """
WITH kept AS (
INSERT INTO mails (mail_id, identity, mailbox, message_id, repeats_id, arrived_by, sent_from, sent_to, size,
                   received_at, kept_at, contact_id, enquiry_id, correlation_id, look_at)
VALUES ($1, $2, $3, $4, EXISTS (SELECT FROM mails WHERE message_id = $4 AND mailbox = $3), $5, $6, $7, $8, $9,
        $10, $11, $12, $13, $10)
ON CONFLICT (identity) DO NOTHING
RETURNING mail_id
), piece AS (
    INSERT INTO mail_pieces (mail_id, nth, bytes) SELECT mail_id, 0, $14::bytea FROM kept WHERE $14::bytea IS NOT NULL
)
SELECT mail_id FROM kept
"""
KEEP_PIECE = "INSERT INTO mail_pieces (mail_id, nth, bytes) VALUES ($1, $2, $3)"
KNOWN = "SELECT mail_id FROM mails WHERE identity = $1"


@dataclass(frozen=True, slots=True)
class Kept:
    """Under which id a mail stands, and whether it was new."""

    mail_id: MailId
    is_new: bool


async def keep(db: Connection, arrived: Arrived, identity: Identity, now: datetime, correlation_id: UUID) -> Kept:
    """The mail is durable once the work commits; of one that is known already nothing changes."""
    key, rest = unique_key(arrived.mailbox, identity), pieces(arrived.raw)
    mail_id = await db.fetchval(KEEP, *row_of(key, arrived, identity, now, correlation_id, next(rest, None)))
    if mail_id is None:
        return Kept(MailId(await db.fetchval(KNOWN, key)), is_new=False)
    for nth, piece in enumerate(rest, start=1):
        await db.execute(KEEP_PIECE, mail_id, nth, piece)
    return Kept(MailId(mail_id), is_new=True)


async def keep_small(db: Connection, mails: Sequence[HandedOver], now: datetime) -> int:
    """Mails of at most one piece each, in one visit: how many were new."""
    keyed = [(unique_key(mail.arrived.mailbox, mail.identity), mail) for mail in mails]
    # Sorted, so that of two groups with the same mails one waits for the other, and never each for the other.
    keyed.sort(key=itemgetter(0))
    rows = [
        row_of(key, mail.arrived, mail.identity, now, mail.correlation_id, mail.arrived.raw or None)
        for key, mail in keyed
    ]
    return len(await db.fetchmany(KEEP, rows))


def row_of(
    key: bytes,
    arrived: Arrived,
    identity: Identity,
    now: datetime,
    correlation_id: UUID,
    first_piece: bytes | memoryview | None,
) -> tuple[Any, ...]:
    return (
        new_id(),
        key,
        arrived.mailbox,
        identity.message_id,
        arrived.by,
        arrived.sent_from,
        arrived.sent_to,
        len(arrived.raw),
        arrived.received_at or now,
        now,
        new_id(),
        new_id(),
        correlation_id,
        first_piece,
    )


def pieces(raw: bytes) -> Iterator[memoryview]:
    view = memoryview(raw)
    for start in range(0, len(raw), PIECE):
        yield view[start : start + PIECE]


RAW_PIECE = "SELECT bytes FROM mail_pieces WHERE mail_id = $1 AND nth = $2"


async def raw(db: Connection, mail_id: MailId) -> bytes:
    """Empty for one whose bytes were deleted. Piece after piece, so that a large one stands in memory once."""
    whole, nth = BytesIO(), 0
    while (piece := await db.fetchval(RAW_PIECE, mail_id, nth)) is not None:
        whole.write(piece)
        nth += 1
    return whole.getvalue()


# Of several replicas one gets each; whoever has begun and not ended by `look_at` is taken for lost, and counted. Alone
# goes whatever was begun before, so that none is counted for another's failure, and whatever is large.
# LATERAL, so that pieces are looked up by their key: a plan made while there were few would read all of them later.
BEGIN = """
WITH oldest AS (
    SELECT mail_id, starts > 0 OR size >= $5 AS is_alone FROM mails
     WHERE state IN ('kept', 'reading') AND look_at <= $1
     ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED
), others AS (
    SELECT mail_id FROM mails
     WHERE state IN ('kept', 'reading') AND look_at <= $1 AND starts = 0 AND size < $5
       AND NOT (SELECT is_alone FROM oldest)
     ORDER BY look_at LIMIT $3 FOR UPDATE SKIP LOCKED
), begun AS (
    UPDATE mails SET state = 'reading', starts = starts + 1, look_at = $2
     WHERE mail_id IN (SELECT mail_id FROM oldest UNION SELECT mail_id FROM others)
    RETURNING *
)
SELECT begun.*, p.bytes, EXISTS (SELECT FROM messages WHERE mail_message_id = begun.message_id) AS is_ours
  FROM begun
  LEFT JOIN LATERAL (SELECT bytes FROM mail_pieces
                      WHERE mail_id = begun.mail_id AND nth = 0 AND begun.size <= $4 LIMIT 1) p ON true
 ORDER BY kept_at, mail_id
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A mail that is to be placed now. Its bytes are there unless it is large; `is_ours` if we gave its Message-ID."""

    kept: KeptMail
    raw: bytes | None
    is_ours: bool


async def begin(db: Connection, now: datetime, lost_after: timedelta, most: int, large: int) -> list[Begun]:
    """The mails that have waited longest, their starts counted: several that are new and small, or any other alone."""
    rows = await db.fetch(BEGIN, now, now + lost_after, most, PIECE, large)
    return [Begun(kept_of(row), row["bytes"], row["is_ours"]) for row in rows]


def kept_of(row: Row) -> KeptMail:
    return KeptMail(
        mail_id=MailId(row["mail_id"]),
        contact_id=ContactId(row["contact_id"]),
        enquiry_id=EnquiryId(row["enquiry_id"]),
        mailbox=row["mailbox"],
        by=ArrivedBy(row["arrived_by"]),
        sent_from=row["sent_from"],
        sent_to=row["sent_to"],
        received_at=row["received_at"],
        kept_at=row["kept_at"],
        message_id=row["message_id"],
        size=row["size"],
        starts=row["starts"],
        correlation_id=row["correlation_id"],
    )


# It was not begun in earnest, so that its start does not count.
WAIT = """
UPDATE mails SET state = 'kept', starts = starts - 1, look_at = $3
 WHERE mail_id = $1 AND state = 'reading' AND starts = $2
"""


async def wait(db: Connection, kept: KeptMail, until: datetime) -> None:
    """Unless it was begun again meanwhile."""
    await db.execute(WAIT, kept.mail_id, kept.starts, until)


CLAIM = "SELECT true FROM mails WHERE mail_id = $1 AND state IN ('kept', 'reading') FOR UPDATE"


async def claim(db: Connection, mail_id: MailId) -> bool:
    """Held until the work ends. False when somebody else has placed it."""
    return await db.fetchval(CLAIM, mail_id) is not None


# One visit for all that follows from a place. Of two that were kept at the same moment neither saw the other.
PLACED = """
WITH placed AS (
    UPDATE mails m
       SET state = 'placed', kind = $2, placed_as = $3, about = $4, why = $5, placed_at = $6,
           repeats_id = repeats_id OR EXISTS (
               SELECT FROM mails other WHERE other.message_id = m.message_id AND other.mailbox = m.mailbox
                  AND (other.kept_at, other.mail_id) < (m.kept_at, m.mail_id))
     WHERE mail_id = $1
)
INSERT INTO mail_texts (mail_id, sender_name, sender_address, subject, text, quoted, signature, html, sent_at, notes)
VALUES ($1, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a mail: as what it was placed, on which enquiry, and why."""

    placed_as: PlacedAs
    about: EnquiryId | None
    why: str


async def place(db: Connection, mail_id: MailId, mail: Mail, placed: Placed, now: datetime) -> None:
    """Of one that was claimed."""
    await db.execute(
        PLACED,
        mail_id,
        mail.kind,
        placed.placed_as,
        placed.about,
        placed.why,
        now,
        mail.sender.name,
        mail.sender.address,
        mail.subject,
        mail.text,
        mail.quoted,
        mail.signature,
        mail.html,
        mail.sent_at,
        list(mail.notes),
    )
