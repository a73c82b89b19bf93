"""Every form that standards have had, and which of them hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from services.sla.domain.terms import Terms, read, written
from services.sla.store.facts import Holding
from shared.db import Connection
from shared.vocabulary import EnquiryId

# Terms never change under their id, so what a process has read once it need not read again.
READ: dict[UUID, Terms] = {}
MOST_READ = 1_000

TERMS = "SELECT standard_id, terms FROM standards WHERE standard_id = ANY ($1)"


async def terms_of(db: Connection, standard_ids: Collection[UUID]) -> dict[UUID, Terms]:
    missing = [standard_id for standard_id in standard_ids if standard_id not in READ]
    if missing:
        if len(READ) > MOST_READ:
            READ.clear()
            missing = list(standard_ids)
        for row in await db.fetch(TERMS, missing):
            READ[row["standard_id"]] = read(row["standard_id"], row["terms"])
    return {standard_id: READ[standard_id] for standard_id in standard_ids}


HELD_BEFORE = """
SELECT code, standard_id, since, code_since FROM in_force
 WHERE council_version = (SELECT max(council_version) FROM in_force WHERE council_version < $1)
"""


async def held_before(db: Connection, version: int) -> dict[str, Holding]:
    """What held under the version before that one, by code."""
    rows = await db.fetch(HELD_BEFORE, version)
    return {row["code"]: Holding(row["code"], row["standard_id"], row["since"], row["code_since"]) for row in rows}


KEEP = """
INSERT INTO standards (standard_id, code, terms, council_version)
SELECT standard_id, code, terms::json, $4
  FROM unnest($1::uuid[], $2::text[], $3::text[]) AS g (standard_id, code, terms)
ON CONFLICT DO NOTHING
"""
HOLD = """
INSERT INTO in_force (council_version, code, standard_id, since, code_since)
SELECT $1, g.* FROM unnest($2::text[], $3::uuid[], $4::int[], $5::int[]) AS g
"""


async def hold(db: Connection, version: int, terms: Sequence[Terms], holdings: Iterable[Holding]) -> None:
    """These, and no others, hold under that version."""
    ids, codes = [each.standard_id for each in terms], [each.code for each in terms]
    await db.execute(KEEP, ids, codes, [written(each) for each in terms], version)
    several = list(holdings)
    await db.execute(
        HOLD,
        version,
        [each.code for each in several],
        [each.standard_id for each in several],
        [each.since for each in several],
        [each.code_since for each in several],
    )


OUTDATED = """
SELECT DISTINCT c.enquiry_id
  FROM standards s
 CROSS JOIN LATERAL (
     SELECT enquiry_id FROM clocks
      WHERE standard_id = s.standard_id AND state IN ('running', 'paused') AND enquiry_id <> ALL ($2) LIMIT $1) AS c
 WHERE NOT EXISTS (SELECT FROM in_force i WHERE i.standard_id = s.standard_id AND i.code = s.code
                      AND i.council_version = (SELECT max(version) FROM council_versions))
 LIMIT $1
"""


async def outdated(db: Connection, most: int, others_than: Collection[EnquiryId]) -> list[EnquiryId]:
    """Enquiries on which a clock runs, or is paused, under a standard that holds no more."""
    return [EnquiryId(row["enquiry_id"]) for row in await db.fetch(OUTDATED, most, list(others_than))]
