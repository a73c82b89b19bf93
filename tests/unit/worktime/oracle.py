"""What working time is, the slow way: minute by minute of UTC, asking each time what the clock on the wall shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import compress, count, islice
from zoneinfo import ZoneInfo

from shared.worktime import Calendar, bank_holidays

MINUTE = timedelta(minutes=1)
NOTHING = timedelta(0)


class Walk:
    """Every minute of some days, walked once."""

    def __init__(self, calendar: Calendar, first: datetime, days: int) -> None:
        self.first = first
        zone = ZoneInfo(calendar.zone)
        minutes = (first + number * MINUTE for number in range(days * 1440))
        self.open = bytearray(shows_open(calendar, minute.astimezone(zone)) for minute in minutes)

    def worked(self, start: datetime, end: datetime) -> timedelta:
        (begin, into), (finish, beyond) = divmod(start - self.first, MINUTE), divmod(end - self.first, MINUTE)
        whole = self.open[begin:finish].count(1) * MINUTE
        return whole - into * self.open[begin] + beyond * self.open[finish]

    def due(self, start: datetime, amount: timedelta) -> datetime | None:
        """The first moment by which so much has been worked; none when that lies beyond what was walked."""
        if amount == NOTHING:
            return start
        begin, into = divmod(start - self.first, MINUTE)
        whole, rest = divmod(amount + into * self.open[begin], MINUTE)
        if rest == NOTHING:
            whole, rest = whole - 1, MINUTE
        minute = next(islice(compress(count(begin), self.open[begin:]), whole, None), None)
        return None if minute is None else self.first + minute * MINUTE + rest


def shows_open(calendar: Calendar, wall: datetime) -> bool:
    today = wall.date()
    if today in calendar.overrides:
        hours = calendar.overrides[today]
    elif calendar.nation and today in bank_holidays(calendar.nation, today.year):
        hours = ()
    else:
        hours = calendar.week[today.weekday()]
    return any(piece.start <= wall.hour * 60 + wall.minute < piece.end for piece in hours)


def changes_of(zone: str, year: int) -> list[datetime]:
    """The first full hours after its clocks were changed, found by looking at each hour of the year."""
    hours = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=number) for number in range(365 * 24)]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return [hours[n] for n in range(1, len(hours)) if offsets[n] != offsets[n - 1]]
