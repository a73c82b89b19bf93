"""The timeline of an enquiry, and of everything a citizen has asked."""

from __future__ import annotations

from services.crm.domain.contacts import Contact
from services.crm.domain.timeline import Entry, EntryKind, Line, Place
from services.crm.store.contacts import contact_of, with_attachments
from shared.db import Connection, Row
from shared.vocabulary import CitizenId, EnquiryId, MessageKind, new_id


def values_of(entry: Entry) -> tuple[object, ...]:
    """In the order in which every statement that keeps an entry takes them, last."""
    return (
        new_id(),
        entry.contact_id,
        entry.kind,
        entry.detail,
        entry.text,
        entry.occurred_at,
        entry.recorded_at,
        entry.actor,
        entry.version,
    )


KEEP = """
INSERT INTO timeline (enquiry_id, citizen_id, entry_id, contact_id, kind, detail, text, occurred_at, recorded_at,
                      actor, version)
SELECT enquiry_id, citizen_id, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::timestamptz, $8::timestamptz,
       $9::text, $10::bigint
  FROM enquiries WHERE enquiry_id = $1
RETURNING true
"""


async def keep(db: Connection, enquiry_id: EnquiryId, entry: Entry) -> bool:
    """False when the enquiry is not known."""
    return await db.fetchval(KEEP, enquiry_id, *values_of(entry)) is not None


KEEP_OF_MESSAGE = """
INSERT INTO timeline (enquiry_id, citizen_id, entry_id, contact_id, kind, detail, text, occurred_at, recorded_at,
                      actor, version, message_id, message_kind)
SELECT enquiry_id, citizen_id, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::timestamptz, $8::timestamptz,
       $9::text, $10::bigint, $11::uuid, $12::text
  FROM enquiries WHERE enquiry_id = $1
RETURNING true
"""


async def keep_of_message(db: Connection, enquiry_id: EnquiryId, entry: Entry) -> bool:
    """What became of a message. False when the enquiry is not known."""
    values = (*values_of(entry), entry.message_id, entry.message_kind)
    return await db.fetchval(KEEP_OF_MESSAGE, enquiry_id, *values) is not None


OF_ENQUIRY = "SELECT * FROM timeline WHERE enquiry_id = $1 ORDER BY occurred_at, nth"


async def of_enquiry(db: Connection, enquiry_id: EnquiryId) -> list[Entry]:
    """In the order in which it happened, whatever order it was heard in."""
    return [entry_of(row) for row in await db.fetch(OF_ENQUIRY, enquiry_id)]


DECIDED_SINCE = "SELECT * FROM timeline WHERE enquiry_id = $1 AND version > $2 ORDER BY version"


async def decided_since(db: Connection, enquiry_id: EnquiryId, version: int) -> list[Entry]:
    return [entry_of(row) for row in await db.fetch(DECIDED_SINCE, enquiry_id, version)]


GIVE_TO = "UPDATE timeline SET citizen_id = $2 WHERE enquiry_id = $1"


async def give_to(db: Connection, enquiry_id: EnquiryId, citizen_id: CitizenId | None) -> None:
    """What has happened to the enquiry is in that citizen's timeline from now on, and in no other's."""
    await db.execute(GIVE_TO, enquiry_id, citizen_id)


OF_CITIZEN = """
SELECT t.*, e.reference, e.title, c.channel, c.point, c.direction, c.started_at, c.ended_at, c.logged_by, c.language,
       c.citizen_name, c.citizen_surname, c.citizen_email, c.citizen_telephone, c.citizen_uprn, c.noted_as, c.sender,
       a.outcome, a.text IS NULL AS brought, coalesce(a.text, e.text) AS said, a.quoted
  FROM (
      SELECT * FROM timeline
       WHERE citizen_id = $1
         AND (occurred_at, nth) < (coalesce($3::timestamptz, 'infinity'), coalesce($4::bigint, 0))
       ORDER BY occurred_at DESC, nth DESC
       LIMIT $2
  ) t
  JOIN enquiries e USING (enquiry_id)
  LEFT JOIN contact_enquiries a ON a.enquiry_id = t.enquiry_id AND a.contact_id = t.contact_id
  LEFT JOIN contacts c ON c.contact_id = a.contact_id
 ORDER BY t.occurred_at DESC, t.nth DESC
"""


async def of_citizen(db: Connection, citizen_id: CitizenId, most: int, before: Place | None) -> list[Line]:
    """The newest first; those before that place when one is given."""
    moment, nth = (before.occurred_at, before.nth) if before is not None else (None, None)
    rows = await db.fetch(OF_CITIZEN, citizen_id, most, moment, nth)
    shown = await with_attachments(db, [(row["enquiry_id"], contact_in(row)) for row in rows])
    return [line_of(row, contact) for row, contact in zip(rows, shown, strict=True)]


def line_of(row: Row, contact: Contact | None) -> Line:
    return Line(
        place=Place(row["occurred_at"], row["nth"]),
        enquiry_id=row["enquiry_id"],
        reference=row["reference"],
        title=row["title"],
        entry=entry_of(row),
        contact=contact,
    )


def contact_in(row: Row) -> Contact | None:
    return contact_of(row) if row["channel"] is not None else None


def entry_of(row: Row) -> Entry:
    return Entry(
        kind=EntryKind(row["kind"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        detail=row["detail"],
        text=row["text"],
        contact_id=row["contact_id"],
        version=row["version"],
        message_id=row["message_id"],
        message_kind=MessageKind(row["message_kind"]) if row["message_kind"] is not None else None,
    )
