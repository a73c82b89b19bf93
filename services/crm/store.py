"""Every SQL statement of crm, each above the function that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.crm.domain import Contact, Enquiry, EnquiryState, Entry, EntryKind
from shared.db import Connection, Row
from shared.vocabulary import AdviserId, Channel, EnquiryId, Point, Resolution, new_id

RECORD = """
WITH new AS (
    INSERT INTO enquiries (enquiry_id, reference, title, text, place, service_code, channel, received_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (enquiry_id) DO NOTHING
    RETURNING enquiry_id
), contact AS (
    INSERT INTO contacts (contact_id, enquiry_id, channel, point, direction, started_at, ended_at,
                          citizen_name, citizen_email)
    SELECT $9::uuid, enquiry_id, $10::text, $11::text, $12::text, $13::timestamptz, $14::timestamptz,
           $15::text, $16::text
      FROM new
)
INSERT INTO timeline (entry_id, enquiry_id, kind, occurred_at, recorded_at, actor, version)
SELECT $17::uuid, enquiry_id, $18::text, $19::timestamptz, $20::timestamptz, $21::text, 1 FROM new
RETURNING true
"""


async def record(db: Connection, enquiry: Enquiry, contact: Contact, entry: Entry) -> bool:
    """False when the enquiry is known already; nothing is written then."""
    recorded = await db.fetchval(
        RECORD,
        enquiry.enquiry_id,
        enquiry.reference,
        enquiry.title,
        enquiry.text,
        enquiry.place,
        enquiry.service_code,
        enquiry.channel,
        enquiry.received_at,
        contact.contact_id,
        contact.channel,
        contact.point,
        contact.direction,
        contact.started_at,
        contact.ended_at,
        contact.citizen_name,
        contact.citizen_email,
        new_id(),
        entry.kind,
        entry.occurred_at,
        entry.recorded_at,
        entry.actor,
    )
    return recorded is not None


ENQUIRY = "SELECT * FROM enquiries WHERE enquiry_id = $1"


async def enquiry(db: Connection, enquiry_id: EnquiryId) -> Enquiry | None:
    row = await db.fetchrow(ENQUIRY, enquiry_id)
    return enquiry_of(row) if row is not None else None


NEWEST = """
SELECT * FROM enquiries
 WHERE state = $1 ORDER BY received_at DESC, enquiry_id DESC LIMIT $2
"""
NEWEST_AFTER = """
SELECT * FROM enquiries
 WHERE state = $1
   AND (received_at, enquiry_id) < (SELECT received_at, enquiry_id FROM enquiries WHERE enquiry_id = $3)
 ORDER BY received_at DESC, enquiry_id DESC LIMIT $2
"""


async def newest(db: Connection, state: EnquiryState, most: int, after: EnquiryId | None) -> list[Enquiry]:
    """The newest first; those older than `after` when that is given."""
    if after is None:
        rows = await db.fetch(NEWEST, state, most)
    else:
        rows = await db.fetch(NEWEST_AFTER, state, most, after)
    return [enquiry_of(row) for row in rows]


def enquiry_of(row: Row) -> Enquiry:
    return Enquiry(
        enquiry_id=row["enquiry_id"],
        reference=row["reference"],
        title=row["title"],
        text=row["text"],
        place=row["place"],
        service_code=row["service_code"],
        channel=Channel(row["channel"]),
        received_at=row["received_at"],
        state=EnquiryState(row["state"]),
        version=row["version"],
        assigned_to=row["assigned_to"],
        answered_at=row["answered_at"],
        resolved_at=row["resolved_at"],
        resolution=Resolution(row["resolution"]) if row["resolution"] is not None else None,
    )


SAVE_DECISION = """
WITH decided AS (
    UPDATE enquiries SET state = $2, version = $3, answered_at = $4, resolved_at = $5, resolution = $6
     WHERE enquiry_id = $1
    RETURNING enquiry_id, version
)
INSERT INTO timeline (entry_id, enquiry_id, kind, detail, text, occurred_at, recorded_at, actor, version)
SELECT $7::uuid, enquiry_id, $8::text, $9::text, $10::text, $11::timestamptz, $12::timestamptz, $13::text,
       version
  FROM decided
"""


async def save_decision(db: Connection, enquiry: Enquiry, entry: Entry) -> None:
    """What somebody decided about the enquiry, and the entry that tells of it."""
    await db.execute(
        SAVE_DECISION,
        enquiry.enquiry_id,
        enquiry.state,
        enquiry.version,
        enquiry.answered_at,
        enquiry.resolved_at,
        enquiry.resolution,
        new_id(),
        entry.kind,
        entry.detail,
        entry.text,
        entry.occurred_at,
        entry.recorded_at,
        entry.actor,
    )


ASSIGN = """
WITH assigned AS (
    UPDATE enquiries SET assigned_to = $2 WHERE enquiry_id = $1 RETURNING enquiry_id
)
INSERT INTO timeline (entry_id, enquiry_id, kind, detail, occurred_at, recorded_at, actor)
SELECT $3::uuid, enquiry_id, $4::text, $5::text, $6::timestamptz, $7::timestamptz, $8::text FROM assigned
RETURNING true
"""


async def assign(db: Connection, enquiry_id: EnquiryId, adviser_id: AdviserId, entry: Entry) -> bool:
    """False when the enquiry is not known."""
    assigned = await db.fetchval(
        ASSIGN,
        enquiry_id,
        adviser_id,
        new_id(),
        entry.kind,
        entry.detail,
        entry.occurred_at,
        entry.recorded_at,
        entry.actor,
    )
    return assigned is not None


CONTACTS = "SELECT * FROM contacts WHERE enquiry_id = $1 ORDER BY started_at, contact_id"


async def contacts(db: Connection, enquiry_id: EnquiryId) -> list[Contact]:
    return [contact_of(row) for row in await db.fetch(CONTACTS, enquiry_id)]


def contact_of(row: Row) -> Contact:
    return Contact(
        contact_id=row["contact_id"],
        enquiry_id=row["enquiry_id"],
        channel=Channel(row["channel"]),
        point=Point(row["point"]),
        direction=row["direction"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        citizen_name=row["citizen_name"],
        citizen_email=row["citizen_email"],
    )


TIMELINE = "SELECT * FROM timeline WHERE enquiry_id = $1 ORDER BY occurred_at, entry_id"


async def timeline(db: Connection, enquiry_id: EnquiryId) -> list[Entry]:
    """In the order in which it happened, whatever order it was heard in."""
    return [entry_of(row) for row in await db.fetch(TIMELINE, enquiry_id)]


DECIDED_SINCE = "SELECT * FROM timeline WHERE enquiry_id = $1 AND version > $2 ORDER BY version"


async def decided_since(db: Connection, enquiry_id: EnquiryId, version: int) -> list[Entry]:
    return [entry_of(row) for row in await db.fetch(DECIDED_SINCE, enquiry_id, version)]


def entry_of(row: Row) -> Entry:
    return Entry(
        kind=EntryKind(row["kind"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        detail=row["detail"],
        text=row["text"],
        version=row["version"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who has looked at what, and why if they said so."""

    who: str
    what: str
    why: str | None
    occurred_at: datetime
    correlation_id: UUID


KEEP_ACCESSES = """
INSERT INTO accesses (access_id, enquiry_id, who, what, why, occurred_at, correlation_id)
SELECT access_id, enquiry_id, $3::text, $4::text, $5::text, $6::timestamptz, $7::uuid
  FROM unnest($1::uuid[], $2::uuid[]) AS a (access_id, enquiry_id)
"""


async def keep_accesses(db: Connection, enquiry_ids: Sequence[EnquiryId], access: Access) -> None:
    await db.execute(
        KEEP_ACCESSES,
        [new_id() for _ in enquiry_ids],
        list(enquiry_ids),
        access.who,
        access.what,
        access.why,
        access.occurred_at,
        access.correlation_id,
    )
