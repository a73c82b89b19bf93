"""When something is due after so much working time, and how much lies between: exact, and inverse to each other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.errors import Invalid
from shared.worktime.calendars import Calendar
from shared.worktime.years import LAST_YEAR, MICROSECOND, Year, micros, moment, number_at, year_of

EMPTY_YEARS = 10


class CannotEnd(Invalid):
    """The calendar has not the open hours for it."""

    title = "This would never be due"


def due(calendar: Calendar, start: datetime, amount: timedelta) -> datetime:
    """
    The earliest moment by which so much has been worked since the start, in UTC.

    What fills a day is due at close of business, not the next morning; nothing at all is due at the start itself,
    open or not. So `between` gives the amount back, and amounts add up however they are divided.
    """
    at = micros(start)
    wanted = amount // MICROSECOND
    if wanted < 0:
        raise ValueError(f"Working time is not counted backwards: {amount}.")
    if wanted == 0:
        return moment(at)
    for year in onwards(calendar, at):
        wanted += year.worked_until(at)
        if wanted <= year.total:
            return moment(year.when_worked(wanted))
        wanted -= year.total
    raise never_open(at)


def between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """The working time from the start until before the end; less than nothing when the end comes first."""
    since, until = micros(start), micros(end)
    if until < since:
        return -between(calendar, end, start)
    numbers = range(number_at(calendar, since), number_at(calendar, until) + 1)
    years = [year_of(calendar, number) for number in numbers]
    return timedelta(microseconds=sum(year.worked_until(until) - year.worked_until(since) for year in years))


def due_in_days(calendar: Calendar, start: datetime, days: int) -> datetime:
    """
    Close of business of the n-th working day after the local day of the start, in UTC.

    The day of receipt does not count, as for freedom of information; what is received on a closed day has the first
    working day after it as its first. A working day is one with any hours.
    """
    at = micros(start)
    if days < 1:
        raise ValueError(f"Working days count from the day after receipt, so day {days} is none.")
    for year in onwards(calendar, at):
        today = moment(at).astimezone(ZoneInfo(calendar.zone)).toordinal()
        last = bisect_right(year.days, today) + days - 1
        if last < len(year.days):
            return moment(year.closings[last])
        days = last + 1 - len(year.days)
    raise never_open(at)


def is_open(calendar: Calendar, at: datetime) -> bool:
    now = micros(at)
    return year_of(calendar, number_at(calendar, now)).open_from(now) == now


def next_opening(calendar: Calendar, at: datetime) -> datetime | None:
    """The earliest open moment from here on, in UTC: this very one while open, none if ten years hold no hours."""
    since = micros(at)
    for year in onwards(calendar, since):
        opening = year.open_from(since)
        if opening is not None:
            return moment(opening)
    return None


def onwards(calendar: Calendar, at: int) -> Iterator[Year]:
    """From the year of that moment, until ten whole years hold no hours."""
    empty = 0
    for number in range(number_at(calendar, at), LAST_YEAR + 1):
        year = year_of(calendar, number)
        yield year
        empty = 0 if year.total else empty + 1
        if empty > EMPTY_YEARS:
            return
    raise CannotEnd(f"So much working time does not end before {LAST_YEAR + 1}.")


def never_open(at: int) -> CannotEnd:
    return CannotEnd(f"This calendar is never open: it has no hours within ten years of {moment(at).date()}.")
