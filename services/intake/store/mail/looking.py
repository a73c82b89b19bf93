"""Mails for people to look at: listed, shown as they were read, given as they arrived; and who has looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.intake.domain.mail.model import ArrivedBy, MailKind, PlacedAs
from shared.db import Connection
from shared.vocabulary import ContactId, MailId, new_id

LISTED = """
SELECT m.mail_id, m.mailbox, m.arrived_by, m.received_at, m.kept_at, m.size, m.state, m.kind, m.placed_as,
       m.about AS enquiry_id, s.reference, m.repeats_id
  FROM mails m LEFT JOIN submissions s ON s.enquiry_id = m.about
 WHERE ($1::uuid IS NULL OR (m.kept_at, m.mail_id) < (SELECT kept_at, mail_id FROM mails WHERE mail_id = $1))
   AND ($2::text IS NULL OR m.state = $2)
   AND ($3::text IS NULL OR m.kind = $3)
   AND ($4::text IS NULL OR m.mailbox = $4)
 ORDER BY m.kept_at DESC, m.mail_id DESC LIMIT $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMail:
    """A mail without anything that somebody wrote."""

    mail_id: UUID
    mailbox: str
    arrived_by: ArrivedBy
    received_at: datetime
    kept_at: datetime
    size: int
    state: str
    kind: MailKind | None
    placed_as: PlacedAs | None
    enquiry_id: UUID | None
    reference: str | None
    repeats_id: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which mails: those kept before that one, of that state, kind and mailbox."""

    before: UUID | None = None
    state: str | None = None
    kind: str | None = None
    mailbox: str | None = None


async def listed(db: Connection, asked: Asked, most: int) -> list[ListedMail]:
    """The last to arrive first."""
    rows = await db.fetch(LISTED, asked.before, asked.state, asked.kind, asked.mailbox, most)
    return [ListedMail(**dict(row)) for row in rows]


BACKLOG = "SELECT count(*) AS mails, min(kept_at) AS since FROM mails WHERE state IN ('kept', 'reading')"


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many mails are not placed yet, and since when the oldest of them has waited."""

    mails: int
    since: datetime | None


async def backlog(db: Connection) -> Backlog:
    [row] = await db.fetch(BACKLOG)
    return Backlog(**dict(row))


SHOWN = """
SELECT m.mail_id, m.mailbox, m.arrived_by, m.received_at, m.kept_at, m.size, m.state, m.kind, m.placed_as,
       m.about AS enquiry_id, s.reference, m.repeats_id,
       m.contact_id, m.message_id, m.sent_from, m.sent_to, m.why, m.deleted_at, m.deleted_by, m.deleted_because,
       t.sender_name, t.sender_address, t.subject, t.text, t.quoted, t.signature, t.html, t.sent_at, t.notes
  FROM mails m LEFT JOIN submissions s ON s.enquiry_id = m.about LEFT JOIN mail_texts t ON t.mail_id = m.mail_id
 WHERE m.mail_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMail(ListedMail):
    """As it was read. Until then, and once it is deleted, there is no text."""

    contact_id: UUID
    message_id: str | None
    sent_from: str | None
    sent_to: str
    why: str | None
    deleted_at: datetime | None
    deleted_by: str | None
    deleted_because: str | None
    sender_name: str | None
    sender_address: str | None
    subject: str | None
    text: str | None
    quoted: str | None
    signature: str | None
    html: str | None
    sent_at: datetime | None
    notes: list[str] | None


async def shown(db: Connection, mail_id: MailId) -> ShownMail | None:
    row = await db.fetchrow(SHOWN, mail_id)
    return ShownMail(**dict(row)) if row is not None else None


FILES = """
SELECT file_id, name, media_type, size FROM files WHERE contact_id = $1 AND deleted_at IS NULL ORDER BY file_id
"""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that came with a mail, without its bytes."""

    file_id: UUID
    name: str
    media_type: str
    size: int


async def files(db: Connection, contact_id: ContactId) -> list[ListedFile]:
    return [ListedFile(**dict(row)) for row in await db.fetch(FILES, contact_id)]


PIECE = "SELECT bytes FROM mail_pieces WHERE mail_id = $1 AND nth = $2"


async def piece(db: Connection, mail_id: MailId, nth: int) -> bytes | None:
    """Of the bytes as they arrived; None after the last."""
    found: bytes | None = await db.fetchval(PIECE, mail_id, nth)
    return found


KEEP_ACCESS = """
INSERT INTO mail_accesses (access_id, mail_id, who, what, occurred_at, correlation_id) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def keep_access(
    db: Connection, mail_id: MailId, who: str, what: Literal["text", "raw"], now: datetime, correlation_id: UUID
) -> None:
    await db.execute(KEEP_ACCESS, new_id(), mail_id, who, what, now, correlation_id)
