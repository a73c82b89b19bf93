"""Presence, and what the house knows of whoever asks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from services.routing.actions import presence as actions
from services.routing.api.shapes import WORKERS, caller_of
from services.routing.store import figures, slots
from shared.vocabulary import Presence, adviser_subject
from shared.web import Answer, Body, Call, Shown, route
from shared.work import Work


class NewPresence(Body):
    """Whether you can be offered tasks from now on."""

    presence: Literal["ready", "away"]


class PresenceShown(Shown):
    """Whether you can be offered tasks."""

    adviser_id: str
    presence: Presence


class QueueNamed(Shown):
    """A queue you take tasks of."""

    queue_id: str
    name: str


class AdviserShown(Shown):
    """What the council file says of you, and whether you can be offered tasks."""

    adviser_id: str
    presence: Presence
    away_because: str | None = Field(description="Set when it was not you who said that you are away.")
    queues: list[QueueNamed]
    skills: list[str]
    capacity: int
    free: int = Field(description="How many slots are free; a task fills as many as it weighs.")


async def put_my_presence(call: Call[NewPresence]) -> Answer:
    adviser_id = caller_of(call)
    presence = Presence(call.body.presence)

    async def change(work: Work) -> Answer:
        await actions.set_presence(work, adviser_id, presence)
        return Answer(200, PresenceShown(adviser_id=adviser_id, presence=presence))

    return await call.command([adviser_subject(adviser_id)], change)


async def get_me(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        adviser = await actions.known_adviser(db, caller_of(call))
        names = await figures.names_of(db, adviser.queues)
        free = await slots.free_of(db, adviser.adviser_id)
    shown = AdviserShown(
        adviser_id=adviser.adviser_id,
        presence=adviser.presence,
        away_because=adviser.away_because,
        queues=[QueueNamed(queue_id=each, name=names[each]) for each in adviser.queues],
        skills=sorted(adviser.skills),
        capacity=adviser.capacity,
        free=free,
    )
    return Answer(200, shown)


SERVES = (
    route(
        "PUT",
        "/v1/advisers/me/presence",
        put_my_presence,
        who=WORKERS,
        takes=NewPresence,
        gives={200: PresenceShown},
        refuses=(403,),
        command=True,
        summary="Say whether you can be offered tasks.",
    ),
    route(
        "GET",
        "/v1/advisers/me",
        get_me,
        who=WORKERS,
        gives={200: AdviserShown},
        refuses=(403,),
        summary="Your queues, skills, capacity and presence.",
    ),
)
