"""Imports, the rows they have taken in and those they have not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.intake.domain.imports import Begun, Import, Rejected, Row, Seen, Sorted, TakenRow
from shared import db as database
from shared.db import Connection
from shared.vocabulary import Direction, EnquiryId, ImportId, Outcome, Reference

OF_FILE = "SELECT * FROM imports WHERE system = $1 AND file_digest = $2 AND map_digest = $3"


async def of_file(db: Connection, begun: Begun) -> Import | None:
    """The import of the same file under the same map."""
    row = await db.fetchrow(OF_FILE, begun.system, begun.file_digest, begun.map_digest)
    return import_of(row) if row is not None else None


BEGIN = """
INSERT INTO imports (import_id, system, file_name, file_digest, map_digest, cut_over, begun_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def begin(db: Connection, begun: Begun, cut_over: datetime, at: datetime) -> Import:
    await db.execute(
        BEGIN, begun.import_id, begun.system, begun.file_name, begun.file_digest, begun.map_digest, cut_over, at
    )
    return Import(
        import_id=begun.import_id, system=begun.system, file_name=begun.file_name, cut_over=cut_over, begun_at=at
    )


BY_ID = "SELECT * FROM imports WHERE import_id = $1"
NEWEST = "SELECT * FROM imports ORDER BY begun_at DESC, import_id DESC LIMIT $1"


async def by_id(db: Connection, import_id: ImportId) -> Import | None:
    row = await db.fetchrow(BY_ID, import_id)
    return import_of(row) if row is not None else None


async def newest(db: Connection, most: int) -> list[Import]:
    return [import_of(row) for row in await db.fetch(NEWEST, most)]


def import_of(row: database.Row) -> Import:
    return Import(
        import_id=ImportId(row["import_id"]),
        system=row["system"],
        file_name=row["file_name"],
        cut_over=row["cut_over"],
        begun_at=row["begun_at"],
        read_up_to=row["read_up_to"],
        rows_in=row["rows_in"],
        known_already=row["known_already"],
        rejected=row["rejected"],
        released_at=row["released_at"],
    )


EARLIER = """
SELECT r.row_id, r.import_id, i.file_name, r.line, r.digest
  FROM imported_rows r
  JOIN imports i USING (import_id)
 WHERE r.system = $1 AND r.row_id = ANY ($2::text[])
"""


async def earlier(db: Connection, system: str, row_ids: Sequence[str]) -> dict[str, Seen]:
    """Those of the ids that were taken in before, and where."""
    return {
        row["row_id"]: Seen(ImportId(row["import_id"]), row["file_name"], row["line"], bytes(row["digest"]))
        for row in await db.fetch(EARLIER, system, list(row_ids))
    }


# One visit for all rows of a batch. The step shows a citizen that the enquiry was finished before it came here.
SAVE = """
WITH given AS (
    SELECT g.*, p.prefix || '-' || g.number AS reference
      FROM reference_prefix p,
           unnest($5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
                  $13::text[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::bigint[], $18::text[],
                  $19::bytea[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[], $25::text[])
               AS g (enquiry_id, contact_id, number, channel, point, service_code, title, text,
                     place, received_at, due_at, resolved_at, line, row_id,
                     digest, name, surname, email, telephone, uprn, language)
), contact AS (
    INSERT INTO contacts (contact_id, channel, point, direction, outcome, started_at, citizen_name, citizen_surname,
                          citizen_email, citizen_telephone, citizen_uprn, language)
    SELECT contact_id, channel, point, $3::text, $4::text, received_at, name, surname,
           email, telephone, uprn, language
      FROM given
), submission AS (
    INSERT INTO submissions (enquiry_id, contact_id, reference, service_code, title, text, place, received_at)
    SELECT enquiry_id, contact_id, reference, service_code, title, text, place, received_at FROM given
), step AS (
    INSERT INTO steps (enquiry_id, step, occurred_at)
    SELECT enquiry_id, 'resolved', resolved_at FROM given WHERE resolved_at IS NOT NULL
), imported AS (
    INSERT INTO imported_rows (system, import_id, row_id, line, digest, enquiry_id, due_at)
    SELECT $1::text, $2::uuid, row_id, line, digest, enquiry_id, due_at FROM given
)
SELECT enquiry_id, reference FROM given
"""


async def save(db: Connection, begun: Import, accepted: Mapping[str, tuple[Row, bytes]]) -> dict[EnquiryId, Reference]:
    """The references, which end with the numbers given. None at all while no council file has been applied."""
    if not accepted:
        return {}
    values = [columns(number, row, digest) for number, (row, digest) in accepted.items()]
    rows = await db.fetch(
        SAVE,
        begun.system,
        begun.import_id,
        Direction.INBOUND,
        Outcome.RECEIVED,
        *map(list, zip(*values, strict=True)),
    )
    return {EnquiryId(row["enquiry_id"]): Reference(row["reference"]) for row in rows}


def columns(number: str, row: Row, digest: bytes) -> tuple[object, ...]:
    citizen = row.citizen
    return (
        row.enquiry_id,
        row.contact_id,
        number,
        row.channel,
        row.point,
        row.service_code,
        row.title,
        row.text,
        row.place,
        row.received_at,
        row.due_at,
        row.resolved_at,
        row.line,
        row.row_id,
        digest,
        citizen.name,
        citizen.surname,
        citizen.email,
        citizen.telephone,
        citizen.uprn,
        row.language,
    )


REJECT = """
INSERT INTO rejected_rows (import_id, line, row_id, because)
SELECT $1, r.* FROM unnest($2::bigint[], $3::text[], $4::text[]) AS r
"""


async def reject(db: Connection, import_id: ImportId, rejected: Sequence[Rejected]) -> None:
    if rejected:
        columns_of = [(each.line, each.row_id, each.because) for each in rejected]
        await db.execute(REJECT, import_id, *map(list, zip(*columns_of, strict=True)))


MOVE = """
UPDATE imports
   SET read_up_to = $2, rows_in = rows_in + $3, known_already = known_already + $4, rejected = rejected + $5
 WHERE import_id = $1
"""


async def move(db: Connection, import_id: ImportId, up_to: int, found: Sorted, rejected: int) -> None:
    """The cursor, and the counts with it. `rejected` is how many were, by whomever."""
    await db.execute(MOVE, import_id, up_to, len(found.accepted), found.known_already, rejected)


RELEASE = "UPDATE imports SET released_at = $2 WHERE import_id = $1"


async def release(db: Connection, import_id: ImportId, at: datetime) -> None:
    await db.execute(RELEASE, import_id, at)


TAKEN = """
SELECT r.line, r.row_id, r.enquiry_id, s.reference
  FROM imported_rows r
  JOIN submissions s USING (enquiry_id)
 WHERE r.import_id = $1 AND r.line > $2
 ORDER BY r.line
 LIMIT $3
"""
REJECTED = """
SELECT line, row_id, because FROM rejected_rows WHERE import_id = $1 AND line > $2 ORDER BY line LIMIT $3
"""


async def taken(db: Connection, import_id: ImportId, after: int, most: int) -> list[TakenRow]:
    """In the order of the file, from the line after that one."""
    return [TakenRow(**dict(row)) for row in await db.fetch(TAKEN, import_id, after, most)]


async def rejected(db: Connection, import_id: ImportId, after: int, most: int) -> list[Rejected]:
    return [Rejected(**dict(row)) for row in await db.fetch(REJECTED, import_id, after, most)]
