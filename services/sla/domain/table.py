"""Every event in every state of a clock: what the fold goes by, laid out to be read and to be tested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.sla.domain.clocks import NEXT, Meaning, State
from services.sla.domain.facts import Kind

NO_CLOCK = "no clock"
UNCHANGED = "–"
CANNOT_BE = "cannot be"

BEARINGS: dict[str, dict[Meaning, str]] = {
    Kind.RECEIVED: {Meaning.STARTS: "a standard begins with it"},
    Kind.IMPORTED: {Meaning.STARTS: "it brings a due time along"},
    Kind.CLASSIFIED: {
        Meaning.LEAVES: "its standard no longer applies",
        Meaning.COMES_BACK: "its standard applies again",
    },
    Kind.CONTACT: {Meaning.STARTS: "a standard begins with it"},
    Kind.QUEUED: {
        Meaning.STARTS: "a standard begins with it",
        Meaning.LEAVES: "it runs on the enquiry, and no longer applies",
        Meaning.COMES_BACK: "it runs on the enquiry, and applies again",
    },
    Kind.TRANSFERRED: {
        Meaning.STARTS: "a standard begins with a task being queued",
        Meaning.LEAVES: "its standard no longer applies",
        Meaning.COMES_BACK: "it runs on the enquiry, and applies again",
    },
    Kind.ASSIGNED: {Meaning.STARTS: "a standard begins with it", Meaning.STOPS: "its standard ends with it"},
    Kind.AWAITING: {Meaning.PAUSES: "its standard pauses"},
    Kind.RESUMED: {Meaning.RESUMES: "always"},
    Kind.ANSWERED: {
        Meaning.STOPS: "its standard ends with such an answer",
        Meaning.RESUMES: "it is the full answer, and its standard does not end with it",
    },
    Kind.COMPLETED: {Meaning.STOPS: "it runs on the task"},
    Kind.RESOLVED: {Meaning.STOPS: "it runs on the enquiry", Meaning.RESUMES: "it runs on a task"},
    Kind.WITHDRAWN: {Meaning.LEAVES: "it runs on the task"},
    Kind.REOPENED: {Meaning.STARTS: "a standard begins with it", Meaning.RESUMES: "always"},
    Kind.AGREED: {Meaning.STARTS: "no agreed date is running", Meaning.SETS_DUE: "it is the clock of the agreed date"},
    Kind.EXTENDED: {Meaning.SETS_DUE: "it is the clock that was named"},
    "a warning": {Meaning.WARNS: "so much of its time is used"},
    "the due time": {Meaning.FALLS_DUE: "always"},
    "another council file": {Meaning.CHANGES: "its standard is not the same any more"},
}
"""What each event may mean to a clock, and in which case."""

OUTCOMES = {
    (State.RUNNING, Meaning.SETS_DUE): "running, with that due time",
    (State.RUNNING, Meaning.WARNS): "running, at risk",
    (State.RUNNING, Meaning.CHANGES): "superseded, and the next one starts",
    (State.PAUSED, Meaning.SETS_DUE): "paused, with that due time once it runs",
    (State.PAUSED, Meaning.CHANGES): "superseded, and the next one starts",
    (State.BREACHED, Meaning.STOPS): "breached, stopped too late",
    (State.SUPERSEDED, Meaning.COMES_BACK): "as if it had never left",
}
"""Where the next state alone does not tell it."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """One event in one case, and what becomes of a clock in each of the columns."""

    event: str
    meaning: Meaning
    case: str

    @property
    def cells(self) -> tuple[str, ...]:
        begins = "running" if self.meaning is Meaning.STARTS else UNCHANGED
        return (begins, *map(self.cell, State))

    def cell(self, state: State) -> str:
        if self.event == Kind.AGREED and state in (State.PAUSED, State.SUPERSEDED):
            return CANNOT_BE
        after = NEXT.get((state, self.meaning))
        return UNCHANGED if after is None else OUTCOMES.get((state, self.meaning), after)


def columns() -> tuple[str, ...]:
    return (NO_CLOCK, *State)


def table() -> Iterator[Bearing]:
    for event, cases in BEARINGS.items():
        for meaning, case in cases.items():
            yield Bearing(event, meaning, case)
