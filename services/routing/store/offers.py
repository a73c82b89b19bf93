"""Offers: made, ended and found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.routing.domain.choosing import Pair
from services.routing.domain.tasks import Offer, OfferState
from shared.db import Connection, Row
from shared.vocabulary import AdviserId, OfferId, TaskId

MAKE_OFFERS = """
WITH offered AS (
    UPDATE tasks SET state = 'offered', changed_at = $4::timestamptz, version = version + 1
     WHERE task_id = ANY ($2)
)
INSERT INTO offers (offer_id, task_id, adviser_id, slots, made_at, lease_until)
SELECT offer_id, task_id, adviser_id, weight, $4::timestamptz, $6::timestamptz
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $5::smallint[]) AS o (offer_id, task_id, adviser_id, weight)
"""


async def make_offers(
    db: Connection, pairs: Sequence[Pair], offer_ids: Sequence[OfferId], at: datetime, lease: timedelta
) -> None:
    await db.execute(
        MAKE_OFFERS,
        list(offer_ids),
        [pair.task.task_id for pair in pairs],
        [pair.adviser_id for pair in pairs],
        at,
        [pair.task.weight for pair in pairs],
        at + lease,
    )


OFFER = """
SELECT o.*, t.enquiry_id, t.queue_id FROM offers o JOIN tasks t USING (task_id) WHERE o.offer_id = $1
"""


async def offer(db: Connection, offer_id: OfferId) -> Offer | None:
    row = await db.fetchrow(OFFER, offer_id)
    return offer_of(row) if row is not None else None


LIVE_OFFER = """
SELECT o.*, t.enquiry_id, t.queue_id FROM offers o JOIN tasks t USING (task_id)
 WHERE o.task_id = $1 AND o.state = 'live'
"""


async def live_offer(db: Connection, task_id: TaskId) -> Offer | None:
    row = await db.fetchrow(LIVE_OFFER, task_id)
    return offer_of(row) if row is not None else None


LIVE_OFFERS_FOR = """
SELECT o.offer_id, o.lease_until, t.task_id, t.enquiry_id, t.queue_id, t.purpose, t.kind, t.reason, t.enqueued_at,
       suggestions_of(t.task_id)::text AS suggestions
  FROM offers o JOIN tasks t USING (task_id)
 WHERE o.adviser_id = $1 AND o.state = 'live' AND o.lease_until > $2
 ORDER BY o.made_at, o.offer_id
"""


async def live_offers_for(db: Connection, adviser_id: AdviserId, now: datetime) -> list[Row]:
    return await db.fetch(LIVE_OFFERS_FOR, adviser_id, now)


END_OFFER = "UPDATE offers SET state = $2, ended_at = $3 WHERE offer_id = $1 AND state = 'live'"


async def end_offer(db: Connection, offer_id: OfferId, state: OfferState, at: datetime) -> None:
    await db.execute(END_OFFER, offer_id, state, at)


LAST_LAPSED = """
SELECT o.state = 'lapsed' AS lapsed FROM offers o JOIN advisers a USING (adviser_id)
 WHERE o.adviser_id = $1 AND o.state IN ('accepted', 'refused', 'lapsed')
   AND o.made_at > greatest(a.presence_since, a.picked_at)
 ORDER BY o.ended_at DESC LIMIT $2
"""


async def last_lapsed(db: Connection, adviser_id: AdviserId, most: int) -> list[bool]:
    """Of the last offers since the adviser came or picked a task themselves, the latest first."""
    return [row["lapsed"] for row in await db.fetch(LAST_LAPSED, adviser_id, most)]


def offer_of(row: Row) -> Offer:
    return Offer(
        offer_id=row["offer_id"],
        task_id=row["task_id"],
        enquiry_id=row["enquiry_id"],
        queue_id=row["queue_id"],
        adviser_id=row["adviser_id"],
        state=OfferState(row["state"]),
        lease_until=row["lease_until"],
    )
