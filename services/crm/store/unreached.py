"""Enquiries whose citizen was not reached by the last that was sent to them."""

from __future__ import annotations

from datetime import datetime

from services.crm.domain.enquiries import Enquiry, EnquiryState
from services.crm.domain.rows import Sight
from services.crm.store.enquiries import enquiry_of
from shared.db import Connection
from shared.vocabulary import EnquiryId

MARK = "UPDATE enquiries SET unreached_since = coalesce(unreached_since, $2) WHERE enquiry_id = $1"


async def mark(db: Connection, enquiry_id: EnquiryId, since: datetime) -> None:
    """Where it is marked already, the earlier moment stays."""
    await db.execute(MARK, enquiry_id, since)


CLEAR = "UPDATE enquiries SET unreached_since = NULL WHERE enquiry_id = $1 AND unreached_since IS NOT NULL"


async def clear(db: Connection, enquiry_id: EnquiryId) -> None:
    await db.execute(CLEAR, enquiry_id)


NEWEST = """
SELECT * FROM enquiries e
 WHERE unreached_since IS NOT NULL AND ($1::text IS NULL OR state = $1)
   AND (received_at, enquiry_id)
     < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, '00000000-0000-0000-0000-000000000000'))
   AND ($5 OR EXISTS (SELECT FROM enquiry_queues q WHERE q.enquiry_id = e.enquiry_id AND q.queue_id = ANY ($6::text[])))
 ORDER BY received_at DESC, enquiry_id DESC
 LIMIT $2
"""


async def newest(
    db: Connection, sight: Sight, state: EnquiryState | None, most: int, before: tuple[datetime, EnquiryId] | None
) -> list[Enquiry]:
    """In any state unless one is given; the newest first, those before that place when one is given."""
    given = (state, most, *(before or (None, None)))
    rows = await db.fetch(NEWEST, *given, sight.everything, list(sight.queues))
    return [enquiry_of(row) for row in rows]


COUNT = "SELECT count(*) FROM enquiries WHERE unreached_since IS NOT NULL"


async def count(db: Connection) -> int:
    return int(await db.fetchval(COUNT))
