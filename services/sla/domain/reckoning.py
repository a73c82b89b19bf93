"""When a promise is due and when it is at risk: from its start, its target, and the pauses in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from services.sla.domain.terms import Agreed, Terms
from shared import worktime
from shared.council import Measure

IN_WORKING_TIME = (Measure.WORKING_MINUTES, Measure.WORKING_HOURS)


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which no time counts."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """
    All that a due time follows from. `by_hand` is one that a person set, at the moment `by_hand_at`.

    Pauses before that moment are in it already; later ones move it as they would any other.
    """

    terms: Terms | Agreed
    started_at: datetime
    pauses: tuple[Pause, ...] = ()
    by_hand: datetime | None = None
    by_hand_at: datetime | None = None

    def paused(self, begin: datetime, end: datetime) -> Reckoning:
        return replace(self, pauses=(*self.pauses, Pause(begin, end)))

    def set_by_hand(self, due_at: datetime, at: datetime) -> Reckoning:
        return replace(self, by_hand=due_at, by_hand_at=at)

    @property
    def due_at(self) -> datetime:
        terms = self.terms
        if isinstance(terms, Agreed):
            return self.by_hand or self.started_at
        if self.by_hand is None or self.by_hand_at is None:
            return due(terms, self.started_at, self.pauses)
        since = self.by_hand_at
        later = [Pause(max(pause.begin, since), pause.end) for pause in self.pauses if pause.end > since]
        return moved(terms, self.by_hand, later)

    def moment_of(self, percent: int) -> datetime:
        """By when so many per cent of the time until the due time are used, leaving pauses out."""
        due_at = self.due_at
        stretches = list(self.running_until(due_at))
        wanted = sum((self.used(*stretch) for stretch in stretches), timedelta()) * percent // 100
        for begin, end in stretches:
            used = self.used(begin, end)
            if wanted <= used:
                return self.after(begin, wanted)
            wanted -= used
        return due_at

    def running_until(self, end: datetime) -> Iterable[tuple[datetime, datetime]]:
        begin = self.started_at
        for pause in self.pauses:
            if begin < pause.begin:
                yield begin, min(pause.begin, end)
            begin = max(begin, pause.end)
        if begin < end:
            yield begin, end

    def used(self, begin: datetime, end: datetime) -> timedelta:
        terms = self.terms
        if isinstance(terms, Agreed) or not in_open_hours(terms):
            return end - begin
        return worktime.between(terms.calendar, begin, end)

    def after(self, begin: datetime, amount: timedelta) -> datetime:
        terms = self.terms
        if isinstance(terms, Agreed) or not in_open_hours(terms):
            return begin + amount
        return worktime.due(terms.calendar, begin, amount)


def in_open_hours(terms: Terms) -> bool:
    measure = terms.standard.measure
    return measure in IN_WORKING_TIME or measure is Measure.WORKING_DAYS


def due(terms: Terms, started_at: datetime, pauses: Sequence[Pause]) -> datetime:
    """
    What was promised, and as much time again as was paused.

    A pause moves a promise in hours by the open hours it holds, and one in working days by as many working days as
    end in it: asked on Monday and answered on Wednesday is two.
    """
    target, measure = terms.standard.target, terms.standard.measure
    if measure is Measure.WORKING_DAYS:
        return worktime.due_in_days(terms.calendar, started_at, target + days_ended(terms.calendar, pauses))
    if measure in IN_WORKING_TIME:
        amount = target * measure.unit + worked(terms.calendar, pauses)
        return worktime.due(terms.calendar, started_at, amount)
    return started_at + target * measure.unit + elapsed(pauses)


def moved(terms: Terms, due_at: datetime, pauses: Sequence[Pause]) -> datetime:
    """A due time set by hand, later by as much as was paused since."""
    if not in_open_hours(terms):
        return due_at + elapsed(pauses)
    for pause in pauses:
        due_at = moved_by(terms, due_at, pause)
    return due_at


def moved_by(terms: Terms, due_at: datetime, pause: Pause) -> datetime:
    """A person may name any minute, also a closed one. The pause is never outlasted: what was left is left after it."""
    calendar = terms.calendar
    if terms.standard.measure is Measure.WORKING_DAYS:
        days = closings_in(calendar, pause)
        later = worktime.due_in_days(calendar, due_at, days) if days else due_at
    else:
        later = worktime.due(calendar, due_at, worked(calendar, [pause]))
    if later > pause.end:
        return later
    left = worktime.between(calendar, min(pause.begin, due_at), due_at)
    return worktime.due(calendar, pause.end, left)


def elapsed(pauses: Sequence[Pause]) -> timedelta:
    return sum((pause.end - pause.begin for pause in pauses), timedelta())


def worked(calendar: worktime.Calendar, pauses: Sequence[Pause]) -> timedelta:
    return sum((worktime.between(calendar, pause.begin, pause.end) for pause in pauses), timedelta())


def days_ended(calendar: worktime.Calendar, pauses: Sequence[Pause]) -> int:
    return sum(closings_in(calendar, pause) for pause in pauses)


def closings_in(calendar: worktime.Calendar, pause: Pause) -> int:
    """
    How many working days close while it lasts.

    Counted from two days before: with clocks going back, one day of 24 hours may not be enough to be on the day before.
    """
    begin = pause.begin - timedelta(days=2)
    closings = 0
    for nth in count(1):
        closing = worktime.due_in_days(calendar, begin, nth)
        if closing > pause.end:
            break
        closings += closing > pause.begin
    return closings


def further(terms: Terms, due_at: datetime, days: int) -> datetime:
    """So many working days of the standard's calendar after its due time."""
    return worktime.due_in_days(terms.calendar, due_at, days)
