"""What sla says."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar
from uuid import UUID

from shared.contracts.base import Event, PersonalText, tolerant
from shared.vocabulary import AdviserId, ClockId, EnquiryId, QueueId, TaskId, enquiry_subject

AGREED = "agreed"
"""Stands where the code of a standard would: the due time was agreed with the citizen."""


class Verdict(StrEnum):
    """What a clock says: `running` until it is met or breached."""

    RUNNING = "running"
    MET = "met"
    BREACHED = "breached"
    OTHER = "other"


class ClockFact(Event):
    """
    What every event about a clock carries.

    `standard` is the code in the council file, `council_version` the version of that file; `task_id` is set when it
    runs on a task; `due_at` is None while it is paused.
    """

    speaker: ClassVar[str] = "sla"

    clock_id: ClockId
    enquiry_id: EnquiryId
    standard: str
    council_version: int = 0
    task_id: TaskId | None = None
    queue_id: QueueId | None = None
    due_at: datetime | None

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id)


class ClockStarted(ClockFact):
    """A promise runs, due at `due_at`; `replaces` names the clock it follows after a change of the standard."""

    name: ClassVar[str] = "clock.started"

    started_at: datetime
    replaces: ClockId | None = None


class ClockPaused(ClockFact):
    """Nothing can be done until somebody outside has acted: no time counts."""

    name: ClassVar[str] = "clock.paused"

    paused_at: datetime


class ClockResumed(ClockFact):
    """Time counts again, towards a later due time."""

    name: ClassVar[str] = "clock.resumed"

    resumed_at: datetime


class ClockExtended(ClockFact):
    """A person has set another due time."""

    name: ClassVar[str] = "clock.extended"

    adviser_id: AdviserId
    because: PersonalText


class ClockAtRisk(ClockFact):
    """So many per cent of the time are used and the promise is not kept yet."""

    name: ClassVar[str] = "clock.at_risk"

    used_percent: int


class ClockMet(ClockFact):
    """The promise was kept."""

    name: ClassVar[str] = "clock.met"

    stopped_at: datetime


class ClockBreached(ClockFact):
    """The promise was broken."""

    name: ClassVar[str] = "clock.breached"


class ClockCorrected(ClockFact):
    """A fact heard late changed what had been said: this is the verdict, and the due time, now."""

    name: ClassVar[str] = "clock.corrected"

    verdict: Annotated[Verdict, tolerant(Verdict)]
    stopped_at: datetime | None = None
    because: str


class ClockSuperseded(ClockFact):
    """The clock runs no more, without a verdict: its standard has changed, or no longer applies."""

    name: ClassVar[str] = "clock.superseded"

    cause_id: UUID | None = None
    because: str
