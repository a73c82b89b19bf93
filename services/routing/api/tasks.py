"""One task: where it stands, and what its adviser does with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Self

from pydantic import Field, model_validator

from services.routing.actions import holding
from services.routing.actions.holding import Transfer
from services.routing.api.shapes import (
    READERS,
    WORKERS,
    Note,
    TaskShown,
    caller_of,
    oversees,
    queues_shown_to,
    task_answer,
)
from services.routing.domain.tasks import NO_SUCH_TASK, Task, check_shown
from services.routing.store import tasks
from shared.db import Connection
from shared.errors import NotFound
from shared.vocabulary import AdviserId, QueueId, Role, TaskId, enquiry_subject
from shared.web import Answer, Body, Call, route
from shared.work import Work


class Returning(Body):
    """Why you return the task."""

    note: Note


class Transferring(Body):
    """To a queue, a partner's among them, or to an adviser; and what they need to know."""

    to_queue: str | None = Field(None, max_length=50, description="A queue_id of GET /v1/queues.")
    to_adviser: str | None = Field(None, max_length=100, description="The name an adviser signs in with.")
    note: Note

    @model_validator(mode="after")
    def name_one(self) -> Self:
        if (self.to_queue is None) == (self.to_adviser is None):
            raise ValueError("name either `to_queue` or `to_adviser`, and not both")
        return self


async def get_task(call: Call[None]) -> Answer:
    """A partner is shown only what they have or could take."""
    task_id = TaskId(call.id("task_id"))
    async with call.workshop.reading() as db:
        queues = await queues_shown_to(call, db)
        check_shown(await named_task(db, task_id), queues, caller_of(call))
        return await task_answer(db, task_id)


async def post_pick(call: Call[None]) -> Answer:
    return await do(call, lambda work, task_id: holding.pick(work, task_id, caller_of(call)))


async def post_completion(call: Call[None]) -> Answer:
    return await do(call, lambda work, task_id: holding.complete(work, task_id, caller_of(call)))


async def post_return(call: Call[Returning]) -> Answer:
    return await do(call, lambda work, task_id: holding.return_task(work, task_id, caller_of(call), call.body.note))


async def post_transfer(call: Call[Transferring]) -> Answer:
    body = call.body
    asked = Transfer(
        by=caller_of(call),
        note=body.note,
        to_queue=QueueId(body.to_queue) if body.to_queue is not None else None,
        to_adviser=AdviserId(body.to_adviser) if body.to_adviser is not None else None,
        oversees=oversees(call),
    )
    return await do(call, lambda work, task_id: holding.transfer(work, task_id, asked))


async def do(call: Call[Any], action: Callable[[Work, TaskId], Awaitable[Task]]) -> Answer:
    """
    The task is first read without a lock, to learn which enquiry it belongs to; the action looks again.

    Whether it is shown to the caller is asked in the work, so that a command repeated is answered as it was.
    """
    task_id = TaskId(call.id("task_id"))
    async with call.workshop.reading() as db:
        queues = await queues_shown_to(call, db)
        task = await named_task(db, task_id)

    async def act(work: Work) -> Answer:
        check_shown(await named_task(work.db, task_id), queues, caller_of(call))
        await action(work, task_id)
        return await task_answer(work.db, task_id)

    return await call.command([enquiry_subject(task.enquiry_id)], act)


async def named_task(db: Connection, task_id: TaskId) -> Task:
    task = await tasks.task(db, task_id)
    if task is None:
        raise NotFound(NO_SUCH_TASK)
    return task


SERVES = (
    route(
        "GET",
        "/v1/tasks/{task_id}",
        get_task,
        who=READERS,
        gives={200: TaskShown},
        refuses=(403, 404),
        summary="Where a task stands.",
    ),
    route(
        "POST",
        "/v1/tasks/{task_id}/pick",
        post_pick,
        who=WORKERS,
        gives={200: TaskShown},
        refuses=(403, 404, 409),
        command=True,
        summary="Take a waiting task of one of your queues, whatever its place.",
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
        "POST",
        "/v1/tasks/{task_id}/return",
        post_return,
        who=WORKERS,
        takes=Returning,
        gives={200: TaskShown},
        refuses=(403, 404, 409),
        command=True,
        summary="Return a task to the queue it came from, in its old place.",
    ),
    route(
        "POST",
        "/v1/tasks/{task_id}/transfer",
        post_transfer,
        who=(*WORKERS, Role.MANAGER),
        takes=Transferring,
        gives={200: TaskShown},
        refuses=(403, 404, 409, 422),
        command=True,
        summary="Pass a task on to another queue, a partner or an adviser, in its old place.",
    ),
)
