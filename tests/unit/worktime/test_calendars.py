"""Calendars, good and bad: lunch, midnight, dated overrides, and every nonsense refused with a sentence."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.worktime import Calendar, Hours, between, due, due_in_days, is_open, next_opening
from tests.unit.worktime.examples import ALL_DAY, LONDON, OFFICE, ROUND_THE_CLOCK, WITH_LUNCH, every_day, weekdays

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOTHING = timedelta(0)
MONDAY, TUESDAY, FRIDAY, SATURDAY = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 5), date(2026, 6, 6)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(LONDON))


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        (at(MONDAY, 9), 3 * HOUR, at(MONDAY, 12)),
        (at(MONDAY, 9), 3 * HOUR + MINUTE, at(MONDAY, 13, 1)),
        (at(MONDAY, 11), 2 * HOUR, at(MONDAY, 14)),
        (at(MONDAY, 12, 20), HOUR, at(MONDAY, 14)),
        (at(MONDAY, 9), 7 * HOUR, at(MONDAY, 17)),
        (at(MONDAY, 9), 8 * HOUR, at(TUESDAY, 10)),
        (at(FRIDAY, 16, 30), HOUR, at(date(2026, 6, 8), 9, 30)),
        (at(SATURDAY, 11), MINUTE, at(date(2026, 6, 8), 9, 1)),
    ],
)
def test_p03_nothing_is_worked_at_lunch_at_night_or_at_weekends(
    start: datetime, amount: timedelta, end: datetime
) -> None:
    calendar = weekdays(WITH_LUNCH)
    assert due(calendar, start, amount) == end
    assert between(calendar, start, end) == amount
    assert not is_open(calendar, at(MONDAY, 12, 30))
    assert next_opening(calendar, at(MONDAY, 12, 30)) == at(MONDAY, 13)


def test_p03_midnight_loses_no_minute() -> None:
    start = at(MONDAY, 0)
    assert between(ROUND_THE_CLOCK, start, start + timedelta(days=7)) == timedelta(days=7)
    for minute in range(3 * 1440):
        assert due(ROUND_THE_CLOCK, start, minute * MINUTE) == start + minute * MINUTE


def test_p03_an_evening_until_midnight_is_worked_to_its_last_minute() -> None:
    evening = weekdays((Hours(18 * 60, 1440),))
    assert between(evening, at(MONDAY, 0), at(TUESDAY, 0)) == 6 * HOUR
    assert due(evening, at(MONDAY, 18), 6 * HOUR) == at(TUESDAY, 0)
    assert is_open(evening, at(MONDAY, 23, 59))
    assert not is_open(evening, at(TUESDAY, 0))


def test_p03_a_night_shift_across_midnight_is_one_stretch() -> None:
    night = every_day(Hours(0, 6 * 60), Hours(22 * 60, 1440))
    assert due(night, at(MONDAY, 22), 8 * HOUR) == at(TUESDAY, 6)
    assert between(night, at(MONDAY, 23, 59), at(TUESDAY, 0, 1)) == 2 * MINUTE


@pytest.mark.parametrize(
    "zone", ["Pacific/Honolulu", "America/New_York", LONDON, "Asia/Kathmandu", "Pacific/Kiritimati"]
)
def test_p03_the_turn_of_the_year_loses_no_minute(zone: str) -> None:
    """Neither that of UTC nor the local one."""
    calendar = every_day(*ALL_DAY, zone=zone)
    for number in range(96):
        hour = datetime(2025, 12, 30, tzinfo=UTC) + number * HOUR
        assert is_open(calendar, hour)
        assert next_opening(calendar, hour) == hour
        for amount in (MINUTE, HOUR, 48 * HOUR):
            assert due(calendar, hour, amount) == hour + amount
            assert between(calendar, hour, hour + amount) == amount


CHRISTMAS, BOXING = date(2026, 12, 25), date(2026, 12, 28)
EVE, BETWEEN = date(2026, 12, 24), date(2026, 12, 29)
DATED = Calendar(
    LONDON,
    (OFFICE,) * 5 + ((), ()),
    "GB-ENG",
    {BOXING: (Hours(600, 840),), BETWEEN: (), EVE: (Hours(540, 720),), date(2026, 12, 26): ALL_DAY},
)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2026, 12, 23), 8),  # ordinary
        (EVE, 3),  # a short day
        (CHRISTMAS, 0),  # a bank holiday
        (date(2026, 12, 26), 24),  # open on a Saturday
        (date(2026, 12, 27), 0),  # Sunday
        (BOXING, 4),  # open on a bank holiday
        (BETWEEN, 0),  # closed on an ordinary day
        (date(2026, 12, 30), 8),
    ],
)
def test_p03_an_override_beats_the_bank_holiday_and_the_week(day: date, hours: int) -> None:
    assert between(DATED, at(day, 0), at(day + timedelta(days=1), 0)) == hours * HOUR
    assert between(DATED, at(day, 0), at(day, 23, 59)) == min(hours * HOUR, 24 * HOUR - MINUTE)


def test_p03_overrides_decide_what_a_working_day_is() -> None:
    closings = [due_in_days(DATED, at(date(2026, 12, 23), 9), days) for days in range(1, 5)]
    assert closings == [
        at(EVE, 12),
        at(date(2026, 12, 27), 0),  # the end of Saturday
        at(BOXING, 14),
        at(date(2026, 12, 30), 17),
    ]


def week_with(*hours: Hours) -> tuple[tuple[Hours, ...], ...]:
    return ((), (), hours, (), (), (), ())


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Hours(720, 540), "Hours end after they start, between 00:00 and 24:00; 12:00–09:00 do not"),
        (lambda: Hours(540, 540), "09:00–09:00 do not"),
        (lambda: Hours(540, 1441), "09:00–24:01 do not"),
        (lambda: Hours(-1, 540), "Hours end after they start"),
        (lambda: Calendar("Europe/Londno", (OFFICE,) * 7), "There is no time zone 'Europe/Londno'"),
        (lambda: Calendar("", (OFFICE,) * 7), "There is no time zone ''"),
        (lambda: Calendar("Europe", (OFFICE,) * 7), "There is no time zone 'Europe'"),
        (lambda: Calendar("../Europe/London", (OFFICE,) * 7), "There is no time zone"),
        (lambda: Calendar(LONDON, (OFFICE,) * 6), "A week has seven days, Monday first; this one has 6"),
        (
            lambda: Calendar(LONDON, week_with(Hours(540, 720), Hours(700, 800))),
            "on Wednesday 09:00–12:00, 11:40–13:20",
        ),
        (lambda: Calendar(LONDON, week_with(Hours(780, 1020), Hours(540, 720))), "stand in order and do not overlap"),
        (
            lambda: Calendar(LONDON, (OFFICE,) * 7, None, {MONDAY: (Hours(0, 60), Hours(59, 61))}),
            "on 2026-06-01 00:00–01:00, 00:59–01:01 do not",
        ),
        (
            lambda: Calendar(LONDON, (OFFICE,) * 7, None, {datetime(2026, 6, 1, tzinfo=UTC): ()}),
            "An override is for a day; 2026-06-01 00:00:00\\+00:00 is a moment",
        ),
        (
            lambda: Calendar(LONDON, (OFFICE,) * 7, "GB-XXX"),
            "No bank holidays are known of 'GB-XXX', but of GB, GB-ENG",
        ),
        (lambda: Calendar(LONDON, (OFFICE,) * 7, "GB-England"), "There is no nation 'GB-England'"),
        (
            lambda: Calendar(LONDON, (OFFICE,) * 7, "UK"),
            "There is no nation 'UK'; they are named as in GB-SCT or US-MA",
        ),
        (lambda: Calendar(LONDON, (OFFICE,) * 7, "ZZ-AAA"), "There is no nation 'ZZ-AAA'"),
        (lambda: Calendar(LONDON, (OFFICE,) * 7, "england"), "There is no nation 'england'"),
        (lambda: Calendar(LONDON, (OFFICE,) * 7, ""), "There is no nation ''"),
    ],
)
def test_p03_an_impossible_calendar_is_refused_with_a_sentence(make: Callable[[], Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()


def test_hours_that_touch_are_no_overlap() -> None:
    assert between(weekdays((Hours(540, 720), Hours(720, 1020))), at(MONDAY, 0), at(TUESDAY, 0)) == 8 * HOUR


def test_equal_calendars_are_one_key_and_different_ones_are_not() -> None:
    other = Calendar(DATED.zone, DATED.week, DATED.nation, dict(list(DATED.overrides.items())[::-1]))
    assert other == DATED
    assert hash(other) == hash(DATED)
    assert Calendar(DATED.zone, DATED.week, "GB-SCT", DATED.overrides) != DATED
    assert len({DATED, other, weekdays(OFFICE), weekdays(WITH_LUNCH)}) == 3


def sent(calendar: Calendar) -> Any:
    return pickle.loads(pickle.dumps(calendar))  # noqa: S301  its own pickle


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, sent])
def test_a_calendar_can_be_copied_and_sent_to_another_process(copied: Callable[[Calendar], Calendar]) -> None:
    assert copied(DATED) == DATED
    assert hash(copied(DATED)) == hash(DATED)


def test_what_a_calendar_was_made_from_cannot_change_it_afterwards() -> None:
    overrides = {MONDAY: ()}
    calendar = Calendar(LONDON, (OFFICE,) * 7, None, overrides)
    del overrides[MONDAY]
    assert between(calendar, at(MONDAY, 0), at(TUESDAY, 0)) == NOTHING
    with pytest.raises(TypeError):
        calendar.overrides[TUESDAY] = ()  # type: ignore[index]
