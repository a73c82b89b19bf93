"""What routing serves: presence, offers, tasks and queues."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from services.routing import actions, store
from services.routing.domain import Offer, Task
from shared.errors import NotFound
from shared.vocabulary import (
    AdviserId,
    OfferId,
    Presence,
    Role,
    TaskId,
    TaskKind,
    adviser_subject,
    enquiry_subject,
)
from shared.web import Answer, Body, Call, Shown, etag, route
from shared.work import Work

WORKERS = (Role.ADVISER, Role.OFFICER)
READERS = (*WORKERS, Role.MANAGER, Role.HEAD_OF_SERVICE, Role.ADMINISTRATOR)


class NewPresence(Body):
    """Whether you can be offered tasks from now on."""

    presence: Literal["ready", "away"]


class PresenceShown(Shown):
    """Whether you can be offered tasks."""

    adviser_id: str
    presence: Presence


class OfferShown(Shown):
    """A task held for you until the lease ends."""

    offer_id: UUID
    task_id: UUID
    enquiry_id: UUID
    queue_id: str
    lease_until: datetime


class OffersShown(Shown):
    """What you may accept or refuse now."""

    offers: list[OfferShown]


class TaskShown(Shown):
    """One piece of work on an enquiry."""

    task_id: UUID
    enquiry_id: UUID
    queue_id: str
    kind: TaskKind
    state: Literal["waiting", "offered", "assigned", "completed", "withdrawn"]
    enqueued_at: datetime = Field(description="Set once; a task never loses its place.")
    assigned_to: str | None
    version: int


class QueueShown(Shown):
    """How many tasks stand where on a queue."""

    queue_id: str
    name: str
    office: Literal["front", "back", "partner"]
    waiting: int
    offered: int
    assigned: int
    longest_waiting_since: datetime | None


class QueuesShown(Shown):
    """Every queue."""

    queues: list[QueueShown]


async def put_my_presence(call: Call[NewPresence]) -> Answer:
    adviser_id = caller_of(call)
    presence = Presence(call.body.presence)

    async def change(work: Work) -> Answer:
        await actions.set_presence(work, adviser_id, presence)
        return Answer(200, PresenceShown(adviser_id=adviser_id, presence=presence))

    return await call.command([adviser_subject(adviser_id)], change)


async def get_my_offers(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        now = await call.workshop.timesource.now(db)
        offers = await store.live_offers_for(db, caller_of(call), now)
    return Answer(200, OffersShown(offers=[shown_offer(offer) for offer in offers]))


async def post_acceptance(call: Call[None]) -> Answer:
    offer = await named_offer(call)

    async def accept(work: Work) -> Answer:
        return task_answer(await actions.accept(work, offer.offer_id, caller_of(call)))

    return await call.command([enquiry_subject(offer.enquiry_id)], accept)


async def post_refusal(call: Call[None]) -> Answer:
    offer = await named_offer(call)

    async def refuse(work: Work) -> Answer:
        await actions.refuse(work, offer.offer_id, caller_of(call))
        return Answer(204)

    return await call.command([enquiry_subject(offer.enquiry_id)], refuse)


async def post_completion(call: Call[None]) -> Answer:
    task = await named_task(call)

    async def complete(work: Work) -> Answer:
        return task_answer(await actions.complete(work, task.task_id, caller_of(call)))

    return await call.command([enquiry_subject(task.enquiry_id)], complete)


async def get_task(call: Call[None]) -> Answer:
    return task_answer(await named_task(call))


async def get_queues(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        rows = await store.queue_figures(db)
    return Answer(200, QueuesShown(queues=[QueueShown.model_validate(dict(row)) for row in rows]))


def caller_of(call: Call[NewPresence] | Call[None]) -> AdviserId:
    return AdviserId(call.caller.name)


async def named_offer(call: Call[None]) -> Offer:
    """Read without a lock, to learn which enquiry it belongs to; the action looks again."""
    async with call.workshop.reading() as db:
        offer = await store.offer(db, OfferId(call.id("offer_id")))
    if offer is None:
        raise NotFound("There is no such offer: copy its id once more.")
    return offer


async def named_task(call: Call[None]) -> Task:
    """Read without a lock, to learn which enquiry it belongs to; the action looks again."""
    async with call.workshop.reading() as db:
        task = await store.task(db, TaskId(call.id("task_id")))
    if task is None:
        raise NotFound("There is no such task: copy its id once more.")
    return task


def shown_offer(offer: Offer) -> OfferShown:
    return OfferShown(
        offer_id=offer.offer_id,
        task_id=offer.task_id,
        enquiry_id=offer.enquiry_id,
        queue_id=offer.queue_id,
        lease_until=offer.lease_until,
    )


def task_answer(task: Task) -> Answer:
    shown = TaskShown(
        task_id=task.task_id,
        enquiry_id=task.enquiry_id,
        queue_id=task.queue_id,
        kind=task.kind,
        state=task.state.value,
        enqueued_at=task.enqueued_at,
        assigned_to=task.assigned_to,
        version=task.version,
    )
    return Answer(200, shown, etag(task.version))


SERVES = (
    route(
        "PUT",
        "/v1/advisers/me/presence",
        put_my_presence,
        who=WORKERS,
        takes=NewPresence,
        gives={200: PresenceShown},
        command=True,
        summary="Say whether you can be offered tasks.",
    ),
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
    route(
        "POST",
        "/v1/tasks/{task_id}/complete",
        post_completion,
        who=WORKERS,
        gives={200: TaskShown},
        refuses=(403, 404, 409),
        command=True,
        summary="Say that your work on a task is done.",
    ),
    route(
        "GET",
        "/v1/tasks/{task_id}",
        get_task,
        who=READERS,
        gives={200: TaskShown},
        refuses=(404,),
        summary="Where a task stands.",
    ),
    route(
        "GET",
        "/v1/queues",
        get_queues,
        who=READERS,
        gives={200: QueuesShown},
        summary="How many tasks stand where, and since when the oldest one waits.",
    ),
)
