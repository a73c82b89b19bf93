"""What routing keeps of an enquiry: its service code, whether it is resolved, its promises; and what triage reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.choosing import WITHOUT_PROMISE
from services.routing.domain.triage import Match
from shared.db import Connection
from shared.vocabulary import ClockId, EnquiryId, QueueId, TaskId


@dataclass(frozen=True, slots=True)
class Enquiry:
    """An enquiry as routing knows it."""

    enquiry_id: EnquiryId
    service_code: str | None
    resolved: bool


ENQUIRY = "SELECT enquiry_id, service_code, resolved FROM enquiries WHERE enquiry_id = $1"


async def enquiry(db: Connection, enquiry_id: EnquiryId) -> Enquiry | None:
    row = await db.fetchrow(ENQUIRY, enquiry_id)
    return Enquiry(row["enquiry_id"], row["service_code"], row["resolved"]) if row is not None else None


CLASSIFY = """
WITH classified AS (UPDATE enquiries SET service_code = $2 WHERE enquiry_id = $1)
UPDATE tasks SET skills = skills_needed(queue_id, $2), version = version + 1
 WHERE enquiry_id = $1 AND state IN ('waiting', 'offered', 'assigned') AND skills <> skills_needed(queue_id, $2)
"""


async def classify(db: Connection, enquiry_id: EnquiryId, service_code: str) -> None:
    """Its open tasks now need what this service needs."""
    await db.execute(CLASSIFY, enquiry_id, service_code)


SERVICE = "SELECT name, queue_id FROM catalogue WHERE service_code = $1"


async def service(db: Connection, service_code: str) -> tuple[str, QueueId] | None:
    """Its name and queue; None when the council file has no such service."""
    row = await db.fetchrow(SERVICE, service_code)
    return (row["name"], row["queue_id"]) if row is not None else None


MATCHES = """
SELECT c.service_code, c.name, c.queue_id, k.keyword, ts_rank(words, k.query)::float8 AS rank
  FROM words_of($1, $2) AS words
  JOIN keywords k ON words @@ k.query
  JOIN catalogue c USING (service_code)
 ORDER BY c.service_code, k.keyword
"""


async def matches(db: Connection, title: str, text: str) -> list[Match]:
    """The keywords that occur in what a citizen wrote, which is read and not kept."""
    return [
        Match(row["service_code"], row["name"], row["queue_id"], row["keyword"], row["rank"])
        for row in await db.fetch(MATCHES, title, text)
    ]


KEEP_DUE = """
INSERT INTO dues (clock_id, enquiry_id, task_id, started_at, due_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (clock_id) DO UPDATE SET due_at = excluded.due_at
"""


async def keep_due(
    db: Connection,
    clock_id: ClockId,
    enquiry_id: EnquiryId,
    task_id: TaskId | None,
    started_at: datetime,
    due_at: datetime,
) -> None:
    await db.execute(KEEP_DUE, clock_id, enquiry_id, task_id, started_at, due_at)


FORGET_DUE = "DELETE FROM dues WHERE clock_id = $1"


async def forget_due(db: Connection, clock_id: ClockId) -> None:
    await db.execute(FORGET_DUE, clock_id)


FORGET_DUES = "DELETE FROM dues WHERE enquiry_id = $1 AND started_at <= $2"


async def forget_dues(db: Connection, enquiry_id: EnquiryId, until: datetime) -> None:
    """What was promised until then; clocks that an event heard later has started may be known already."""
    await db.execute(FORGET_DUES, enquiry_id, until)


SET_URGENCY = """
UPDATE tasks SET urgent_at = urgent_at(enquiry_id, task_id, enqueued_at + $2)
 WHERE enquiry_id = $1 AND state IN ('waiting', 'offered', 'assigned')
   AND urgent_at <> urgent_at(enquiry_id, task_id, enqueued_at + $2)
"""


async def set_urgency(db: Connection, enquiry_id: EnquiryId) -> None:
    """The enquiry's open tasks are as urgent as the first promise on them."""
    await db.execute(SET_URGENCY, enquiry_id, WITHOUT_PROMISE)
