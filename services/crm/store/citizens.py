"""Citizens, what they are known by, and who may be the one behind an enquiry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.crm.domain.citizens import Citizen, Evidence, Found, Identifier, Known
from services.crm.domain.enquiries import Enquiry
from services.crm.domain.identifiers import IdentifierKind, Strength
from services.crm.store.enquiries import enquiry_of
from shared.db import Connection, Row
from shared.vocabulary import CitizenId, ContactId, EnquiryId, IdentifiedBy

LOCK = "SELECT pg_advisory_xact_lock(mark) FROM unnest($1::bigint[]) AS mark"


async def lock(db: Connection, values: Iterable[tuple[IdentifierKind, str]]) -> None:
    """Until the end of the work nobody else makes a citizen who is known by one of these."""
    await db.execute(LOCK, sorted({mark_of(kind, value) for kind, value in values}))


def mark_of(kind: IdentifierKind, value: str) -> int:
    digest = hashlib.sha256(f"crm/{kind}/{value}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


FOUND = """
SELECT i.citizen_id, c.surname_key, array_agg(i.kind) AS kinds
  FROM unnest($1::text[], $2::text[]) AS asked (kind, normalised)
  JOIN identifiers i ON i.normalised = asked.normalised AND i.kind = asked.kind
  JOIN citizens c ON c.citizen_id = i.citizen_id
 WHERE i.valid_to IS NULL OR i.valid_to > $3
 GROUP BY i.citizen_id, c.surname_key
"""


async def found(db: Connection, evidence: Evidence, at: datetime) -> list[Found]:
    """Everybody who was known by one of these values then."""
    rows = await db.fetch(FOUND, list(evidence.values), list(evidence.values.values()), at)
    return [Found(row["citizen_id"], frozenset(map(IdentifierKind, row["kinds"])), row["surname_key"]) for row in rows]


ADD = """
WITH citizen AS (
    INSERT INTO citizens (citizen_id, name, surname, surname_key, known_since) VALUES ($1, $2, $3, $4, $5)
)
INSERT INTO identifiers (citizen_id, identifier_id, kind, value, normalised, evidence, source, valid_from)
SELECT $1, g.*
  FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[]) AS g
"""


async def add(db: Connection, citizen: Citizen, identifiers: Sequence[Identifier]) -> None:
    """A citizen whom nobody knew before."""
    await db.execute(
        ADD,
        citizen.citizen_id,
        citizen.name,
        citizen.surname,
        citizen.surname_key,
        citizen.known_since,
        [each.identifier_id for each in identifiers],
        [each.kind for each in identifiers],
        [each.value for each in identifiers],
        [each.normalised for each in identifiers],
        [each.evidence for each in identifiers],
        [each.source for each in identifiers],
        [each.valid_from for each in identifiers],
    )


CITIZENS = "SELECT * FROM citizens WHERE citizen_id = ANY ($1) ORDER BY citizen_id"


async def citizens(db: Connection, citizen_ids: Sequence[CitizenId]) -> list[Citizen]:
    """Those of them that are known."""
    return [citizen_of(row) for row in await db.fetch(CITIZENS, list(citizen_ids))]


async def citizen(db: Connection, citizen_id: CitizenId) -> Citizen | None:
    return next(iter(await citizens(db, [citizen_id])), None)


def citizen_of(row: Row) -> Citizen:
    return Citizen(
        citizen_id=row["citizen_id"],
        name=row["name"],
        surname=row["surname"],
        known_since=row["known_since"],
        version=row["version"],
    )


IDENTIFIERS = "SELECT * FROM identifiers WHERE citizen_id = $1 ORDER BY valid_to NULLS FIRST, kind, identifier_id"


async def identifiers(db: Connection, citizen_id: CitizenId) -> list[Identifier]:
    """Those that hold first, then those that have ended."""
    return [identifier_of(row) for row in await db.fetch(IDENTIFIERS, citizen_id)]


def identifier_of(row: Row) -> Identifier:
    return Identifier(
        identifier_id=row["identifier_id"],
        kind=IdentifierKind(row["kind"]),
        value=row["value"],
        normalised=row["normalised"],
        evidence=Strength(row["evidence"]),
        source=row["source"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        ended_by=row["ended_by"],
    )


KEEP_IDENTIFIER = """
WITH citizen AS (
    UPDATE citizens SET version = version + 1 WHERE citizen_id = $1 RETURNING citizen_id
)
INSERT INTO identifiers AS i (citizen_id, identifier_id, kind, value, normalised, evidence, source, valid_from)
SELECT citizen_id, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::timestamptz FROM citizen
ON CONFLICT (citizen_id, kind, normalised) WHERE valid_to IS NULL DO UPDATE
   SET value = excluded.value, evidence = greatest(i.evidence, excluded.evidence),
       source = CASE WHEN i.evidence < excluded.evidence THEN excluded.source ELSE i.source END
