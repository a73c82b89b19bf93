"""Many tasks at once: the worklist, what you have, and how queues stand."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from services.routing.api.shapes import (
    READERS,
    WORKERS,
    TaskShown,
    caller_of,
    oversees,
    own_queues,
    queues_shown_to,
    shown_task,
)
from services.routing.store import figures
from shared.db import Connection
from shared.errors import Forbidden
from shared.vocabulary import QueueId, TaskId
from shared.web import Answer, Call, Query, Shown, route


class Listing(Query):
    """Which open tasks to list, and after which one to go on."""

    queue: str | None = Field(None, max_length=50, description="One queue; without it, all you may see.")
    state: Literal["waiting", "offered", "assigned"] | None = None
    limit: int = Field(50, ge=1, le=100)
    after: UUID | None = Field(None, description="The last task of the list before this one.")


class TaskList(Shown):
    """The most urgent first."""

    tasks: list[TaskShown]
    after: UUID | None = Field(description="Send this as `after` for the next ones; null when there are none.")


class QueueShown(Shown):
    """How many tasks stand where on a queue."""

    queue_id: str
    name: str
    office: Literal["front", "back", "partner"]
    closed: bool = Field(description="The council has given it up; it is shown until nothing is open on it.")
    waiting: int
    nobody_can: int = Field(description="How many of those waiting nobody who is there may take.")
    offered: int
    assigned: int
    longest_waiting_since: datetime | None


class QueuesShown(Shown):
    """Every queue that you may see."""

    queues: list[QueueShown]


async def get_tasks(call: Call[None]) -> Answer:
    asked = call.query_as(Listing)
    after = TaskId(asked.after) if asked.after is not None else None
    async with call.workshop.reading() as db:
        queues = await queues_listed(call, db, asked.queue)
        rows = await figures.worklist(db, queues, asked.state, after, asked.limit)
    last = rows[-1]["task_id"] if len(rows) == asked.limit else None
    return Answer(200, TaskList(tasks=[shown_task(row) for row in rows], after=last))


async def queues_listed(call: Call[None], db: Connection, named: str | None) -> tuple[QueueId, ...] | None:
    """The one that is named, else all the caller's own; whoever oversees sees every queue."""
    own = None if oversees(call) else await own_queues(call, db)
    if named is None:
        return own
    if own is not None and named not in own:
        raise Forbidden(f"You take no tasks of {named}: name one of your queues, which are {', '.join(own)}.")
    return (QueueId(named),)


async def get_my_tasks(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        rows = await figures.held_by(db, caller_of(call))
    return Answer(200, TaskList(tasks=[shown_task(row) for row in rows], after=None))


async def get_queues(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        rows = await figures.queue_figures(db, await queues_shown_to(call, db))
    return Answer(200, QueuesShown(queues=[QueueShown.model_validate(dict(row)) for row in rows]))


SERVES = (
    route(
        "GET",
        "/v1/tasks",
        get_tasks,
        who=READERS,
        query=Listing,
        gives={200: TaskList},
        refuses=(403,),
        summary="The worklist: open tasks of your queues, the most urgent first.",
    ),
    route(
        "GET",
        "/v1/tasks/mine",
        get_my_tasks,
        who=WORKERS,
        gives={200: TaskList},
        summary="The tasks that are yours now.",
    ),
    route(
        "GET",
        "/v1/queues",
        get_queues,
        who=READERS,
        gives={200: QueuesShown},
        refuses=(403,),
        summary="How many tasks stand where, and since when the oldest one waits.",
    ),
)
