"""The difference between the clocks as they were written and as they should stand, line by line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.sla.domain.clocks import NEXT, Clock, Meaning, Standing, State
from services.sla.domain.folding import fold
from services.sla.domain.known import Known
from services.sla.domain.terms import Agreed, Terms
from shared.vocabulary import ClockId


class Entry(StrEnum):
    """What a line of the ledger records."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    MET = "met"
    CORRECTED = "corrected"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be said of a clock, and when it came true. What is `silent` is history: written, and not said."""

    entry: Entry
    occurred_at: datetime
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of one clock. Without steps, only what nobody is told of has changed."""

    after: Clock
    standing: Standing | None
    terms: Terms | Agreed
    steps: tuple[Step, ...]


def changes(known: Known, at: datetime, fresh: Callable[[], ClockId]) -> list[Change]:
    """In the order in which they are to be written and said; a clock is closed before the next is opened."""
    standings = {standing.key: standing for standing in fold(known)}
    found = []
    replaced: dict[object, ClockId] = {}
    for clock in known.clocks:
        if known.is_outdated(clock):
            replaced[clock.key] = clock.clock_id
            found.append(retired(known, clock, at))
            continue
        standing = standings.pop(clock.key, None)
        change = left(known, clock, at) if standing is None else turned(known, clock, standing, at)
        if change is not None:
            found.append(change)
    for standing in standings.values():
        found.append(started(known, standing, at, fresh(), replaced.get(standing.key)))
    return found


def retired(known: Known, clock: Clock, at: datetime) -> Change:
    state = NEXT[clock.state, Meaning.CHANGES]
    after = replace(clock, state=state, retired=True, next_moment=None, at_risk=None)
    return counted(known, after, None, (Step(Entry.SUPERSEDED, at),))


def left(known: Known, clock: Clock, at: datetime) -> Change | None:
    """A fact heard late showed that it never applied."""
    if clock.state is State.SUPERSEDED:
        return None
    after = replace(clock, state=State.SUPERSEDED, next_moment=None, at_risk=None, stopped_at=None)
    return counted(known, after, None, (Step(Entry.SUPERSEDED, at),))


def started(known: Known, standing: Standing, at: datetime, clock_id: ClockId, replaces: ClockId | None) -> Change:
    clock = Clock(
        clock_id=clock_id,
        enquiry_id=known.enquiry_id,
        key=standing.key,
        standard_id=standing.standard_id,
        council_version=known.council_version,
        task_id=standing.task_id,
        queue_id=standing.queue_id,
        state=standing.state,
        started_at=standing.started_at,
        due_at=standing.due_at,
        paused_at=standing.paused_at,
        stopped_at=standing.stopped_at,
        at_risk=standing.at_risk,
        next_moment=standing.next_moment,
        set_by=standing.set_by,
        judged_up_to=None,
        replaces=replaces,
        retired=False,
        version=0,
    )
    steps = [Step(Entry.STARTED, standing.started_at)]
    if standing.state is not State.RUNNING:
        steps.append(Step(Entry(standing.state), standing.changed_at))
    if clock.stopped_at is not None and is_stopped_late(clock):
        steps.append(Step(Entry.CORRECTED, max(at, clock.stopped_at)))
    marked = (replace(step, silent=is_history(step, standing)) for step in steps)
    return counted(known, clock, standing, tuple(marked))


def is_history(step: Step, standing: Standing) -> bool:
    """
    Whether it came true before an import's cut-over, so that nobody is to be told.

    Of an enquiry that was open then the due time is told, however long ago it began: it goes on here.
    """
    if standing.cut_over is None:
        return False
    if step.entry is Entry.STARTED:
        return standing.stopped_at is not None and standing.stopped_at <= standing.cut_over
    return step.occurred_at <= standing.cut_over


def turned(known: Known, clock: Clock, standing: Standing, at: datetime) -> Change | None:
    after = replace(
        clock,
        queue_id=standing.queue_id,
        state=standing.state,
        started_at=standing.started_at,
        due_at=standing.due_at,
        paused_at=standing.paused_at,
        stopped_at=standing.stopped_at,
        at_risk=standing.at_risk,
        next_moment=standing.next_moment,
        set_by=standing.set_by,
    )
    # Where an enquiry waits changes often and matters to none of its clocks: it is written with the next change.
    same_queue = after if clock.task_id is not None else replace(after, queue_id=clock.queue_id)
    if same_queue == clock:
        return None
    return counted(known, after, standing, steps(clock, after, standing, at))


def steps(before: Clock, after: Clock, standing: Standing, at: datetime) -> tuple[Step, ...]:
    """What must be said of the change. Nothing, while all that was said before still holds."""
    found = []
    if before.state.is_open and after.state.is_open and before.set_by != after.set_by:
        found.append(Step(Entry.EXTENDED, at))
    elif before.state.is_open and before.state is not after.state:
        entry = Entry.RESUMED if after.state is State.RUNNING else Entry(after.state)
        found.append(Step(entry, standing.changed_at))
        if is_stopped_late(after):
            found.append(Step(Entry.CORRECTED, at))
    elif after.state is State.SUPERSEDED and before.state is not State.SUPERSEDED:
        found.append(Step(Entry.SUPERSEDED, standing.changed_at))
    elif told(before) != told(after):
        found.append(Step(Entry.CORRECTED, at))
    if after.at_risk is not None and after.at_risk > (before.at_risk or 0):
        found.append(Step(Entry.AT_RISK, at))
    return tuple(found)


def told(clock: Clock) -> tuple[object, ...]:
    """What listeners have been told. A broken promise presses until it is kept late, so they are told of that."""
    if clock.state is State.SUPERSEDED:
        return (clock.state,)
    return clock.state, clock.started_at, clock.due_at, clock.paused_at, clock.stopped_at


def is_stopped_late(clock: Clock) -> bool:
    return clock.state is State.BREACHED and clock.stopped_at is not None


def counted(known: Known, after: Clock, standing: Standing | None, steps: tuple[Step, ...]) -> Change:
    counted = replace(after, version=after.version + len(steps))
    return Change(after=counted, standing=standing, terms=known.terms_by(after.standard_id), steps=steps)
