"""What was heard of an enquiry, read together with its clocks and with the standards that hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.sla.domain.clocks import Clock
from services.sla.domain.facts import Fact, Kind
from services.sla.store.clocks import read_clock
from shared.db import Connection, Row
from shared.vocabulary import AnswerKind, Channel, EnquiryId, Office, QueueId, TaskId

HEAR = """
WITH kept AS (
    INSERT INTO facts (enquiry_id, fact_id, kind, occurred_at, heard_at, heard_under, task_id, queue_id, office,
                       handed_over, service_code, channel, answer, standard, start_id, due_at, why)
    SELECT $1, $2, $3, $4, $5, version, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
      FROM (SELECT max(version) AS version FROM council_versions) AS held WHERE version IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING heard_under
)
SELECT (SELECT heard_under FROM kept) AS heard_under, v.version,
       ARRAY(SELECT f FROM facts f WHERE f.enquiry_id = $1) AS facts,
       ARRAY(SELECT c FROM clocks c WHERE c.enquiry_id = $1 AND NOT c.retired) AS clocks,
       ARRAY(SELECT i FROM in_force i WHERE i.council_version = v.version ORDER BY code) AS in_force,
       ARRAY(SELECT h.applied_at FROM in_force i JOIN council_versions h ON h.version = i.since
              WHERE i.council_version = v.version ORDER BY code) AS applied_at
  FROM (SELECT max(version) AS version FROM council_versions) AS v
"""


@dataclass(frozen=True, slots=True)
class Holding:
    """One standard of the council that holds, by the id of its terms."""

    code: str
    standard_id: UUID
    since: int
    code_since: int


@dataclass(frozen=True, slots=True)
class Found:
    """
    Everything about one enquiry as it is stored. Without a version, no council file has been applied yet.

    Each standard stands beside the moment at which it was applied in its present form.
    """

    version: int | None
    facts: tuple[Fact, ...]
    clocks: tuple[Clock, ...]
    in_force: tuple[tuple[Holding, datetime], ...]

    @property
    def standard_ids(self) -> set[UUID]:
        """Of all terms that are needed to make sense of it."""
        ran = {clock.standard_id for clock in self.clocks if clock.standard_id is not None}
        return ran | {holding.standard_id for holding, _ in self.in_force}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is new: a fact that has no `heard_under` yet, because the database knows which council holds."""

    fact_id: UUID
    kind: Kind
    occurred_at: datetime
    task_id: TaskId | None = None
    queue_id: QueueId | None = None
    office: Office | None = None
    handed_over: bool = False
    service_code: str | None = None
    channel: Channel | None = None
    answer: AnswerKind | None = None
    standard: str | None = None
    start_id: UUID | None = None
    due_at: datetime | None = None
    cut_over: datetime | None = None


async def hear(db: Connection, enquiry_id: EnquiryId, fact: Heard, now: datetime, why: str | None = None) -> Found:
    """Keeps the fact and gives all there is, itself included, in one look. A fact known already is kept once."""
    row = await db.fetchrow(
        HEAR,
        enquiry_id,
        fact.fact_id,
        fact.kind,
        fact.occurred_at,
        now,
        fact.task_id,
        fact.queue_id,
        fact.office,
        fact.handed_over,
        fact.service_code,
        fact.channel,
        fact.answer,
        fact.standard,
        fact.start_id,
        fact.due_at,
        why,
    )
    if row is None:
        raise LookupError("an aggregate always gives a row")
    new = [] if row["heard_under"] is None else [fact_of(fact, row["heard_under"])]
    return read_found(row, new)


