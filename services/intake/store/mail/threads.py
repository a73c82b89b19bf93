"""What ties a mail to enquiries: numbers, Message-IDs of both directions, and messages that came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.contacts import Known
from services.intake.domain.mail.model import KeptMail
from shared.db import Connection
from shared.vocabulary import EnquiryId, MessageId, MessageKind, Reference

# The likeliest first: what we gave a Message-ID ourselves, then mails of the same mailbox, then the oldest.
NAMED = """
SELECT right(reference, 14) AS named, enquiry_id, reference, false AS repeats, 0 AS nth, received_at AS since
  FROM submissions WHERE right(reference, 14) = ANY ($1)
UNION ALL
SELECT m.mail_message_id, m.enquiry_id, s.reference, false, 0, m.requested_at
  FROM messages m JOIN submissions s USING (enquiry_id) WHERE m.mail_message_id = ANY ($2)
UNION ALL
SELECT m.message_id, m.about, s.reference, m.repeats_id, CASE WHEN m.mailbox = $3 THEN 1 ELSE 2 END, m.kept_at
  FROM mails m JOIN submissions s ON s.enquiry_id = m.about WHERE m.message_id = ANY ($2)
 ORDER BY repeats, nth, since, enquiry_id
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An enquiry that a number or a Message-ID names; `repeats` if it does so by a Message-ID that was used before."""

    known: Known
    repeats: bool


async def named(
    db: Connection, numbers: Sequence[str], message_ids: Sequence[str], mailbox: str
) -> dict[str, list[Candidate]]:
    """
    Enquiries by the numbers of their references, and by the mails about them that went out or came in.

    A Message-ID may name several: one mail went to two mailboxes, or somebody used it again.
    """
    if not numbers and not message_ids:
        return {}
    found: dict[str, list[Candidate]] = {}
    for row in await db.fetch(NAMED, list(numbers), list(message_ids), mailbox):
        known = Known(EnquiryId(row["enquiry_id"]), Reference(row["reference"]))
        found.setdefault(row["named"], []).append(Candidate(known, row["repeats"]))
    return found


# Only what was kept before it, so that of two mails that name each other one goes first.
NOT_PLACED_YET = """
SELECT EXISTS (
    SELECT FROM mails m, mails this
     WHERE this.mail_id = $1 AND m.message_id = ANY ($2) AND m.state IN ('kept', 'reading')
       AND (m.kept_at, m.mail_id) < (this.kept_at, this.mail_id))
"""


async def answers_one_not_placed_yet(db: Connection, kept: KeptMail, mentions: Sequence[str]) -> bool:
    """Whether it answers a mail that was kept before it and still waits."""
    return bool(mentions) and await db.fetchval(NOT_PLACED_YET, kept.mail_id, list(mentions))


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of ours that went out as a mail, and to which address."""

    message_id: MessageId
    enquiry_id: EnquiryId
    kind: MessageKind
    address: str


SENT = "SELECT message_id, enquiry_id, kind, address FROM messages WHERE mail_message_id = ANY ($1) AND enquiry_id = $2"


async def sent(db: Connection, message_ids: Sequence[str], enquiry_id: EnquiryId) -> list[Sent]:
    """Those of the enquiry's messages that have one of these Message-IDs."""
    rows = await db.fetch(SENT, list(message_ids), enquiry_id)
    return [
        Sent(MessageId(row["message_id"]), EnquiryId(row["enquiry_id"]), MessageKind(row["kind"]), row["address"])
        for row in rows
    ]


MARK_BOUNCED = """
INSERT INTO bounced_addresses (address, bounced_at, why) VALUES (lower($1), $2, $3)
ON CONFLICT (address) DO UPDATE SET bounced_at = excluded.bounced_at, why = excluded.why
"""


async def mark_bounced(db: Connection, address: str, why: str, bounced_at: datetime) -> None:
    await db.execute(MARK_BOUNCED, address, bounced_at, why)


# What was never sent for certain may still be under way: its own attempts decide.
CAME_BACK = """
UPDATE messages m SET came_back_at = $2, came_back_because = $3,
                      state = CASE m.state WHEN 'delivered' THEN 'failed' ELSE m.state END
  FROM messages before WHERE m.message_id = $1 AND before.message_id = m.message_id
RETURNING before.state = 'delivered'
"""


async def came_back(db: Connection, message_id: MessageId, at: datetime, why: str) -> bool:
    """Whether it had been delivered, as far as anybody knew: it was not."""
    return bool(await db.fetchval(CAME_BACK, message_id, at, why))
