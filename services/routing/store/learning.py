"""What triage learns from, what it has learned, and what that suggests for a task."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.routing.domain.learning import Example, Known
from services.routing.domain.suggesting import Suggested
from shared.db import Connection, Row
from shared.vocabulary import EnquiryId, QueueId, TaskId

# One statement for each new enquiry: it is kept, its words are, and the model that stands is named, if there is one.
KEEP_RECEIVED = """
WITH kept AS (
    INSERT INTO enquiries (enquiry_id, service_code, resolved, correlation_id) VALUES ($1, $2, $3, $4)
    ON CONFLICT (enquiry_id) DO NOTHING
    RETURNING enquiry_id
), learned_from AS (
    INSERT INTO examples (enquiry_id, service_code, received_at, channel, area, words, place_words)
    SELECT enquiry_id, $2, $5, $6, $7, $8, $9 FROM kept WHERE NOT $3
)
SELECT model_id FROM models ORDER BY version DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Received:
    """A new enquiry of our own, and what is known of it."""

    enquiry_id: EnquiryId
    known: Known
    received_at: datetime
    resolved: bool


async def keep_received(db: Connection, received: Received, correlation_id: UUID) -> UUID | None:
    """The model that stands. What is resolved at first contact has no queue to learn, so its words are not kept."""
    known = received.known
    model_id: UUID | None = await db.fetchval(
        KEEP_RECEIVED,
        received.enquiry_id,
        known.service_code,
        received.resolved,
        correlation_id,
        received.received_at,
        known.channel,
        known.area,
        known.words,
        known.place_words,
    )
    return model_id


RESOLVE = """
WITH unheld AS (DELETE FROM held WHERE enquiry_id = $1),
     learned_from AS (UPDATE examples SET queue_id = coalesce($2, queue_id), resolved_at = $3 WHERE enquiry_id = $1)
UPDATE enquiries SET resolved = true WHERE enquiry_id = $1
"""


async def resolve(db: Connection, enquiry_id: EnquiryId, queue_id: QueueId | None, at: datetime) -> None:
    """Nothing of it is held any more, and it is an example if a queue dealt with it."""
    await db.execute(RESOLVE, enquiry_id, queue_id, at)


REOPEN = """
WITH unlearned AS (UPDATE examples SET resolved_at = NULL WHERE enquiry_id = $1)
UPDATE enquiries SET resolved = false WHERE enquiry_id = $1
"""


async def reopen(db: Connection, enquiry_id: EnquiryId) -> None:
    """Whoever dealt with it last may not have been the right one."""
    await db.execute(REOPEN, enquiry_id)


FORMER_QUEUE = """
SELECT coalesce(h.queue_id, x.queue_id) FROM examples x LEFT JOIN held h USING (enquiry_id)
 WHERE x.enquiry_id = $1 AND EXISTS (SELECT FROM queues q WHERE q.queue_id = coalesce(h.queue_id, x.queue_id))
"""


async def former_queue(db: Connection, enquiry_id: EnquiryId) -> QueueId | None:
    """Of an enquiry that had no task here: where an older system had it."""
    queue_id: QueueId | None = await db.fetchval(FORMER_QUEUE, enquiry_id)
    return queue_id


EXAMPLES = """
SELECT channel, service_code, area, words, place_words, queue_id, received_at, resolved_at
  FROM (SELECT * FROM examples
         WHERE queue_id IS NOT NULL AND received_at < $1 AND resolved_at < $2
         ORDER BY received_at DESC, enquiry_id LIMIT $3) AS latest
 ORDER BY received_at, enquiry_id
"""


async def examples(db: Connection, *, received: datetime, resolved: datetime, most: int) -> list[Example]:
    """The latest that were received before the one and resolved before the other, from the earliest on."""
    return [
        Example(
            known=known_of(row),
            queue_id=row["queue_id"],
            received_at=row["received_at"],
            resolved_at=row["resolved_at"],
        )
        for row in await db.fetch(EXAMPLES, received, resolved, most)
    ]


def known_of(row: Row) -> Known:
    return Known(
        channel=row["channel"],
        service_code=row["service_code"],
        area=row["area"],
        words=tuple(row["words"]),
        place_words=tuple(row["place_words"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What was learned, by whom, from how many examples up to when; `held_back` is how it did on the latest of them."""

    model_id: UUID
    author: str
    trained_at: datetime
    until: datetime
    examples: int
    held_back: Mapping[str, Any] | None
    weights: Mapping[str, Any]


# Two who train at once: the second waits for the first, and is the one that stands.
LOCK_MODELS = "LOCK TABLE models IN SHARE ROW EXCLUSIVE MODE"
KEEP_MODEL = """
INSERT INTO models (model_id, version, author, trained_at, until, examples, held_back, weights)
SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6::text::json, $7::text::json FROM models
RETURNING version
"""


async def keep_model(db: Connection, kept: Version) -> int:
    """From now on it stands. Its number."""
    await db.execute(LOCK_MODELS)
    version: int = await db.fetchval(
        KEEP_MODEL,
        kept.model_id,
        kept.author,
        kept.trained_at,
        kept.until,
        kept.examples,
        json.dumps(kept.held_back),
        json.dumps(kept.weights, separators=(",", ":")),
    )
    return version


STANDING = "SELECT model_id FROM models ORDER BY version DESC LIMIT 1"


async def standing(db: Connection) -> UUID | None:
    model_id: UUID | None = await db.fetchval(STANDING)
    return model_id


WEIGHTS = "SELECT weights::text FROM models WHERE model_id = $1"


async def weights(db: Connection, model_id: UUID) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(await db.fetchval(WEIGHTS, model_id))
    return found


VERSIONS = """
SELECT version, author, trained_at, until, examples, held_back::text AS held_back FROM models ORDER BY version
"""


async def versions(db: Connection) -> list[Row]:
    """Without their weights."""
    return await db.fetch(VERSIONS)


SUGGEST = """
INSERT INTO suggestions (task_id, model_id, suggested)
SELECT task_id, model_id, suggested FROM unnest($1::uuid[], $2::uuid[], $3::json[]) AS s (model_id, task_id, suggested)
"""


async def keep_suggestions(db: Connection, suggested: Mapping[TaskId, Suggested]) -> None:
    await db.execute(
        SUGGEST,
        [each.model_id for each in suggested.values()],
        list(suggested),
        [json.dumps(each.queues) for each in suggested.values()],
    )
