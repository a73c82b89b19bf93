"""How the enquiries of some months were kept, counted from facts and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.sla.domain.figures import By, Figure, Figures
from shared.db import Connection, Row
from shared.vocabulary import Channel, QueueId

# An enquiry counts where and when its first word says, and on the queue it was on last; work handed over does not move
# it. It was resolved when that was first said after it was last reopened.
FIGURES = """
WITH came AS MATERIALIZED (
    SELECT f.enquiry_id, f.occurred_at AS received_at, f.channel, f.queue_id,
           date_trunc($3, f.occurred_at AT TIME ZONE $4)::date AS period
      FROM facts f
     WHERE f.kind IN ('enquiry.received', 'enquiry.imported') AND f.occurred_at >= $1 AND f.occurred_at < $2
       AND NOT EXISTS (
           SELECT FROM facts e
            WHERE e.enquiry_id = f.enquiry_id AND e.kind IN ('enquiry.received', 'enquiry.imported')
              AND (e.occurred_at, e.kind = 'enquiry.imported', e.fact_id)
                  < (f.occurred_at, f.kind = 'enquiry.imported', f.fact_id))
), moved AS (
    SELECT DISTINCT ON (m.enquiry_id) m.enquiry_id, m.queue_id
      FROM came c JOIN facts m USING (enquiry_id)
     WHERE m.kind IN ('task.queued', 'task.transferred') AND NOT m.handed_over
       AND NOT EXISTS (SELECT FROM facts h
                        WHERE h.enquiry_id = m.enquiry_id AND h.task_id = m.task_id AND h.handed_over)
     ORDER BY m.enquiry_id, m.occurred_at DESC, m.kind DESC, m.fact_id DESC
), ended AS (
    SELECT r.enquiry_id, min(r.occurred_at) AS resolved_at
      FROM came c JOIN facts r USING (enquiry_id)
     WHERE r.kind = 'enquiry.resolved'
       AND NOT EXISTS (SELECT FROM facts o
                        WHERE o.enquiry_id = r.enquiry_id AND o.kind = 'enquiry.reopened'
                          AND o.occurred_at >= r.occurred_at)
     GROUP BY r.enquiry_id
), promised AS (
    SELECT k.enquiry_id, bool_or(k.state = 'breached') AS broken, bool_and(k.state = 'met') AS kept
      FROM came c JOIN clocks k USING (enquiry_id)
     WHERE k.task_id IS NULL AND k.state <> 'superseded'
     GROUP BY k.enquiry_id
), told AS (
    SELECT c.period, c.channel, coalesce(m.queue_id, c.queue_id) AS queue_id, p.broken, p.kept,
           CASE WHEN e.resolved_at IS NOT NULL
                THEN extract(epoch FROM greatest(e.resolved_at, c.received_at) - c.received_at)::float8 END AS seconds
      FROM came c
      LEFT JOIN moved m USING (enquiry_id)
      LEFT JOIN ended e USING (enquiry_id)
      LEFT JOIN promised p USING (enquiry_id)
), asked AS MATERIALIZED (
    SELECT * FROM told WHERE $6::text IS NULL OR queue_id = $6
), counted AS (
    SELECT period, channel, queue_id, grouping(period, queue_id) AS level, count(*) AS received,
           count(*) FILTER (WHERE kept) AS met,
           count(*) FILTER (WHERE broken) AS breached,
           count(*) FILTER (WHERE NOT broken AND NOT kept) AS running,
           count(*) FILTER (WHERE broken IS NULL) AS no_promise,
           count(*) FILTER (WHERE seconds IS NULL) AS open,
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::numeric, 3)::float8 AS median_seconds,
           round(percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)::numeric, 3)::float8 AS p95_seconds
      FROM asked
     WHERE $5::text IS NULL OR channel = $5
     GROUP BY GROUPING SETS ((period, channel, queue_id), (period, channel), ())
), everything AS (
    SELECT period, count(*) AS received FROM asked GROUP BY ROLLUP (period)
)
SELECT c.*, coalesce(c.received::float8 / nullif(e.received, 0), 0) AS share
  FROM counted c JOIN everything e ON coalesce(e.period, 'infinity') = coalesce(c.period, 'infinity')
 ORDER BY level, period, channel COLLATE "C", queue_id COLLATE "C"
"""
OF_A_QUEUE, OF_A_CHANNEL, OF_EVERYTHING = 0, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which enquiries: those received from `begin` on and before `end`. Periods are those of the zone."""

    begin: datetime
    end: datetime
    zone: str
    by: By
    channel: Channel | None
    queue_id: QueueId | None


async def figures(db: Connection, asked: Asked) -> Figures:
    """One look at all of them, so that they agree with each other."""
    found = await db.fetch(FIGURES, asked.begin, asked.end, asked.by, asked.zone, asked.channel, asked.queue_id)
    return Figures(
        rows=tuple(read(row) for row in found if row["level"] == OF_A_QUEUE),
        channels=tuple(read(row) for row in found if row["level"] == OF_A_CHANNEL),
        totals=next(read(row) for row in found if row["level"] == OF_EVERYTHING),
    )


def read(row: Row) -> Figure:
    return Figure(**{name: row[name] for name in Figure.__slots__})
