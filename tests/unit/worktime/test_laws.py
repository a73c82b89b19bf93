"""What holds of working time in every calendar: the two functions undo each other, and nothing runs backwards."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.worktime import Calendar, CannotEnd, Hours, between, due, due_in_days, is_open, next_opening
from tests.unit.worktime.examples import OFFICE, amounts, calendars, moments, weekdays

NOTHING = timedelta(0)
INSTANT = timedelta(microseconds=1)

# A year of a calendar is made when it is first asked for, which a deadline for one example would take for slowness.
lawful = settings(deadline=None)


@lawful
@given(calendars(), moments, amounts)
def test_p02_between_gives_back_what_due_was_given(calendar: Calendar, start: datetime, amount: timedelta) -> None:
    assert between(calendar, start, due(calendar, start, amount)) == amount


@lawful
@given(calendars(), moments, amounts)
def test_p02_due_is_the_earliest_such_moment(calendar: Calendar, start: datetime, amount: timedelta) -> None:
    assume(amount > NOTHING)
    assert between(calendar, start, due(calendar, start, amount) - INSTANT) == amount - INSTANT


@lawful
@given(calendars(), moments, moments, amounts)
def test_p02_what_starts_later_is_not_due_earlier(
    calendar: Calendar, a: datetime, b: datetime, amount: timedelta
) -> None:
    assert due(calendar, min(a, b), amount) <= due(calendar, max(a, b), amount)


@lawful
@given(calendars(), moments, amounts, amounts)
def test_p02_more_is_due_later(calendar: Calendar, start: datetime, one: timedelta, other: timedelta) -> None:
    assert (due(calendar, start, one) < due(calendar, start, other)) == (one < other)


@lawful
@given(calendars(), moments, amounts, amounts)
def test_p02_amounts_add_up(calendar: Calendar, start: datetime, first: timedelta, then: timedelta) -> None:
    assert due(calendar, due(calendar, start, first), then) == due(calendar, start, first + then)


@lawful
@given(calendars(), moments, moments, moments)
def test_p02_stretches_add_up_in_any_order(calendar: Calendar, a: datetime, b: datetime, c: datetime) -> None:
    assert between(calendar, a, b) + between(calendar, b, c) == between(calendar, a, c)
    assert between(calendar, a, b) == -between(calendar, b, a)


@lawful
@given(calendars(), moments, moments)
def test_p02_no_more_is_worked_than_time_passes(calendar: Calendar, a: datetime, b: datetime) -> None:
    start, end = min(a, b), max(a, b)
    assert NOTHING <= between(calendar, start, end) <= end - start


@lawful
@given(calendars(), moments)
def test_it_is_open_where_the_next_instant_is_worked(calendar: Calendar, at: datetime) -> None:
    assert is_open(calendar, at) == (between(calendar, at, at + INSTANT) == INSTANT)


@lawful
@given(calendars(), moments)
def test_the_next_opening_is_open_and_nothing_before_it_is(calendar: Calendar, at: datetime) -> None:
    opening = next_opening(calendar, at)
    assert opening is not None
    assert is_open(calendar, opening)
    assert between(calendar, at, opening) == NOTHING


@lawful
@given(calendars(), moments, st.integers(1, 30))
def test_each_further_working_day_closes_later(calendar: Calendar, start: datetime, days: int) -> None:
    closing, later = (due_in_days(calendar, start, number) for number in (days, days + 1))
    assert start < closing < later
    assert not is_open(calendar, closing) or is_midnight(closing, calendar)
    assert is_open(calendar, closing - INSTANT)


def is_midnight(at: datetime, calendar: Calendar) -> bool:
    """Then one day's closing may be the next one's opening."""
    local = at.astimezone(ZoneInfo(calendar.zone))
    return local.hour == local.minute == 0


@lawful
@given(calendars(), moments, amounts, st.sampled_from(["Asia/Tokyo", "America/Lima"]))
def test_it_does_not_matter_in_which_zone_a_moment_is_written(
    calendar: Calendar, start: datetime, amount: timedelta, zone: str
) -> None:
    elsewhere = start.astimezone(ZoneInfo(zone))
    assert due(calendar, elsewhere, amount) == due(calendar, start, amount)
    assert due(calendar, elsewhere, amount).tzinfo is UTC


def test_nothing_at_all_is_due_at_the_start_open_or_not() -> None:
    saturday = datetime(2026, 6, 6, 12, tzinfo=UTC)
    assert due(weekdays(OFFICE), saturday, NOTHING) == saturday


def test_what_fills_the_day_is_due_at_close_of_business() -> None:
    opening = datetime(2026, 6, 1, 8, tzinfo=UTC)
    assert due(weekdays(OFFICE), opening, timedelta(hours=8)) == datetime(2026, 6, 1, 16, tzinfo=UTC)
    assert due(weekdays(OFFICE), opening, timedelta(hours=8) + INSTANT) == datetime(2026, 6, 2, 8, tzinfo=UTC) + INSTANT


def test_an_open_moment_is_its_own_next_opening() -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert next_opening(weekdays(OFFICE), noon) == noon


def test_a_calendar_that_is_never_open_says_so_instead_of_searching_for_ever() -> None:
    never = Calendar("Europe/London", ((),) * 7)
    start = datetime(2026, 6, 1, tzinfo=UTC)
    with pytest.raises(CannotEnd, match="This calendar is never open: it has no hours within ten years of 2026-06-01"):
        due(never, start, INSTANT)
    with pytest.raises(CannotEnd, match="never open"):
        due_in_days(never, start, 1)
    assert next_opening(never, start) is None
    assert not is_open(never, start)
    assert between(never, start, start + timedelta(days=900)) == NOTHING


def test_one_hour_in_nine_years_is_found() -> None:
    day = datetime(2035, 6, 1, 12, tzinfo=UTC)
    rare = Calendar("UTC", ((),) * 7, None, {day.date(): (Hours(720, 780),)})
    assert next_opening(rare, datetime(2026, 1, 1, tzinfo=UTC)) == day
    assert due(rare, datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=1)) == day + timedelta(hours=1)


def test_what_cannot_be_known_is_refused() -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    with pytest.raises(CannotEnd, match="does not end before 2101"):
        due(weekdays(OFFICE), start, timedelta(days=100_000))
    with pytest.raises(Invalid, match="known from 1900 to 2100, not in 9999"):
        between(weekdays(OFFICE), start, datetime.max.replace(tzinfo=UTC))


def test_moments_without_a_zone_and_times_before_the_start_are_refused() -> None:
    with pytest.raises(ValueError, match="A moment knows its time zone"):
        due(weekdays(OFFICE), datetime(2026, 6, 1, tzinfo=UTC).replace(tzinfo=None), NOTHING)
    with pytest.raises(ValueError, match="not counted backwards"):
        due(weekdays(OFFICE), datetime(2026, 6, 1, tzinfo=UTC), -INSTANT)
    with pytest.raises(ValueError, match="day 0 is none"):
        due_in_days(weekdays(OFFICE), datetime(2026, 6, 1, tzinfo=UTC), 0)
