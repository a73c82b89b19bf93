"""What a clock is, the states it can be in, and what each event does to it in each state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.sla.domain.facts import Kind
from services.sla.domain.terms import AGREED
from shared.vocabulary import ClockId, EnquiryId, QueueId, TaskId


class State(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    SUPERSEDED = "superseded"

    @property
    def is_open(self) -> bool:
        """Without a verdict, and still to have one."""
        return self in (State.RUNNING, State.PAUSED)


class Meaning(StrEnum):
    """What something means to a clock, once its terms have been asked."""

    NOTHING = "nothing"
    STARTS = "starts"
    PAUSES = "pauses"
    RESUMES = "resumes"
    STOPS = "stops"
    LEAVES = "leaves"
    COMES_BACK = "comes back"
    SETS_DUE = "sets the due time"
    WARNS = "warns"
    FALLS_DUE = "falls due"
    CHANGES = "changes"


NEXT = {
    (State.RUNNING, Meaning.PAUSES): State.PAUSED,
    (State.RUNNING, Meaning.STOPS): State.MET,
    (State.RUNNING, Meaning.LEAVES): State.SUPERSEDED,
    (State.RUNNING, Meaning.SETS_DUE): State.RUNNING,
    (State.RUNNING, Meaning.WARNS): State.RUNNING,
    (State.RUNNING, Meaning.FALLS_DUE): State.BREACHED,
    (State.RUNNING, Meaning.CHANGES): State.SUPERSEDED,
    (State.PAUSED, Meaning.RESUMES): State.RUNNING,
    (State.PAUSED, Meaning.STOPS): State.MET,
    (State.PAUSED, Meaning.LEAVES): State.SUPERSEDED,
    (State.PAUSED, Meaning.SETS_DUE): State.PAUSED,
    (State.PAUSED, Meaning.CHANGES): State.SUPERSEDED,
    (State.BREACHED, Meaning.STOPS): State.BREACHED,
    (State.SUPERSEDED, Meaning.COMES_BACK): State.RUNNING,
}
"""What is not here changes nothing."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Which clock: the standard's code, and what started it, however often both are looked at again."""

    standard: str
    start_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    How a clock stands by the facts, whether or not anything has been written about it yet.

    `changed_at` is when it came to stand so, by whatever `cause` names. `set_by` is the fact by which a person has
    set its due time, and `next_moment` when time alone will change it. What came true up to `cut_over` is history.
    """

    key: Key
    standard_id: UUID | None
    task_id: TaskId | None
    queue_id: QueueId | None
    state: State
    started_at: datetime
    due_at: datetime | None
    paused_at: datetime | None
    stopped_at: datetime | None
    at_risk: int | None
    next_moment: datetime | None
    set_by: UUID | None
    changed_at: datetime
    cause: Kind
    cut_over: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """
    A clock as it was written down last; `version` counts its lines in the ledger.

    `retired` clocks ran under a standard that has changed since: nothing heard later changes them. What is due up to
    `judged_up_to` has been judged.
    """

    clock_id: ClockId
    enquiry_id: EnquiryId
    key: Key
    standard_id: UUID | None
    council_version: int
    task_id: TaskId | None
    queue_id: QueueId | None
    state: State
    started_at: datetime
    due_at: datetime | None
    paused_at: datetime | None
    stopped_at: datetime | None
    at_risk: int | None
    next_moment: datetime | None
    set_by: UUID | None
    judged_up_to: datetime | None
    replaces: ClockId | None
    retired: bool
    version: int

    @property
    def is_brought(self) -> bool:
        """Whether an imported enquiry brought its due time along. A date that was agreed here is known by its fact."""
        return self.key == Key(AGREED, self.enquiry_id)