HEAR_SEVERAL = """
WITH kept AS (
    INSERT INTO facts (enquiry_id, fact_id, kind, occurred_at, heard_at, heard_under, handed_over,
                       channel, service_code, queue_id, due_at, cut_over)
    SELECT $1, g.fact_id, g.kind, g.occurred_at, $2, held.version, false,
           g.channel, g.service_code, g.queue_id, g.due_at, g.cut_over
      FROM (SELECT max(version) AS version FROM council_versions) AS held,
           unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
                  $9::timestamptz[], $10::timestamptz[])
               AS g (fact_id, kind, occurred_at, channel, service_code, queue_id, due_at, cut_over)
     WHERE held.version IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING fact_id
)
SELECT ARRAY(SELECT fact_id FROM kept) AS kept, v.version,
       ARRAY(SELECT f FROM facts f WHERE f.enquiry_id = $1) AS facts,
       ARRAY(SELECT c FROM clocks c WHERE c.enquiry_id = $1 AND NOT c.retired) AS clocks,
       ARRAY(SELECT i FROM in_force i WHERE i.council_version = v.version ORDER BY code) AS in_force,
       ARRAY(SELECT h.applied_at FROM in_force i JOIN council_versions h ON h.version = i.since
              WHERE i.council_version = v.version ORDER BY code) AS applied_at
  FROM (SELECT max(version) AS version FROM council_versions) AS v
"""
DETAILS_OF_SEVERAL = ("fact_id", "kind", "occurred_at", "channel", "service_code", "queue_id", "due_at", "cut_over")


async def hear_several(db: Connection, enquiry_id: EnquiryId, facts: Sequence[Heard], now: datetime) -> Found:
    """As `hear` does it, for facts that came at once. Of their details only those of an imported enquiry are kept."""
    columns = ([getattr(fact, name) for fact in facts] for name in DETAILS_OF_SEVERAL)
    row = await db.fetchrow(HEAR_SEVERAL, enquiry_id, now, *columns)
    if row is None:
        raise LookupError("an aggregate always gives a row")
    return read_found(row, [fact_of(fact, row["version"]) for fact in facts if fact.fact_id in row["kept"]])


def fact_of(heard: Heard, heard_under: int) -> Fact:
    return Fact(heard_under=heard_under, **{name: getattr(heard, name) for name in Heard.__slots__})


KNOWN = """
SELECT v.version,
       ARRAY(SELECT f FROM facts f WHERE f.enquiry_id = $1) AS facts,
       ARRAY(SELECT c FROM clocks c WHERE c.enquiry_id = $1 AND NOT c.retired) AS clocks,
       ARRAY(SELECT i FROM in_force i WHERE i.council_version = v.version ORDER BY code) AS in_force,
       ARRAY(SELECT h.applied_at FROM in_force i JOIN council_versions h ON h.version = i.since
              WHERE i.council_version = v.version ORDER BY code) AS applied_at
  FROM (SELECT max(version) AS version FROM council_versions) AS v
"""


async def known(db: Connection, enquiry_id: EnquiryId) -> Found:
    """Not locked: the enquiry is."""
    row = await db.fetchrow(KNOWN, enquiry_id)
    if row is None:
        raise LookupError("an aggregate always gives a row")
    return read_found(row, [])


def read_found(row: Row, new: Iterable[Fact]) -> Found:
    return Found(
        version=row["version"],
        facts=(*map(read_fact, row["facts"]), *new),
        clocks=tuple(map(read_clock, row["clocks"])),
        in_force=tuple(
            (Holding(each["code"], each["standard_id"], each["since"], each["code_since"]), applied_at)
            for each, applied_at in zip(row["in_force"], row["applied_at"], strict=True)
        ),
    )


def read_fact(row: Mapping[str, object] | Row) -> Fact:
    found = dict(row)
    for name in ("enquiry_id", "heard_at", "why"):
        del found[name]
    for name, words in WORDS.items():
        if found[name] is not None:
            found[name] = words(found[name])
    return Fact(**found)


WORDS = {"kind": Kind, "office": Office, "channel": Channel, "answer": AnswerKind}

WHY = "SELECT fact_id, why FROM facts WHERE enquiry_id = $1 AND why IS NOT NULL"


async def reasons(db: Connection, enquiry_id: EnquiryId) -> dict[UUID, str]:
    """What people gave as their reasons, by fact."""
    return {row["fact_id"]: row["why"] for row in await db.fetch(WHY, enquiry_id)}
