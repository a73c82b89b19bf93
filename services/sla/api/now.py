"""`GET /v1/now`: how all open promises stand at this moment, and what waits on each queue."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.sla.store import moment
from services.sla.store.moment import OfQueue
from shared.vocabulary import Role
from shared.web import Answer, Call, Shown, route


class QueueNow(Shown):
    """One queue that has open tasks, and the clocks that press on them."""

    queue_id: str
    waiting: int
    assigned: int
    longest_waiting_since: datetime | None
    longest_waiting_seconds: float | None
    at_risk: int
    breached: int = Field(description="Broken promises that have not been kept late either.")


class Now(Shown):
    """How all open promises stand at this moment. What has ended is not counted here."""

    at: datetime
    running: int
    paused: int
    at_risk: int
    breached: int = Field(description="Broken promises that have not been kept late either.")
    longest_running_seconds: float | None = Field(description="The age of the oldest clock that runs.")
    queues: list[QueueNow]


async def get_now(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        totals = await moment.totals(db)
        queues = await moment.by_queue(db)
        now = await call.workshop.timesource.now(db)
    shown = Now(
        at=now,
        running=totals.running,
        paused=totals.paused,
        at_risk=totals.at_risk,
        breached=totals.breached,
        longest_running_seconds=seconds_since(totals.oldest_started_at, now),
        queues=[show(queue, now) for queue in queues],
    )
    return Answer(200, shown)


def show(queue: OfQueue, now: datetime) -> QueueNow:
    return QueueNow(
        queue_id=queue.queue_id,
        waiting=queue.waiting,
        assigned=queue.assigned,
        longest_waiting_since=queue.longest_waiting_since,
        longest_waiting_seconds=seconds_since(queue.longest_waiting_since, now),
        at_risk=queue.at_risk,
        breached=queue.breached,
    )


def seconds_since(at: datetime | None, now: datetime) -> float | None:
    return (now - at).total_seconds() if at else None


SERVES = (
    route(
        "GET",
        "/v1/now",
        get_now,
        who=(Role.MANAGER, Role.HEAD_OF_SERVICE, Role.ADMINISTRATOR, Role.AUDITOR),
        gives={200: Now},
        summary="Show how all open promises stand at this moment, and what waits on each queue.",
    ),
)