RETURNING *
"""


async def keep_identifier(db: Connection, citizen_id: CitizenId, identifier: Identifier) -> Identifier:
    """One that holds already is verified by this, never weakened: `claimed` sorts before `verified`."""
    row = await db.fetchrow(
        KEEP_IDENTIFIER,
        citizen_id,
        identifier.identifier_id,
        identifier.kind,
        identifier.value,
        identifier.normalised,
        identifier.evidence,
        identifier.source,
        identifier.valid_from,
    )
    if row is None:
        raise LookupError(f"citizen {citizen_id} was looked up before")
    return identifier_of(row)


END_IDENTIFIER = """
WITH ended AS (
    UPDATE identifiers SET valid_to = greatest(valid_from, $3), ended_by = $4
     WHERE citizen_id = $1 AND identifier_id = $2 AND valid_to IS NULL
    RETURNING *
), citizen AS (
    UPDATE citizens SET version = version + 1 WHERE citizen_id IN (SELECT citizen_id FROM ended)
)
SELECT * FROM ended
"""


async def end_identifier(
    db: Connection, citizen_id: CitizenId, identifier_id: UUID, at: datetime, by: str
) -> Identifier | None:
    """None when this citizen is not known by it."""
    row = await db.fetchrow(END_IDENTIFIER, citizen_id, identifier_id, at, by)
    return identifier_of(row) if row is not None else None


NOT_RESOLVED = """
SELECT * FROM enquiries
 WHERE citizen_id = $1 AND state <> 'resolved' ORDER BY received_at DESC, enquiry_id DESC LIMIT $2
"""


async def not_resolved(db: Connection, citizen_id: CitizenId, most: int) -> list[Enquiry]:
    """Their enquiries that go on, the newest first."""
    return [enquiry_of(row) for row in await db.fetch(NOT_RESOLVED, citizen_id, most)]


OF_CONTACT = """
SELECT e.citizen_id, e.identified_by
  FROM contact_enquiries a
  JOIN enquiries e USING (enquiry_id)
 WHERE a.contact_id = $1 AND a.enquiry_id <> $2 AND a.text IS NULL AND e.citizen_id IS NOT NULL
 ORDER BY e.enquiry_id
 LIMIT 1
"""


async def of_contact(db: Connection, contact_id: ContactId, enquiry_id: EnquiryId) -> Known | None:
    """Whose another enquiry is that this contact brought."""
    row = await db.fetchrow(OF_CONTACT, contact_id, enquiry_id)
    return Known(row["citizen_id"], IdentifiedBy(row["identified_by"])) if row is not None else None


SUGGEST = """
INSERT INTO suggestions (enquiry_id, citizen_id, because) VALUES ($1, $2, $3)
ON CONFLICT (enquiry_id, citizen_id) DO UPDATE SET because = excluded.because
"""


async def suggest(db: Connection, enquiry_id: EnquiryId, because: Mapping[CitizenId, Sequence[IdentifierKind]]) -> None:
    await db.executemany(SUGGEST, [(enquiry_id, citizen_id, list(kinds)) for citizen_id, kinds in because.items()])


SUGGESTED = "SELECT citizen_id, because FROM suggestions WHERE enquiry_id = $1 ORDER BY citizen_id"


async def suggested(db: Connection, enquiry_id: EnquiryId) -> Mapping[CitizenId, tuple[IdentifierKind, ...]]:
    return {
        row["citizen_id"]: tuple(map(IdentifierKind, row["because"])) for row in await db.fetch(SUGGESTED, enquiry_id)
    }
