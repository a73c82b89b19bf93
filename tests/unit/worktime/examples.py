"""Calendars to try things with, written by hand and drawn at random."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from shared.worktime import Calendar, Hours

LONDON = "Europe/London"
ZONES = (LONDON, "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "UTC")
NATIONS = (None, "GB", "GB-ENG", "GB-SCT", "GB-NIR", "US-MA")

OFFICE = (Hours(9 * 60, 17 * 60),)
WITH_LUNCH = (Hours(9 * 60, 12 * 60), Hours(13 * 60, 17 * 60))
ALL_DAY = (Hours(0, 1440),)


def weekdays(hours: tuple[Hours, ...], nation: str | None = None, zone: str = LONDON) -> Calendar:
    return Calendar(zone, (hours,) * 5 + ((), ()), nation)


def every_day(*hours: Hours, zone: str = LONDON) -> Calendar:
    return Calendar(zone, (hours,) * 7)


ROUND_THE_CLOCK = every_day(*ALL_DAY)

amounts = st.one_of(
    st.timedeltas(timedelta(0), timedelta(days=20)),
    st.integers(0, 20 * 24 * 4).map(lambda quarters: timedelta(minutes=15 * quarters)),
)
FIRST = datetime(2023, 6, 1, tzinfo=UTC)
SPAN = timedelta(days=3 * 365)
moments = st.one_of(
    st.timedeltas(timedelta(0), SPAN).map(lambda after: FIRST + after),
    st.integers(0, SPAN // timedelta(minutes=15)).map(lambda quarters: FIRST + timedelta(minutes=15 * quarters)),
)


@st.composite
def days_of_hours(draw: st.DrawFn) -> tuple[Hours, ...]:
    """Up to three pieces, some of them touching."""
    edges = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
    pieces = [Hours(15 * a, 15 * b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    until_midnight = draw(st.booleans())
    if pieces and until_midnight and pieces[-1].end < 1440:
        pieces.append(Hours(pieces[-1].end, 1440))
    return tuple(pieces)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Each is open in some hour that no change of clocks can skip."""
    week: list[tuple[Hours, ...]] = [draw(days_of_hours()) for _ in range(6)]
    week.insert(draw(st.integers(0, 6)), OFFICE)
    dated = st.dictionaries(st.dates(date(2023, 6, 1), date(2026, 12, 31)), days_of_hours(), max_size=5)
    return Calendar(draw(st.sampled_from(ZONES)), tuple(week), draw(st.sampled_from(NATIONS)), draw(dated))
