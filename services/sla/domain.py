"""How a clock is judged. No I/O here: every rule is a function of its arguments."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.vocabulary import AnswerKind, ClockId, EnquiryId


class State(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"


class Entry(StrEnum):
    """What a line of the ledger records."""

    STARTED = "started"
    MET = "met"
    BREACHED = "breached"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One standard running on one enquiry. `stopped_at` is the earliest stop that has been heard of."""

    clock_id: ClockId
    enquiry_id: EnquiryId
    standard: str
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None = None
    state: State = State.RUNNING
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the ledger: what changed, when it came true, when it was written, and because of what."""

    version: int
    entry: Entry
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How all clocks stand. `oldest_started_at` is of those that run."""

    running: int
    met: int
    breached: int
    oldest_started_at: datetime | None


def due(started_at: datetime, within_seconds: int) -> datetime:
    return started_at + timedelta(seconds=within_seconds)


def stops(kind: AnswerKind) -> bool:
    """Whether an answer of this kind lets the citizen know that they were heard."""
    return kind in (AnswerKind.ACKNOWLEDGEMENT, AnswerKind.HOLDING, AnswerKind.FULL)


def stop(clock: Clock, at: datetime) -> Clock:
    """The earliest stop decides, and the due moment is in time. One from before the start counts as at it."""
    at = max(at, clock.started_at)
    if clock.stopped_at is not None and clock.stopped_at <= at:
        return clock
    state = State.MET if at <= clock.due_at else State.BREACHED
    return replace(clock, stopped_at=at, state=state, version=clock.version + 1)


def fall_due(clock: Clock) -> Clock:
    """Judged by what has been heard so far; a stop heard later may still prove to have been in time."""
    if clock.state is not State.RUNNING:
        return clock
    return replace(clock, state=State.BREACHED, version=clock.version + 1)


def entry_for(before: Clock, after: Clock) -> Entry | None:
    """What must be said of the change. Nothing, while all that was said before still holds."""
    if before.state is State.RUNNING:
        return {State.MET: Entry.MET, State.BREACHED: Entry.BREACHED}.get(after.state)
    was_said = (before.state, before.stopped_at if before.state is State.MET else None)
    holds = (after.state, after.stopped_at if after.state is State.MET else None)
    return Entry.CORRECTED if was_said != holds else None


def occurred_at(entry: Entry, clock: Clock, heard_at: datetime) -> datetime:
    """A promise is broken when it falls due, and kept when its clock stops, whenever that is noticed."""
    if entry is Entry.BREACHED:
        return clock.due_at
    if entry is Entry.MET and clock.stopped_at is not None:
        return clock.stopped_at
    return heard_at


def note_for(entry: Entry, clock: Clock) -> str:
    """The reason, in words, that an auditor will read."""
    if entry is Entry.STARTED:
        return f"To be stopped by {clock.due_at.isoformat()}."
    if clock.stopped_at is None:
        return "Nothing that stops it had been heard when it fell due."
    when = f"It was stopped at {clock.stopped_at.isoformat()}"
    if entry is Entry.CORRECTED:
        return f"{when}, which was heard of late."
    return f"{when}, in time." if clock.state is State.MET else f"{when}, too late."
