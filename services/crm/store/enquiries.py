"""Enquiries, as they stand now, and how they belong together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.crm.domain.contacts import Contact
from services.crm.domain.enquiries import Enquiry, EnquiryState, ImportedAs
from services.crm.domain.links import Linked
from services.crm.domain.rows import Sight
from services.crm.domain.timeline import Entry
from services.crm.store import contacts, timeline
from shared.db import Connection, Row
from shared.vocabulary import Channel, EnquiryId, IdentifiedBy, Link, QueueId, Resolution

RECORD = """
WITH new AS (
    INSERT INTO enquiries (enquiry_id, reference, title, text, place, service_code, channel, received_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (enquiry_id) DO NOTHING
    RETURNING enquiry_id
), contact AS (
    INSERT INTO contacts (contact_id, channel, point, direction, started_at, ended_at, logged_by, language,
                          citizen_name, citizen_surname, citizen_email, citizen_telephone, citizen_uprn)
    SELECT $9::uuid, $10::text, $11::text, $12::text, $13::timestamptz, $14::timestamptz, $15::text, $16::text,
           $17::text, $18::text, $19::text, $20::text, $21::text
      FROM new
    ON CONFLICT (contact_id) DO NOTHING
    RETURNING contact_id
), about AS (
    INSERT INTO contact_enquiries (enquiry_id, contact_id, outcome, text)
    SELECT enquiry_id, $9::uuid, $22::text, $23::text FROM new
), entry AS (
    INSERT INTO timeline (enquiry_id, entry_id, contact_id, kind, detail, text, occurred_at, recorded_at,
                          actor, version)
    SELECT enquiry_id, $24::uuid, $25::uuid, $26::text, $27::text, $28::text, $29::timestamptz, $30::timestamptz,
           $31::text, $32::bigint
      FROM new
)
SELECT EXISTS (SELECT FROM contact) AS is_first FROM new
"""
# By itself, because hardly any enquiry has it.
KEEP_PERHAPS_ABOUT = "UPDATE enquiries SET perhaps_about = $2 WHERE enquiry_id = $1"


async def record(db: Connection, enquiry: Enquiry, contact: Contact, entry: Entry) -> bool | None:
    """
    Whether this is the first enquiry of its contact; another one of the same contact is waited for.

    None when the enquiry is known already; nothing is written then.
    """
    is_first: bool | None = await db.fetchval(
        RECORD,
        enquiry.enquiry_id,
        enquiry.reference,
        enquiry.title,
        enquiry.text,
        enquiry.place,
        enquiry.service_code,
        enquiry.channel,
        enquiry.received_at,
        *contacts.values_of(contact),
        *timeline.values_of(entry),
    )
    if is_first is not None and enquiry.perhaps_about is not None:
        await db.execute(KEEP_PERHAPS_ABOUT, enquiry.enquiry_id, enquiry.perhaps_about)
    return is_first


# All in one visit, like RECORD: an import brings tens of thousands.
RECORD_IMPORTED = """
WITH new AS (
    INSERT INTO enquiries (enquiry_id, reference, title, text, place, service_code, channel, received_at,
                           state, version, resolved_at, resolution, system, row_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (enquiry_id) DO NOTHING
    RETURNING enquiry_id
), contact AS (
    INSERT INTO contacts (contact_id, channel, point, direction, started_at, ended_at, logged_by, language,
                          citizen_name, citizen_surname, citizen_email, citizen_telephone, citizen_uprn)
    SELECT $15::uuid, $16::text, $17::text, $18::text, $19::timestamptz, $20::timestamptz, $21::text, $22::text,
           $23::text, $24::text, $25::text, $26::text, $27::text
      FROM new
), about AS (
    INSERT INTO contact_enquiries (enquiry_id, contact_id, outcome, text)
    SELECT enquiry_id, $15::uuid, $28::text, $29::text FROM new
), queues AS (
    INSERT INTO enquiry_queues (queue_id, enquiry_id)
    SELECT queue_id, enquiry_id FROM new, unnest($30::text[]) AS queue_id
), entries AS (
    INSERT INTO timeline (enquiry_id, entry_id, contact_id, kind, detail, text, occurred_at, recorded_at,
                          actor, version)
    SELECT new.enquiry_id, e.*
      FROM new,
           unnest($31::uuid[], $32::uuid[], $33::text[], $34::text[], $35::text[], $36::timestamptz[],
                  $37::timestamptz[], $38::text[], $39::bigint[]) AS e
)
SELECT true FROM new
"""


async def record_imported(
    db: Connection, enquiry: Enquiry, contact: Contact, entries: Sequence[Entry], queues: Sequence[QueueId]
) -> bool:
    """
    False when the enquiry is known already; nothing is written then.

    `queues` are those on which it was in the older system: whoever works on one of them may see it.
    """
    imported = enquiry.imported_as
    is_new = await db.fetchval(
        RECORD_IMPORTED,
        enquiry.enquiry_id,
        enquiry.reference,
        enquiry.title,
        enquiry.text,
        enquiry.place,
        enquiry.service_code,
        enquiry.channel,
        enquiry.received_at,
        enquiry.state,
        enquiry.version,
        enquiry.resolved_at,
        enquiry.resolution,
        imported.system if imported is not None else None,
        imported.row_id if imported is not None else None,
        *contacts.values_of(contact),
        list(queues),
        *map(list, zip(*map(timeline.values_of, entries), strict=True)),
    )
    return is_new is not None


ENQUIRY = """
SELECT * FROM enquiries e
 WHERE enquiry_id = $1
   AND ($2 OR EXISTS (SELECT FROM enquiry_queues q WHERE q.enquiry_id = e.enquiry_id AND q.queue_id = ANY ($3::text[])))
"""


async def enquiry(db: Connection, enquiry_id: EnquiryId, sight: Sight) -> Enquiry | None:
    """None when there is none that this sight reaches."""
    row = await db.fetchrow(ENQUIRY, enquiry_id, sight.everything, list(sight.queues))
    return enquiry_of(row) if row is not None else None


RECEIVED_AT = "SELECT received_at FROM enquiries WHERE enquiry_id = $1"


async def received_at(db: Connection, enquiry_id: EnquiryId) -> datetime | None:
    moment: datetime | None = await db.fetchval(RECEIVED_AT, enquiry_id)
    return moment


NEWEST = """
SELECT * FROM enquiries
 WHERE state = $1
   AND (received_at, enquiry_id)
     < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'))
 ORDER BY received_at DESC, enquiry_id DESC
 LIMIT $2
"""
NEWEST_ON_QUEUES = """
SELECT * FROM enquiries
 WHERE state = $1
   AND enquiry_id IN (SELECT enquiry_id FROM enquiry_queues WHERE queue_id = ANY ($5::text[]))
   AND (received_at, enquiry_id)
     < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'))
 ORDER BY received_at DESC, enquiry_id DESC
 LIMIT $2
"""


async def newest(
    db: Connection, sight: Sight, state: EnquiryState, most: int, before: tuple[datetime, EnquiryId] | None
) -> list[Enquiry]:
    """The newest first; those before that place when one is given."""
    given = (state, most, *(before or (None, None)))
    if sight.everything:
        rows = await db.fetch(NEWEST, *given)
    else:
        rows = await db.fetch(NEWEST_ON_QUEUES, *given, list(sight.queues))
    return [enquiry_of(row) for row in rows]


WITH_NUMBER = """
SELECT * FROM enquiries e
 WHERE right(reference, 14) = $1 AND ($2::text IS NULL OR state = $2)
   AND ($3 OR EXISTS (SELECT FROM enquiry_queues q WHERE q.enquiry_id = e.enquiry_id AND q.queue_id = ANY ($4::text[])))
 ORDER BY received_at DESC, enquiry_id DESC
"""


async def with_number(db: Connection, number: str, sight: Sight, state: EnquiryState | None) -> list[Enquiry]:
    """In any state unless one is given. One at most, but for a reference that was given out twice."""
    rows = await db.fetch(WITH_NUMBER, number, state, sight.everything, list(sight.queues))
    return [enquiry_of(row) for row in rows]


WITH_ROW_ID = """
SELECT * FROM enquiries e
 WHERE row_id = $1 AND ($2::text IS NULL OR state = $2)
   AND ($3 OR EXISTS (SELECT FROM enquiry_queues q WHERE q.enquiry_id = e.enquiry_id AND q.queue_id = ANY ($4::text[])))
 ORDER BY received_at DESC, enquiry_id DESC
"""


async def with_row_id(db: Connection, row_id: str, sight: Sight, state: EnquiryState | None) -> list[Enquiry]:
    """In any state unless one is given. Two older systems may have used the same id."""
    rows = await db.fetch(WITH_ROW_ID, row_id, state, sight.everything, list(sight.queues))
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
        citizen_id=row["citizen_id"],
        identified_by=IdentifiedBy(row["identified_by"]) if row["identified_by"] is not None else None,
        answered_at=row["answered_at"],
        asked_at=row["asked_at"],
        resolved_at=row["resolved_at"],
        resolution=Resolution(row["resolution"]) if row["resolution"] is not None else None,
        imported_as=ImportedAs(row["system"], row["row_id"]) if row["system"] is not None else None,
        perhaps_about=row["perhaps_about"],
        unreached_since=row["unreached_since"],
    )


SAVE = """
WITH saved AS (
    UPDATE enquiries
       SET state = $2, version = $3, service_code = $4, citizen_id = $5, identified_by = $6, answered_at = $7,
           asked_at = $8, resolved_at = $9, resolution = $10
     WHERE enquiry_id = $1
    RETURNING enquiry_id, citizen_id
)
INSERT INTO timeline (enquiry_id, citizen_id, entry_id, contact_id, kind, detail, text, occurred_at, recorded_at,
                      actor, version)
SELECT enquiry_id, citizen_id, $11::uuid, $12::uuid, $13::text, $14::text, $15::text, $16::timestamptz,
       $17::timestamptz, $18::text, $19::bigint
  FROM saved
"""


async def save(db: Connection, enquiry: Enquiry, entry: Entry) -> None:
    """What it has become, and the entry that tells of it."""
    await db.execute(
        SAVE,
        enquiry.enquiry_id,
        enquiry.state,
        enquiry.version,
        enquiry.service_code,
        enquiry.citizen_id,
        enquiry.identified_by,
        enquiry.answered_at,
        enquiry.asked_at,
        enquiry.resolved_at,
        enquiry.resolution,
        *timeline.values_of(entry),
    )


MAKE_THEIRS = """
WITH before AS (
    UPDATE timeline SET citizen_id = $2 WHERE enquiry_id = $1
), now AS (
    UPDATE enquiries SET citizen_id = $2, identified_by = $3 WHERE enquiry_id = $1 RETURNING enquiry_id, citizen_id
)
INSERT INTO timeline (enquiry_id, citizen_id, entry_id, contact_id, kind, detail, text, occurred_at, recorded_at,
                      actor, version)
SELECT enquiry_id, citizen_id, $4::uuid, $5::uuid, $6::text, $7::text, $8::text, $9::timestamptz, $10::timestamptz,
       $11::text, $12::bigint
  FROM now
"""


async def make_theirs(db: Connection, enquiry: Enquiry, entry: Entry) -> None:
    """What has happened to it is in that citizen's timeline from now on, the entry that tells of it included."""
    await db.execute(
        MAKE_THEIRS, enquiry.enquiry_id, enquiry.citizen_id, enquiry.identified_by, *timeline.values_of(entry)
    )


ASSIGN = "UPDATE enquiries SET assigned_to = $2 WHERE enquiry_id = $1"


async def assign(db: Connection, enquiry_id: EnquiryId, adviser_id: str) -> None:
    await db.execute(ASSIGN, enquiry_id, adviser_id)


LINK = """
INSERT INTO links (enquiry_id, other_enquiry_id, link, linked_at, linked_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING
"""


async def link(db: Connection, enquiry_id: EnquiryId, linked: Linked) -> None:
    await db.execute(LINK, enquiry_id, linked.other_enquiry_id, linked.link, linked.linked_at, linked.linked_by)


LINKS = """
SELECT l.*, e.enquiry_id AS other, e.reference, e.title
  FROM links l
  JOIN enquiries e ON e.enquiry_id = CASE WHEN l.enquiry_id = $1 THEN l.other_enquiry_id ELSE l.enquiry_id END
 WHERE (l.enquiry_id = $1 OR l.other_enquiry_id = $1)
   AND ($2 OR EXISTS (SELECT FROM enquiry_queues q WHERE q.enquiry_id = e.enquiry_id AND q.queue_id = ANY ($3::text[])))
 ORDER BY l.linked_at, e.enquiry_id
"""


async def links(db: Connection, enquiry_id: EnquiryId, sight: Sight) -> list[Linked]:
    """From either side, to those that this sight reaches."""
    return [
        Linked(
            other_enquiry_id=row["other"],
            reference=row["reference"],
            title=row["title"],
            link=Link(row["link"]),
            from_other=row["enquiry_id"] != enquiry_id,
            linked_at=row["linked_at"],
            linked_by=row["linked_by"],
        )
        for row in await db.fetch(LINKS, enquiry_id, sight.everything, list(sight.queues))
    ]
