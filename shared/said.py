"""What a service has said: written in the transaction that made it true, as one statement."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Connection

PARTITIONS = 16
LARGEST_EVENT = 200_000

WRITE = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[], $5::json[], $6::timestamptz[],
                         $7::uuid[], $8::uuid[], $9::text[], $10::text[])
        WITH ORDINALITY AS g (said_id, subject, partition, name, data, occurred_at,
                              correlation_id, causation_id, actor, traceparent, nth)
), bumped AS (
    INSERT INTO subjects AS s (subject, sequence)
    SELECT subject, count(*) FROM given GROUP BY subject ORDER BY subject
    ON CONFLICT (subject) DO UPDATE SET sequence = s.sequence + excluded.sequence
    RETURNING subject, sequence
), kept AS (
    INSERT INTO said (said_id, subject, sequence, name, data, occurred_at, recorded_at,
                      correlation_id, causation_id, actor, traceparent)
    SELECT g.said_id, g.subject,
           b.sequence - count(*) OVER (PARTITION BY g.subject)
                      + row_number() OVER (PARTITION BY g.subject ORDER BY g.nth),
           g.name, g.data, g.occurred_at, $11, g.correlation_id, g.causation_id, g.actor, g.traceparent
      FROM given g JOIN bumped b USING (subject)
)
INSERT INTO unplaced (said_id, partition) SELECT said_id, partition FROM given JOIN bumped USING (subject) ORDER BY nth
"""


@dataclass(frozen=True, slots=True)
class Said:
    """An event as it will be kept: `data` is its JSON text, at most `LARGEST_EVENT` bytes."""

    said_id: UUID
    subject: str
    name: str
    data: str
    occurred_at: datetime
    correlation_id: UUID
    causation_id: UUID | None
    actor: str
    traceparent: str | None


def partition_of(subject: str) -> int:
    """The first four bytes of SHA-256, mod 16: the same in every service, for good."""
    return int.from_bytes(hashlib.sha256(subject.encode()).digest()[:4], "big") % PARTITIONS


async def write(db: Connection, events: Sequence[Said], recorded_at: datetime) -> None:
    """Gives each event its sequence, in the order given. Its subjects stay locked until commit."""
    await db.execute(
        WRITE,
        [event.said_id for event in events],
        [event.subject for event in events],
        [partition_of(event.subject) for event in events],
        [event.name for event in events],
        [event.data for event in events],
        [event.occurred_at for event in events],
        [event.correlation_id for event in events],
        [event.causation_id for event in events],
        [event.actor for event in events],
        [event.traceparent for event in events],
        recorded_at,
    )
