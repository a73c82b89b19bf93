"""Who calls, what they see, and how tasks are shown."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints

from services.routing.actions.presence import known_adviser
from services.routing.domain.tasks import NO_SUCH_TASK, Purpose, TaskState
from services.routing.store import advisers, figures
from shared.db import Connection, Row
from shared.errors import NotFound
from shared.vocabulary import AdviserId, QueueId, Role, TaskId, TaskKind
from shared.web import Answer, Call, Shown, etag

WORKERS = (Role.ADVISER, Role.OFFICER, Role.PARTNER)
OVERSEERS = (Role.MANAGER, Role.HEAD_OF_SERVICE, Role.ADMINISTRATOR)
READERS = (*WORKERS, *OVERSEERS)


def read_json(written: Any) -> Any:
    return json.loads(written) if isinstance(written, str) else written


Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class SuggestionShown(Shown):
    """A queue that triage thinks of, by what it has learned from resolved enquiries. It moves nothing by itself."""

    queue_id: str
    name: str
    share: float = Field(description="How likely it is the right one, as far as triage can tell: 1 is certain.")
    because: list[str] = Field(description="What speaks for it most, the strongest first.")


Suggestions = Annotated[list[SuggestionShown], BeforeValidator(read_json)]
"""As the database gives them."""


class TaskShown(Shown):
    """One piece of work on an enquiry."""

    task_id: UUID
    enquiry_id: UUID
    queue_id: str
    queue_name: str
    purpose: Purpose = Field(description="For a new enquiry, a further contact, or a part of the work handed over.")
    kind: TaskKind
    state: TaskState
    reason: str = Field(description="Why it is on this queue.")
    skills: list[str] = Field(description="What whoever takes it must know.")
    nobody_can: bool = Field(description="It waits, and nobody who takes tasks of this queue and is there may take it.")
    enqueued_at: datetime = Field(description="Set once; a task never loses its place.")
    urgent_at: datetime = Field(description="When the first promise on it runs out: the most urgent is offered first.")
    assigned_to: str | None
    came_from: str | None = Field(description="The queue it goes to when it is returned.")
    wanted_adviser: str | None
    wanted_until: datetime | None = Field(description="Until then it is kept for one adviser.")
    suggestions: Suggestions = Field(description="Queues it might be for, and why; up to three.")
    version: int


def shown_task(row: Row) -> TaskShown:
    return TaskShown.model_validate(dict(row))


def caller_of(call: Call[Any]) -> AdviserId:
    return AdviserId(call.caller.name)


def oversees(call: Call[Any]) -> bool:
    return not call.caller.roles.isdisjoint(OVERSEERS)


async def own_queues(call: Call[Any], db: Connection) -> tuple[QueueId, ...]:
    """`Forbidden` for whoever the council file does not name."""
    return (await known_adviser(db, caller_of(call))).queues


async def queues_shown_to(call: Call[Any], db: Connection) -> tuple[QueueId, ...] | None:
    """A partner, by the token or by the council file, sees only their own queues; everybody else all, which is None."""
    if oversees(call):
        return None
    adviser = await advisers.adviser(db, caller_of(call))
    is_partner = Role.PARTNER in call.caller.roles or (adviser is not None and adviser.role is Role.PARTNER)
    return await own_queues(call, db) if is_partner else None


async def task_answer(db: Connection, task_id: TaskId) -> Answer:
    """Where it stands, to whoever may know."""
    row = await figures.task_shown(db, task_id)
    if row is None:
        raise NotFound(NO_SUCH_TASK)
    return Answer(200, shown_task(row), etag(row["version"]))
