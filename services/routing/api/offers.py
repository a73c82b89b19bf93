"""Offers: what you are being offered, and your answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.routing.actions import offering
from services.routing.api.shapes import WORKERS, Suggestions, TaskShown, caller_of, queues_shown_to, task_answer
from services.routing.domain.tasks import Offer, Purpose
from services.routing.store import offers
from shared.errors import NotFound
from shared.vocabulary import OfferId, TaskKind, enquiry_subject
from shared.web import Answer, Call, Shown, route
from shared.work import Work


class OfferShown(Shown):
    """A task held for you until the lease ends."""

    offer_id: UUID
    task_id: UUID
    enquiry_id: UUID
    queue_id: str
    purpose: Purpose
    kind: TaskKind
    reason: str = Field(description="Why the task is on this queue.")
    suggestions: Suggestions = Field(description="Queues it might be for, and why; up to three.")
    enqueued_at: datetime
    lease_until: datetime


class OffersShown(Shown):
    """What you may accept or refuse now."""

    offers: list[OfferShown]


async def get_my_offers(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        now = await call.workshop.timesource.now(db)
        rows = await offers.live_offers_for(db, caller_of(call), now)
    return Answer(200, OffersShown(offers=[OfferShown.model_validate(dict(row)) for row in rows]))


async def post_acceptance(call: Call[None]) -> Answer:
    offer = await named_offer(call)

    async def accept(work: Work) -> Answer:
        task = await offering.accept(work, offer.offer_id, caller_of(call))
        return await task_answer(work.db, task.task_id)

    return await call.command([enquiry_subject(offer.enquiry_id)], accept)


async def post_refusal(call: Call[None]) -> Answer:
    offer = await named_offer(call)

    async def refuse(work: Work) -> Answer:
        await offering.refuse(work, offer.offer_id, caller_of(call))
        return Answer(204)

    return await call.command([enquiry_subject(offer.enquiry_id)], refuse)


async def named_offer(call: Call[None]) -> Offer:
    """
    Read without a lock, to learn which enquiry it belongs to; the action looks again.

    For a partner there are no offers but their own.
    """
    async with call.workshop.reading() as db:
        offer = await offers.offer(db, OfferId(call.id("offer_id")))
        is_partner = await queues_shown_to(call, db) is not None
    if offer is None or (is_partner and offer.adviser_id != caller_of(call)):
        raise NotFound("There is no such offer: copy its id once more.")
    return offer


SERVES = (
    route(
        "GET",
        "/v1/offers",
        get_my_offers,
        who=WORKERS,
        gives={200: OffersShown},
        summary="What you are being offered now.",
    ),
    route(
        "POST",
        "/v1/offers/{offer_id}/accept",
        post_acceptance,
        who=WORKERS,
        gives={200: TaskShown},
        refuses=(403, 404, 409),
        command=True,
        summary="Take the task you are offered.",
    ),
    route(
        "POST",
        "/v1/offers/{offer_id}/refuse",
        post_refusal,
        who=WORKERS,
        gives={204: None},
        refuses=(403, 404, 409),
        command=True,
        summary="Leave the task to somebody else.",
    ),
)
