"""A further version of the council file: its queues, council services and advisers become routing's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.routing.actions.choosing import CHOOSE
from services.routing.store import council as store
from services.routing.store import slots
from shared.council import Adviser, CouncilService, Current, Queue, in_words
from shared.db import Connection
from shared.vocabulary import TaskId
from shared.work import Work

ON_THEIR_WAY = timedelta(minutes=10)
"""After a council file is taken up, whatever was under way meanwhile has ended by then."""


async def take_up_council(work: Work, current: Current) -> None:
    """What waits on a queue that is given up goes to the general one by a sweep, as moving a task is said."""
    council = current.council
    await store.keep_queues(work.db, [row_of_queue(each) for each in council.queue])
    await store.keep_catalogue(work.db, [row_of_service(each) for each in council.service])
    await store.fit_tasks(work.db, await misfits(work.db, work.now))
    await store.keep_advisers(work.db, [row_of_adviser(each) for each in council.adviser], work.now)
    advisers = [each.adviser_id for each in council.adviser]
    await slots.take_slots(work.db, advisers)
    await slots.give_slots(work.db, advisers, work.now)


async def misfits(db: Connection, now: datetime) -> list[TaskId]:
    """Of a council file just taken up: whatever is open already, and what was placed, moved or classified meanwhile."""
    return await store.misfits(db, now - ON_THEIR_WAY)


async def fit_tasks(work: Work, tasks: Sequence[TaskId]) -> None:
    await store.lock_queues(work.db)
    await store.fit_tasks(work.db, tasks)
    work.wake(CHOOSE)


def row_of_queue(queue: Queue) -> dict[str, Any]:
    return {
        "queue_id": queue.code,
        "name": in_words(queue.name),
        "office": queue.office,
        "general": queue.general,
        "skills": sorted(set(queue.skills)),
        "weight": queue.weight,
    }


def row_of_service(service: CouncilService) -> dict[str, Any]:
    """A service is also found by its own name, in every language."""
    return {
        "service_code": service.code,
        "name": in_words(service.name),
        "queue_id": service.queue,
        "skills": sorted(set(service.skills)),
        "keywords": sorted({each.lower() for each in (*service.keywords, *service.name.values())}),
    }


def row_of_adviser(adviser: Adviser) -> dict[str, Any]:
    return {
        "adviser_id": adviser.code,
        "role": adviser.role,
        "skills": sorted(set(adviser.skills)),
        "capacity": adviser.capacity,
        "queues": list(adviser.queues),
    }
