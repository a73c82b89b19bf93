"""An older system's enquiries: kept, held until their import is released, and queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.routing.domain.choosing import WITHOUT_PROMISE
from services.routing.domain.learning import Known
from services.routing.domain.tasks import Purpose, Queue
from services.routing.domain.triage import Placing
from services.routing.store.learning import known_of
from services.routing.store.tasks import queue_of
from shared.db import Connection
from shared.vocabulary import EnquiryId, ImportId, QueueId, TaskId, TaskKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """An enquiry of an older system, as much of it as is kept. `request_id` is the contact that asks for a task."""

    enquiry_id: EnquiryId
    import_id: ImportId
    request_id: UUID
    known: Known
    received_at: datetime
    queue_id: QueueId | None
    resolved_at: datetime | None


KEEP_IMPORTED = """
WITH kept AS (
    INSERT INTO enquiries (enquiry_id, service_code, resolved, correlation_id)
    VALUES ($1, $2, $9::timestamptz IS NOT NULL, $10)
    ON CONFLICT (enquiry_id) DO NOTHING
    RETURNING enquiry_id
), learned_from AS (
    INSERT INTO examples (enquiry_id, service_code, received_at, channel, area, words, place_words, queue_id,
                          resolved_at)
    SELECT enquiry_id, $2, $3, $4, $5, $6, $7, $8, $9 FROM kept
)
SELECT true FROM kept
"""


async def keep_imported(db: Connection, imported: Imported, correlation_id: UUID) -> bool:
    """
    Resolved, it is an example by itself; else it becomes one once it is, of the queue it had unless another deals with
    it. False when it is known already.
    """
    known = imported.known
    kept = await db.fetchval(
        KEEP_IMPORTED,
        imported.enquiry_id,
        known.service_code,
        imported.received_at,
        known.channel,
        known.area,
        known.words,
        known.place_words,
        imported.queue_id,
        imported.resolved_at,
        correlation_id,
    )
    return kept is not None


HOLD = """
INSERT INTO held (enquiry_id, import_id, request_id, queue_id, reason, triaged, received_at, came_at)
SELECT $1, $2, $3, $4, $5, $6, $7, (SELECT greatest(released_at, $8) FROM imports WHERE import_id = $2)
RETURNING came_at IS NOT NULL
"""


async def hold(db: Connection, imported: Imported, placing: Placing, at: datetime, *, triaged: bool) -> bool:
    """Whether its import is released already."""
    is_released: bool = await db.fetchval(
        HOLD,
        imported.enquiry_id,
        imported.import_id,
        imported.request_id,
        placing.queue.queue_id,
        placing.reason,
        triaged,
        imported.received_at,
        at,
    )
    return is_released


PLACE_HELD = "UPDATE held SET queue_id = $2, reason = $3 WHERE enquiry_id = $1 AND triaged"


async def place_held(db: Connection, enquiry_id: EnquiryId, placing: Placing) -> None:
    """The task to come waits there, if no person has placed it."""
    await db.execute(PLACE_HELD, enquiry_id, placing.queue.queue_id, placing.reason)


RELEASE = """
INSERT INTO imports (import_id, released_at, said_id) VALUES ($1, $2, $3) ON CONFLICT (import_id) DO NOTHING
"""


async def release(db: Connection, import_id: ImportId, released_at: datetime, said_id: UUID | None) -> None:
    await db.execute(RELEASE, import_id, released_at, said_id)


@dataclass(frozen=True, slots=True)
class Released:
    """Some enquiries of one import whose tasks may be queued: since when, and by which event."""

    import_id: ImportId
    released_at: datetime
    said_id: UUID | None
    enquiries: list[EnquiryId]


# An import that has nothing held any more costs one look into the index.
RELEASED = """
SELECT i.import_id, i.released_at, i.said_id, h.enquiry_id
  FROM (SELECT * FROM imports i WHERE EXISTS (SELECT FROM held h WHERE h.import_id = i.import_id) LIMIT 1) AS i
 CROSS JOIN LATERAL (SELECT enquiry_id FROM held h WHERE h.import_id = i.import_id
                      ORDER BY received_at, enquiry_id LIMIT $1) AS h
