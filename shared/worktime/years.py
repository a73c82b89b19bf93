"""A calendar's hours in UTC, one local year at a time, with sums beside them so that looking up is bisecting."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.errors import Invalid
from shared.worktime.calendars import Calendar

# The library knows no bank holiday after 2100, and to count on without them would be wrong in silence.
FIRST_YEAR, LAST_YEAR = 1900, 2100

# Whole microseconds since the epoch: what datetime itself resolves, with nothing to round.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.toordinal()
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND


def micros(at: datetime) -> int:
    if at.utcoffset() is None:
        raise ValueError(f"A moment knows its time zone; {at} does not.")
    return (at - EPOCH) // MICROSECOND


def moment(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


@dataclass(frozen=True, slots=True)
class Year:
    """The pieces in which it is open, and its working days as ordinals with the close of business of each."""

    since: int
    until: int
    begins: array[int]
    ends: array[int]
    before: array[int]
    """The working time of this year before each piece."""
    total: int
    days: array[int]
    closings: array[int]

    def worked_until(self, at: int) -> int:
        """Nothing before the year, all of it after."""
        piece = bisect_right(self.begins, at) - 1
        return self.before[piece] + min(at, self.ends[piece]) - self.begins[piece] if piece >= 0 else 0

    def when_worked(self, amount: int) -> int:
        """The earliest moment by which that much of the year has been worked: more than nothing, at most all."""
        piece = bisect_left(self.before, amount) - 1
        return self.begins[piece] + amount - self.before[piece]

    def open_from(self, at: int) -> int | None:
        piece = bisect_right(self.ends, at)
        return max(at, self.begins[piece]) if piece < len(self.ends) else None


@lru_cache(maxsize=512)
def year_of(calendar: Calendar, number: int) -> Year:
    """With lunch breaks and bank holidays it takes 17 kB, and some two milliseconds to make."""
    if not FIRST_YEAR <= number <= LAST_YEAR:
        raise Invalid(f"Working time is known from {FIRST_YEAR} to {LAST_YEAR}, not in {number}.")
    zone = ZoneInfo(calendar.zone)
    since, until = (micros(datetime(first, 1, 1, tzinfo=zone)) for first in (number, number + 1))
    begins, ends, before = array("q"), array("q"), array("q")
    closings: dict[int, int] = {}
    total = 0
    for day, begin, end in pieces(calendar, zone, since, until):
        closings[day] = end
        if ends and ends[-1] == begin:
            ends[-1] = end
        else:
            begins.append(begin)
            ends.append(end)
            before.append(total)
        total += end - begin
    days = array("q", sorted(closings))
    return Year(since, until, begins, ends, before, total, days, array("q", [closings[day] for day in days]))


def pieces(calendar: Calendar, zone: ZoneInfo, since: int, until: int) -> Iterator[tuple[int, int, int]]:
    """Day, begin and end of whatever is open, in the order of UTC: never empty, never overlapping."""
    for begin, end, offset in steady(zone, since, until):
        for number in range((begin + offset) // DAY, (end + offset - 1) // DAY + 1):
            midnight = number * DAY - offset
            for hours in calendar.hours_on(date.fromordinal(EPOCH_DAY + number)):
                opens = max(begin, midnight + hours.start * MINUTE)
                closes = min(end, midnight + hours.end * MINUTE)
                if opens < closes:
                    yield EPOCH_DAY + number, opens, closes


def steady(zone: ZoneInfo, since: int, until: int) -> Iterator[tuple[int, int, int]]:
    """
    Begin, end and offset of each stretch in which the zone's clocks are left alone.

    One look a day is enough to see a change: since 1900 no zone has had two within two days.
    """
    begin = at = since
    offset = offset_at(zone, since)
    while at < until:
        ahead = min(at + DAY, until)
        if offset_at(zone, ahead) != offset:
            ahead = change_between(zone, at, ahead)
            yield begin, ahead, offset
            begin, offset = ahead, offset_at(zone, ahead)
        at = ahead
    if begin < until:
        yield begin, until, offset


def change_between(zone: ZoneInfo, before: int, after: int) -> int:
    """Changes happen at whole seconds, and so begin local years."""
    offset = offset_at(zone, before)
    while after - before > SECOND:
        middle = (before + after) // 2 // SECOND * SECOND
        before, after = (middle, after) if offset_at(zone, middle) == offset else (before, middle)
    return after


def offset_at(zone: ZoneInfo, at: int) -> int:
    local = moment(at).astimezone(zone)
    return (local.replace(tzinfo=UTC) - moment(at)) // MICROSECOND


def number_at(calendar: Calendar, at: int) -> int:
    """Which local year it is."""
    number = moment(at).year
    year = year_of(calendar, number)
    return number - (at < year.since) + (at >= year.until)
