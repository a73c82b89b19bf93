"""What sla says."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from shared.contracts.base import Event, tolerant
from shared.vocabulary import ClockId, EnquiryId, enquiry_subject

ACKNOWLEDGEMENT = "acknowledgement"
"""The standard that runs on every enquiry: the citizen hears from somebody."""


class Verdict(StrEnum):
    """What a clock says in the end."""

    MET = "met"
    BREACHED = "breached"
    OTHER = "other"


class ClockFact(Event):
    """What every event about a clock carries."""

    speaker: ClassVar[str] = "sla"

    clock_id: ClockId
    enquiry_id: EnquiryId
    standard: str
    due_at: datetime

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id)


class ClockStarted(ClockFact):
    """A promise runs, due at `due_at`."""

    name: ClassVar[str] = "clock.started"

    started_at: datetime


class ClockMet(ClockFact):
    """The promise was kept."""

    name: ClassVar[str] = "clock.met"

    stopped_at: datetime


class ClockBreached(ClockFact):
    """The promise was broken."""

    name: ClassVar[str] = "clock.breached"


class ClockCorrected(ClockFact):
    """A fact heard late changed what had been said: this is the verdict now."""

    name: ClassVar[str] = "clock.corrected"

    verdict: Annotated[Verdict, tolerant(Verdict)]
    stopped_at: datetime | None = None
    because: str