"""


async def released(db: Connection, most: int) -> Released | None:
    """Whoever asked first comes first. None when nothing is held that need not be."""
    rows = await db.fetch(RELEASED, most)
    if not rows:
        return None
    first = rows[0]
    enquiries = [row["enquiry_id"] for row in rows]
    return Released(first["import_id"], first["released_at"], first["said_id"], enquiries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """
    A task to come, and the queue it is meant for.

    `came_at`: after its import's release. `in_hand`: a citizen came back, and somebody has it already.
    """

    enquiry_id: EnquiryId
    request_id: UUID
    queue: Queue
    reason: str
    triaged: bool
    received_at: datetime
    came_at: datetime | None
    correlation_id: UUID
    known: Known
    in_hand: bool


HELD = """
SELECT h.enquiry_id, h.request_id, h.reason, h.triaged, h.received_at, h.came_at, e.correlation_id,
       q.queue_id, q.name, q.office, q.closed, q.weight, x.channel, x.service_code, x.area, x.words, x.place_words,
       EXISTS (SELECT FROM tasks t WHERE t.enquiry_id = h.enquiry_id AND t.purpose <> 'work'
                  AND t.state IN ('waiting', 'offered', 'assigned')) AS in_hand
  FROM held h
  JOIN enquiries e USING (enquiry_id)
  JOIN examples x USING (enquiry_id)
  JOIN queues q ON q.queue_id = h.queue_id
 WHERE h.enquiry_id = ANY ($1)
 ORDER BY h.received_at, h.enquiry_id
"""


async def held(db: Connection, enquiries: Sequence[EnquiryId]) -> list[Held]:
    """Their subjects are locked; what is no longer among them has been resolved or queued meanwhile."""
    return [
        Held(
            enquiry_id=row["enquiry_id"],
            request_id=row["request_id"],
            queue=queue_of(row),
            reason=row["reason"],
            triaged=row["triaged"],
            received_at=row["received_at"],
            came_at=row["came_at"],
            correlation_id=row["correlation_id"],
            known=known_of(row),
            in_hand=row["in_hand"],
        )
        for row in await db.fetch(HELD, list(enquiries))
    ]


LET_GO = "DELETE FROM held WHERE enquiry_id = ANY ($1)"
QUEUE_HELD = """
INSERT INTO tasks (task_id, enquiry_id, request_id, queue_id, purpose, kind, reason, triaged, weight, skills,
                   enqueued_at, changed_at, urgent_at, correlation_id)
SELECT g.task_id, e.enquiry_id, g.request_id, g.queue_id, $8, $9, g.reason, g.triaged, g.weight,
       skills_needed(g.queue_id, e.service_code), g.received_at, coalesce(g.came_at, $10),
       urgent_at(e.enquiry_id, g.task_id, g.received_at + $11), e.correlation_id
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::smallint[],
              $12::timestamptz[], $13::timestamptz[])
    AS g (task_id, enquiry_id, request_id, queue_id, reason, triaged, weight, received_at, came_at)
  JOIN enquiries e USING (enquiry_id)
ON CONFLICT (enquiry_id, request_id) DO NOTHING
RETURNING task_id
"""


async def queue_held(
    db: Connection, tasks: Sequence[tuple[TaskId, Held]], enquiries: Sequence[EnquiryId], released_at: datetime
) -> set[TaskId]:
    """These wait now, where they would be had the citizen asked us; nothing of these enquiries is held any more."""
    await db.execute(LET_GO, list(enquiries))
    queued = await db.fetch(
        QUEUE_HELD,
        [task_id for task_id, _ in tasks],
        [each.enquiry_id for _, each in tasks],
        [each.request_id for _, each in tasks],
        [each.queue.queue_id for _, each in tasks],
        [each.reason for _, each in tasks],
        [each.triaged for _, each in tasks],
        [each.queue.weight for _, each in tasks],
        Purpose.ANSWER,
        TaskKind.DEFERRABLE,
        released_at,
        WITHOUT_PROMISE,
        [each.received_at for _, each in tasks],
        [each.came_at for _, each in tasks],
    )
    return {row["task_id"] for row in queued}
