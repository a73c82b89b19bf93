"""What was asked of some months, and how it was kept: the months themselves, and the cells of a figure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.errors import Fault, Invalid


class By(StrEnum):
    """How long a period is. A week begins on Monday, and is cut off at the ends of what was asked for."""

    MONTH = "month"
    WEEK = "week"


MOST_MONTHS = {By.MONTH: 120, By.WEEK: 24}


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the calendar."""

    year: int
    number: int

    @property
    def next(self) -> Month:
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    def begins_in(self, zone: str) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def month_of(text: str) -> Month:
    """Of `2015-01`."""
    year, _, number = text.partition("-")
    return Month(int(year), int(number))


@dataclass(frozen=True, slots=True)
class Months:
    """From the first to the last, both whole."""

    first: Month
    last: Month

    def in_zone(self, zone: str) -> tuple[datetime, datetime]:
        """When they begin, and when they are over."""
        return self.first.begins_in(zone), self.last.next.begins_in(zone)


def months_between(first: Month, last: Month, by: By) -> Months:
    """`Invalid` when they are in the wrong order, or too many to be counted at once."""
    most = MOST_MONTHS[by]
    if last < first:
        why = "write the same month as in from, or a later one"
    elif (last.year - first.year) * 12 + last.number - first.number >= most:
        why = f"by {by} no more than {most} months are counted at once: write a month at most {most - 1} after from"
        why += ", or leave out by" if by is not By.MONTH else ""
    else:
        return Months(first, last)
    raise Invalid(f"Please correct query.to: {why}.", [Fault("query.to", why)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """
    How many enquiries were received, and what became of the promises on them.

    Without a queue it is of a whole channel, and without a channel either, of everything asked for.
    `received` is met, breached, running and no_promise together. `share` is of all that was received in the period.
    """

    period: date | None
    channel: str | None
    queue_id: str | None
    received: int
    met: int
    breached: int
    running: int
    no_promise: int
    open: int
    median_seconds: float | None
    p95_seconds: float | None
    share: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One look at them: of each queue, of each channel, and of everything."""

    rows: tuple[Figure, ...]
    channels: tuple[Figure, ...]
    totals: Figure


def period_in_words(begins: date | None, by: By) -> str | None:
    """`2015-01`; a week by its Monday."""
    if begins is None:
        return None
    return f"{begins:%Y-%m}" if by is By.MONTH else f"{begins:%Y-%m-%d}"
