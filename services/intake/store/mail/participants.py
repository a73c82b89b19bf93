"""Who is known by an address on which enquiry, and which enquiries are one citizen's."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from shared.db import Connection
from shared.vocabulary import CitizenId, EnquiryId

ADD_PARTICIPANT = """
INSERT INTO participants (enquiry_id, address, since) VALUES ($1, lower($2), $3) ON CONFLICT DO NOTHING
"""


async def add_participant(db: Connection, enquiry_id: EnquiryId, address: str, since: datetime) -> None:
    """Known there from now on, if not before. Those who bring an enquiry are kept with it, in the same statement."""
    await db.execute(ADD_PARTICIPANT, enquiry_id, address, since)


# What a citizen said on one of their enquiries counts on all of them.
KNOWN_ON = """
SELECT enquiry_id FROM participants WHERE address = lower($2) AND enquiry_id = ANY ($1)
UNION
SELECT this.enquiry_id
  FROM identified this
  JOIN identified theirs USING (citizen_id)
  JOIN participants p ON p.enquiry_id = theirs.enquiry_id
 WHERE this.enquiry_id = ANY ($1) AND p.address = lower($2)
"""


async def known_on(db: Connection, enquiry_ids: Collection[EnquiryId], address: str) -> set[EnquiryId]:
    """Those in which somebody with this address takes part, or in another one of the same citizen's."""
    if not enquiry_ids:
        return set()
    rows = await db.fetch(KNOWN_ON, list(enquiry_ids), address)
    return {EnquiryId(row["enquiry_id"]) for row in rows}


IDENTIFY = """
INSERT INTO identified (enquiry_id, citizen_id) SELECT enquiry_id, $2 FROM submissions WHERE enquiry_id = $1
ON CONFLICT (enquiry_id) DO UPDATE SET citizen_id = excluded.citizen_id
RETURNING true
"""


async def identify(db: Connection, enquiry_id: EnquiryId, citizen_id: CitizenId) -> bool:
    """That citizen's from now on, and nobody else's. False when no such enquiry was submitted here."""
    return await db.fetchval(IDENTIFY, enquiry_id, citizen_id) is not None


NOT_THEIRS = "DELETE FROM identified WHERE enquiry_id = $1 AND citizen_id <> $2"


async def not_known_as_anybody_elses(db: Connection, enquiry_id: EnquiryId, citizen_id: CitizenId) -> None:
    """Whoever else it was taken for, their other addresses count there no more."""
    await db.execute(NOT_THEIRS, enquiry_id, citizen_id)
