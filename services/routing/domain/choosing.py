"""
Which waiting task is offered to which free adviser.

A task's urgency doubles every `DOUBLES_EVERY` and is 1 at `urgent_at`, the moment at which the first promise on it
runs out: `urgency(now) = 2 ** ((now - urgent_at) / DOUBLES_EVERY)`. A task without a promise counts as promised
`WITHOUT_PROMISE` after it came, so that among such tasks waiting time alone decides. An adviser fits a task by
`(1 + skills it needs) / (1 + skills they have)`, and not at all without a skill it needs: so that the only one who
speaks Welsh is there for whoever needs Welsh, while nobody idles when anything waits that they can do. The pair with
the greatest urgency times fit comes first; then the task that came first, then the adviser idle longest.

Why an exponential: `urgency * fit` is compared, and `now` falls out of the comparison. The order of two tasks never
changes while they wait, so an index holds it (`urgent_at`, else first come, first served), and a worse fit is worth a
fixed number of minutes: at half the fit an adviser is offered what has been urgent `DOUBLES_EVERY` longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log2

from services.routing.domain.advisers import Free
from services.routing.domain.tasks import Task
from shared.vocabulary import AdviserId

DOUBLES_EVERY = timedelta(minutes=5)
WITHOUT_PROMISE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A waiting task, who is spared it for now, and the one for whom alone it is kept."""

    task: Task
    spared: frozenset[AdviserId] = frozenset()
    kept_for: AdviserId | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A task and the adviser it should be offered to."""

    task: Task
    adviser_id: AdviserId


def may_take(candidate: Candidate, adviser: Free) -> bool:
    task = candidate.task
    return (
        task.queue_id in adviser.queues
        and task.weight <= adviser.free
        and task.skills <= adviser.skills
        and adviser.adviser_id not in candidate.spared
        and candidate.kept_for in (None, adviser.adviser_id)
    )


def choose(candidates: Sequence[Candidate], advisers: Sequence[Free]) -> list[Pair]:
    """Each task once, and one task per adviser, so that work spreads."""
    possible = [
        (candidate.task, adviser) for candidate in candidates for adviser in advisers if may_take(candidate, adviser)
    ]
    pairs, offered, busy = [], set(), set()
    for task, adviser in sorted(possible, key=place_of):
        if task.task_id not in offered and adviser.adviser_id not in busy:
            pairs.append(Pair(task, adviser.adviser_id))
            offered.add(task.task_id)
            busy.add(adviser.adviser_id)
    return pairs


def place_of(possible: tuple[Task, Free]) -> tuple[object, ...]:
    task, adviser = possible
    return (ripe_at(task, adviser), task.enqueued_at, task.task_id, adviser.idle_since, adviser.adviser_id)


def ripe_at(task: Task, adviser: Free) -> datetime:
    """When urgency times fit is 1; whichever pair is ripe first is first at every moment."""
    return task.urgent_at - DOUBLES_EVERY * log2((1 + len(task.skills)) / (1 + len(adviser.skills)))
