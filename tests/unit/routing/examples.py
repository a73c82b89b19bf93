"""Tasks and advisers for rules to be tried on: an example names only what it is about."""

from datetime import datetime, timedelta
from typing import Any

from services.routing.domain.advisers import Adviser, Free
from services.routing.domain.choosing import WITHOUT_PROMISE
from services.routing.domain.tasks import Purpose, Task, TaskState
from shared.vocabulary import AdviserId, EnquiryId, Presence, QueueId, Role, TaskId, TaskKind, new_id
from tests.builders import ADA, MORNING

GENERAL = QueueId("general")
HIGHWAYS = QueueId("highways")
NAMES = [AdviserId(name) for name in ("ada", "bob", "cyd", "dan", "eve")]


def a_task(enqueued_at: datetime = MORNING, promised: timedelta = WITHOUT_PROMISE, **fields: Any) -> Task:
    given: dict[str, Any] = {
        "task_id": TaskId(new_id()),
        "enquiry_id": EnquiryId(new_id()),
        "request_id": new_id(),
        "queue_id": GENERAL,
        "purpose": Purpose.ANSWER,
        "kind": TaskKind.DEFERRABLE,
        "state": TaskState.WAITING,
        "reason": "It says 'pothole'.",
        "triaged": True,
        "enqueued_at": enqueued_at,
        "urgent_at": enqueued_at + promised,
        "weight": 1,
        "skills": frozenset(),
        "assigned_to": ADA if fields.get("state") is TaskState.ASSIGNED else None,
        "came_from": None,
        "wanted_adviser": None,
        "wanted_until": None,
        "version": 1,
        "correlation_id": new_id(),
        **fields,
    }
    return Task(**given)


def free(name: str, idle_since: datetime = MORNING, slots: int = 1, skills: str = "", queues: str = "general") -> Free:
    """Skills and queues are named with spaces between them."""
    return Free(AdviserId(name), frozenset(map(QueueId, queues.split())), frozenset(skills.split()), slots, idle_since)


def an_adviser(name: str = "ada", skills: str = "", queues: str = "general") -> Adviser:
    return Adviser(
        adviser_id=AdviserId(name),
        role=Role.ADVISER,
        presence=Presence.READY,
        away_because=None,
        queues=tuple(map(QueueId, queues.split())),
        skills=frozenset(skills.split()),
        capacity=1,
    )
