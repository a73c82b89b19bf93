"""Contacts, and the enquiries they brought: what was said, word for word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from services.intake.domain.attachments import Attachment
from services.intake.domain.contacts import Citizen, Contact, Enquiry, Known, Recorded
from shared.db import Connection, Row
from shared.vocabulary import (
    AdviserId,
    Channel,
    CitizenId,
    ContactId,
    Direction,
    EnquiryId,
    FileId,
    Outcome,
    Point,
    Reference,
)

KEEP_PREFIX = """
INSERT INTO reference_prefix (prefix) VALUES ($1) ON CONFLICT (single) DO UPDATE SET prefix = excluded.prefix
"""


async def keep_prefix(db: Connection, prefix: str) -> None:
    await db.execute(KEEP_PREFIX, prefix)


# One visit for a contact and all it brought, the prefix of their references included: the web form is the hottest path.
# A contact that is there already stays as it is. Whoever brings an enquiry is known on it by the address they gave.
SAVE = """
WITH contact AS (
    INSERT INTO contacts (contact_id, channel, point, direction, outcome, started_at, ended_at, logged_by,
                          citizen_name, citizen_surname, citizen_email, citizen_telephone, citizen_uprn, citizen_id,
                          language)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT DO NOTHING
), submission AS (
    INSERT INTO submissions (enquiry_id, contact_id, reference, service_code, title, text, place, outcome, received_at)
    SELECT e.enquiry_id, $1, p.prefix || '-' || e.number, e.service_code, e.title, e.text, e.place, e.outcome, $6
      FROM reference_prefix p,
           unnest($16::uuid[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::text[])
               AS e (enquiry_id, number, service_code, title, text, place, outcome)
    RETURNING enquiry_id, reference
), participant AS (
    INSERT INTO participants (enquiry_id, address, since)
    SELECT enquiry_id, lower($11::text), $6::timestamptz FROM submission WHERE $11::text IS NOT NULL
)
SELECT enquiry_id, reference FROM submission
"""


async def save(
    db: Connection, contact: Contact, started_at: datetime, enquiries: Mapping[str, Enquiry]
) -> dict[EnquiryId, Reference]:
    """The references, which end with the numbers given. None at all while no council file has been applied."""
    brought = enquiries.values()
    rows = await db.fetch(
        SAVE,
        *columns(contact, started_at),
        [enquiry.enquiry_id for enquiry in brought],
        list(enquiries),
        [enquiry.service_code for enquiry in brought],
        [enquiry.title for enquiry in brought],
        [enquiry.text for enquiry in brought],
        [enquiry.place for enquiry in brought],
        [enquiry.outcome for enquiry in brought],
    )
    return {EnquiryId(row["enquiry_id"]): Reference(row["reference"]) for row in rows}


def columns(contact: Contact, started_at: datetime) -> tuple[object, ...]:
    citizen = contact.citizen
    return (
        contact.contact_id,
        contact.channel,
        contact.point,
        contact.direction,
        contact.outcome,
        started_at,
        contact.ended_at,
        contact.logged_by,
        citizen.name,
        citizen.surname,
        citizen.email,
        citizen.telephone,
        citizen.uprn,
        citizen.citizen_id,
        contact.language,
    )


SAVE_FURTHER = """
INSERT INTO contacts (contact_id, channel, point, direction, outcome, started_at, ended_at, logged_by,
                      citizen_name, citizen_surname, citizen_email, citizen_telephone, citizen_uprn, citizen_id,
                      language, about, text)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""


async def save_further(db: Connection, contact: Contact, started_at: datetime, about: EnquiryId, text: str) -> None:
    """A contact on an enquiry that is known already."""
    await db.execute(SAVE_FURTHER, *columns(contact, started_at), about, text)


SAVE_FILES = """
INSERT INTO files (file_id, contact_id, name, media_type, size, sha256)
SELECT f.file_id, $1, f.name, f.media_type, f.size, f.sha256
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bytea[])
           AS f (file_id, name, media_type, size, sha256)
"""


async def save_files(db: Connection, contact: Contact) -> None:
    files = contact.attachments
    await db.execute(
        SAVE_FILES,
        contact.contact_id,
        [file.file_id for file in files],
        [file.name for file in files],
        [file.media_type for file in files],
        [file.size for file in files],
        [file.sha256 for file in files],
    )


CONTACT = "SELECT * FROM contacts WHERE contact_id = $1"
FILES_OF = """
SELECT file_id, name, media_type, size, sha256 FROM files WHERE contact_id = $1 AND deleted_at IS NULL ORDER BY file_id
"""
BROUGHT_BY = "SELECT enquiry_id FROM submissions WHERE contact_id = $1 ORDER BY enquiry_id"


async def recorded(db: Connection, contact_id: ContactId) -> Recorded | None:
    row = await db.fetchrow(CONTACT, contact_id)
    if row is None:
        return None
    files = await db.fetch(FILES_OF, contact_id)
    brought = [EnquiryId(each["enquiry_id"]) for each in await db.fetch(BROUGHT_BY, contact_id)]
    about = [EnquiryId(row["about"])] if row["about"] is not None else []
    return Recorded(contact_of(row, files), row["started_at"], (*about, *brought))


def contact_of(row: Row, files: list[Row]) -> Contact:
    return Contact(
        contact_id=ContactId(row["contact_id"]),
        channel=Channel(row["channel"]),
        point=Point(row["point"]),
        citizen=Citizen(
            name=row["citizen_name"],
            surname=row["citizen_surname"],
            email=row["citizen_email"],
            telephone=row["citizen_telephone"],
            uprn=row["citizen_uprn"],
            citizen_id=CitizenId(row["citizen_id"]) if row["citizen_id"] is not None else None,
        ),
        language=row["language"],
        direction=Direction(row["direction"]),
        outcome=Outcome(row["outcome"]),
        ended_at=row["ended_at"],
        logged_by=AdviserId(row["logged_by"]) if row["logged_by"] is not None else None,
        attachments=tuple(
            Attachment(
                file_id=FileId(file["file_id"]),
                name=file["name"],
                media_type=file["media_type"],
                size=file["size"],
                sha256=file["sha256"],
            )
            for file in files
        ),
    )


# `submissions_by_number` is over the same expression; 14 is how long a number is, hyphens included.
KNOWN = "SELECT enquiry_id, reference FROM submissions WHERE right(reference, 14) = $1"


async def known(db: Connection, number: str) -> Known | None:
    row = await db.fetchrow(KNOWN, number)
    return Known(EnquiryId(row["enquiry_id"]), Reference(row["reference"])) if row is not None else None
