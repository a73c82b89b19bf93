"""How all open promises stand at one moment. What has ended is never counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.db import Connection

TOTALS = """
SELECT o.running, o.paused, o.oldest_started_at,
       (SELECT count(*) FROM clocks WHERE at_risk IS NOT NULL AND state = 'running') AS at_risk,
       (SELECT count(*) FROM clocks WHERE state = 'breached' AND stopped_at IS NULL) AS breached
  FROM (SELECT count(*) FILTER (WHERE state = 'running') AS running,
               count(*) FILTER (WHERE state = 'paused') AS paused,
               min(started_at) FILTER (WHERE state = 'running') AS oldest_started_at
          FROM clocks WHERE state IN ('running', 'paused')) AS o
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Of all open clocks. `breached` are those that nothing has stopped yet."""

    running: int
    paused: int
    oldest_started_at: datetime | None
    at_risk: int
    breached: int


async def totals(db: Connection) -> Totals:
    """One look at all open clocks, so that the figures agree with each other."""
    row = await db.fetchrow(TOTALS)
    if row is None:
        raise LookupError("an aggregate always gives a row")
    return Totals(**dict(row))


BY_QUEUE = """
WITH pressing AS (
    SELECT t.queue_id, c.state FROM (
        SELECT enquiry_id, task_id, state FROM clocks WHERE at_risk IS NOT NULL AND state = 'running'
        UNION ALL
        SELECT enquiry_id, task_id, state FROM clocks WHERE state = 'breached' AND stopped_at IS NULL) AS c
     CROSS JOIN LATERAL (
        SELECT queue_id FROM open_tasks t
         WHERE t.enquiry_id = c.enquiry_id AND (c.task_id IS NULL OR t.task_id = c.task_id)
         ORDER BY t.handed_over, t.enqueued_at LIMIT 1) AS t
), pressed AS (
    SELECT queue_id, count(*) FILTER (WHERE state = 'running') AS at_risk,
           count(*) FILTER (WHERE state = 'breached') AS breached
      FROM pressing GROUP BY queue_id
), waiting AS (
    SELECT queue_id, count(*) FILTER (WHERE NOT assigned) AS waiting, count(*) FILTER (WHERE assigned) AS assigned,
           min(enqueued_at) FILTER (WHERE NOT assigned) AS longest_waiting_since
      FROM open_tasks GROUP BY queue_id
)
SELECT queue_id, waiting, assigned, longest_waiting_since,
       coalesce(at_risk, 0) AS at_risk, coalesce(breached, 0) AS breached
  FROM waiting LEFT JOIN pressed USING (queue_id)
 ORDER BY queue_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfQueue:
    """
    One queue: its tasks, and the clocks that press on them.

    An enquiry's own clocks count where it is to be answered.
    """

    queue_id: str
    waiting: int
    assigned: int
    longest_waiting_since: datetime | None
    at_risk: int
    breached: int


async def by_queue(db: Connection) -> list[OfQueue]:
    return [OfQueue(**dict(row)) for row in await db.fetch(BY_QUEUE)]
