"""Contacts, the enquiries each of them was about, and the files that came with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.crm.domain.contacts import Attachment, Contact
from shared.db import Connection, Row
from shared.vocabulary import Channel, ContactId, Direction, EnquiryId, Outcome, Point


def values_of(contact: Contact) -> tuple[object, ...]:
    """In the order in which the statements that keep a contact take them."""
    return (
        contact.contact_id,
        contact.channel,
        contact.point,
        contact.direction,
        contact.started_at,
        contact.ended_at,
        contact.logged_by,
        contact.language,
        contact.citizen_name,
        contact.citizen_surname,
        contact.citizen_email,
        contact.citizen_telephone,
        contact.citizen_uprn,
        contact.outcome,
        contact.text,
    )


KEEP = """
WITH contact AS (
    INSERT INTO contacts (contact_id, channel, point, direction, started_at, ended_at, logged_by, language,
                          citizen_name, citizen_surname, citizen_email, citizen_telephone, citizen_uprn)
    VALUES ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (contact_id) DO NOTHING
    RETURNING contact_id
), about AS (
    INSERT INTO contact_enquiries (enquiry_id, contact_id, outcome, text) VALUES ($1, $2, $15, $16)
    ON CONFLICT (enquiry_id, contact_id) DO NOTHING
    RETURNING enquiry_id
)
SELECT EXISTS (SELECT FROM contact) AS is_first FROM about
"""


async def keep(db: Connection, enquiry_id: EnquiryId, contact: Contact) -> bool | None:
    """Whether this enquiry is the first that the contact was about. None when it stands there already."""
    is_first: bool | None = await db.fetchval(KEEP, enquiry_id, *values_of(contact))
    return is_first


KEEP_NOTED = """
WITH contact AS (
    INSERT INTO contacts (contact_id, channel, point, direction, started_at, ended_at, noted_as, sender)
    VALUES ($2, $3, $4, $5, $6, $6, $7, $8)
    ON CONFLICT (contact_id) DO NOTHING
)
INSERT INTO contact_enquiries (enquiry_id, contact_id, outcome, text) VALUES ($1, $2, $9, $10)
ON CONFLICT (enquiry_id, contact_id) DO NOTHING
RETURNING true
"""


async def keep_noted(db: Connection, enquiry_id: EnquiryId, contact: Contact) -> bool:
    """A machine's mail. False when it stands there already."""
    is_new = await db.fetchval(
        KEEP_NOTED,
        enquiry_id,
        contact.contact_id,
        contact.channel,
        contact.point,
        contact.direction,
        contact.started_at,
        contact.noted_as,
        contact.sender,
        contact.outcome,
        contact.text,
    )
    return is_new is not None


# By itself, because few contacts have any: what keeps all of them stays as quick as it is.
KEEP_QUOTED = "UPDATE contact_enquiries SET quoted = $3 WHERE enquiry_id = $1 AND contact_id = $2"


async def keep_quoted(db: Connection, enquiry_id: EnquiryId, contact: Contact) -> None:
    await db.execute(KEEP_QUOTED, enquiry_id, contact.contact_id, contact.quoted)


KEEP_ATTACHMENTS = """
INSERT INTO attachments (enquiry_id, contact_id, file_id, name, media_type, size)
SELECT $1, $2, a.* FROM unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[]) AS a
"""


async def keep_attachments(db: Connection, enquiry_id: EnquiryId, contact: Contact) -> None:
    files = contact.attachments
    await db.execute(
        KEEP_ATTACHMENTS,
        enquiry_id,
        contact.contact_id,
        [file.file_id for file in files],
        [file.name for file in files],
        [file.media_type for file in files],
        [file.size for file in files],
    )


LOCK = "SELECT FROM contacts WHERE contact_id = $1 FOR NO KEY UPDATE"
OTHERS = "SELECT enquiry_id FROM contact_enquiries WHERE contact_id = $1 AND enquiry_id <> $2 ORDER BY enquiry_id"


async def others(db: Connection, contact_id: ContactId, enquiry_id: EnquiryId) -> list[EnquiryId]:
    """The other enquiries that this contact was about; of two that come at once, the later one sees the earlier."""
    await db.execute(LOCK, contact_id)
    return [row["enquiry_id"] for row in await db.fetch(OTHERS, contact_id, enquiry_id)]


OF_ENQUIRY = """
SELECT c.*, a.outcome, a.text IS NULL AS brought, coalesce(a.text, e.text) AS said, a.quoted
  FROM contact_enquiries a
  JOIN contacts c USING (contact_id)
  JOIN enquiries e USING (enquiry_id)
 WHERE a.enquiry_id = $1
 ORDER BY c.started_at, c.contact_id
"""
ATTACHMENTS = "SELECT * FROM attachments WHERE enquiry_id = $1 ORDER BY name, file_id"


async def of_enquiry(db: Connection, enquiry_id: EnquiryId) -> list[Contact]:
    """In the order in which they began, with their files."""
    found = [contact_of(row) for row in await db.fetch(OF_ENQUIRY, enquiry_id)]
    files = await db.fetch(ATTACHMENTS, enquiry_id)
    return [replace(contact, attachments=attachments_of(contact, files)) for contact in found]


ATTACHMENTS_OF_CONTACTS = """
SELECT * FROM attachments WHERE enquiry_id = ANY ($1::uuid[]) AND contact_id = ANY ($2::uuid[]) ORDER BY name, file_id
"""


async def with_attachments(db: Connection, found: Sequence[tuple[EnquiryId, Contact | None]]) -> list[Contact | None]:
    """Each contact with the files that came with it for that enquiry; None stays None."""
    shown = [(enquiry_id, contact.contact_id) for enquiry_id, contact in found if contact is not None]
    files = await db.fetch(ATTACHMENTS_OF_CONTACTS, *map(list, zip(*shown, strict=True))) if shown else []
    return [
        contact
        and replace(
            contact,
            attachments=attachments_of(contact, [row for row in files if row["enquiry_id"] == enquiry_id]),
        )
        for enquiry_id, contact in found
    ]


def attachments_of(contact: Contact, files: Sequence[Row]) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(file_id=row["file_id"], name=row["name"], media_type=row["media_type"], size=row["size"])
        for row in files
        if row["contact_id"] == contact.contact_id
    )


def contact_of(row: Row) -> Contact:
    return Contact(
        contact_id=row["contact_id"],
        channel=Channel(row["channel"]),
        point=Point(row["point"]),
        direction=Direction(row["direction"]),
        outcome=Outcome(row["outcome"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        logged_by=row["logged_by"],
        language=row["language"],
        text=row["said"],
        citizen_name=row["citizen_name"],
        citizen_surname=row["citizen_surname"],
        citizen_email=row["citizen_email"],
        citizen_telephone=row["citizen_telephone"],
        citizen_uprn=row["citizen_uprn"],
        brought=row["brought"],
        quoted=row["quoted"],
        noted_as=row["noted_as"],
        sender=row["sender"],
    )
