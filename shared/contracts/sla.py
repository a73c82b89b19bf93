"""What sla says."""

from datetime import datetime
from typing import ClassVar

from shared.contracts.base import Event
from shared.vocabulary import ClockId, EnquiryId, enquiry_subject


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
    """A fact heard late changed the verdict that had been said."""

    name: ClassVar[str] = "clock.corrected"

    verdict: str
    because: str
