"""Who has looked at what about a citizen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.db import Connection
from shared.vocabulary import CitizenId, EnquiryId, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who looks, at what kind of thing, and why if they said so."""

    who: str
    what: str
    why: str | None
    occurred_at: datetime
    correlation_id: UUID


Seen = tuple[EnquiryId | None, CitizenId | None]
"""An enquiry, a citizen, or an enquiry with its citizen."""

KEEP = """
INSERT INTO accesses (access_id, enquiry_id, citizen_id, who, what, why, occurred_at, correlation_id)
SELECT a.*, $4::text, $5::text, $6::text, $7::timestamptz, $8::uuid FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS a
"""


async def keep(db: Connection, seen: Sequence[Seen], access: Access) -> None:
    if not seen:
        return
    await db.execute(
        KEEP,
        [new_id() for _ in seen],
        [enquiry_id for enquiry_id, _ in seen],
        [citizen_id for _, citizen_id in seen],
        access.who,
        access.what,
        access.why,
        access.occurred_at,
        access.correlation_id,
    )
