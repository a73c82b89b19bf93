"""The two nights of each year on which the hours of Europe/London are not twenty-four."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.worktime import Calendar, CannotEnd, Hours, between, due, due_in_days, is_open, next_opening
from tests.unit.worktime.examples import LONDON, OFFICE, ROUND_THE_CLOCK, every_day

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOTHING = timedelta(0)

FORWARD = [date(2023, 3, 26), date(2024, 3, 31), date(2025, 3, 30), date(2026, 3, 29), date(2027, 3, 28)]
BACK = [date(2023, 10, 29), date(2024, 10, 27), date(2025, 10, 26), date(2026, 10, 25), date(2027, 10, 31)]
LENGTHS = [*((day, 23) for day in FORWARD), *((day, 25) for day in BACK)]

each_change = pytest.mark.parametrize(("day", "length"), LENGTHS, ids=str)
each_forward = pytest.mark.parametrize("day", FORWARD, ids=str)
each_back = pytest.mark.parametrize("day", BACK, ids=str)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(LONDON)).astimezone(UTC)


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def night(*hours: tuple[int, int]) -> Calendar:
    """Open between these minutes of the local day, seven days a week."""
    return every_day(*(Hours(start, end) for start, end in hours))


@each_change
def test_p04_a_calendar_open_round_the_clock_counts_every_hour_of_both_days(day: date, length: int) -> None:
    start = midnight(day)
    assert between(ROUND_THE_CLOCK, start, midnight(day + timedelta(days=1))) == length * HOUR
    for number in range(length):
        hour = start + number * HOUR
        assert between(ROUND_THE_CLOCK, hour, hour + HOUR) == HOUR
        for amount in (MINUTE, HOUR, 30 * HOUR):
            assert due(ROUND_THE_CLOCK, hour, amount) == hour + amount


@each_change
def test_p04_a_calendar_open_over_the_change_counts_every_hour_of_both_days(day: date, length: int) -> None:
    """Open from half past midnight until half past two: what counts is what the wall shows, 00:30 to 02:29."""
    calendar = night((30, 150))
    counted = NOTHING
    for number in range(length):
        hour = midnight(day) + number * HOUR
        wall = [(hour + minute * MINUTE).astimezone(ZoneInfo(LONDON)) for minute in range(60)]
        expected = sum((0, 30) <= (shown.hour, shown.minute) < (2, 30) for shown in wall) * MINUTE
        assert between(calendar, hour, hour + HOUR) == expected
        counted += expected
        for part in range(1, expected // MINUTE, 7):
            ends = due(calendar, hour, part * MINUTE)
            assert hour < ends <= hour + HOUR
            assert between(calendar, hour, ends) == part * MINUTE
    assert counted == (length - 22) * HOUR
    assert due_in_days(calendar, midnight(day) - HOUR, 1) == midnight(day) + (length - 22) * HOUR + 30 * MINUTE


@each_forward
def test_p04_hours_that_begin_while_the_clocks_go_forward_begin_at_the_change(day: date) -> None:
    calendar = night((90, 180))
    assert next_opening(calendar, midnight(day)) == utc(day, 1)
    assert due(calendar, midnight(day), HOUR) == utc(day, 2)
    assert between(calendar, utc(day, 0), utc(day, 12)) == HOUR


@each_forward
def test_p04_hours_that_end_while_the_clocks_go_forward_end_at_the_change(day: date) -> None:
    calendar = night((30, 90))
    assert between(calendar, utc(day, 0), utc(day, 12)) == 30 * MINUTE
    assert due(calendar, midnight(day), 30 * MINUTE) == utc(day, 1)
    assert not is_open(calendar, utc(day, 1))


@each_forward
def test_p04_hours_that_are_skipped_altogether_are_not_worked_and_make_no_working_day(day: date) -> None:
    calendar = night((60, 120))
    tomorrow = day + timedelta(days=1)
    assert between(calendar, utc(day, 0), utc(day, 23)) == NOTHING
    assert due_in_days(calendar, midnight(day) - HOUR, 1) == utc(tomorrow, 1)


@each_back
def test_p04_an_hour_shown_twice_is_worked_twice(day: date) -> None:
    calendar = night((60, 120))
    assert between(calendar, utc(day, 0), utc(day, 2)) == 2 * HOUR
    assert due(calendar, utc(day, 0), 90 * MINUTE) == utc(day, 1, 30)
    assert due_in_days(calendar, midnight(day) - HOUR, 1) == utc(day, 2)


@each_back
def test_p04_half_an_hour_shown_twice_is_worked_twice_and_not_what_lies_between(day: date) -> None:
    calendar = night((75, 105))
    openings = [next_opening(calendar, utc(day, 0)), next_opening(calendar, utc(day, 0, 45))]
    assert openings == [utc(day, 0, 15), utc(day, 1, 15)]
    assert between(calendar, utc(day, 0, 45), utc(day, 1, 15)) == NOTHING
    assert due(calendar, utc(day, 0), 31 * MINUTE) == utc(day, 1, 16)


@each_change
def test_p04_one_piece_or_several_is_the_same(day: date, length: int) -> None:
    """An interval cut at any minute of the change does not overlap itself, nor lose anything."""
    whole = night((30, 150))
    for cut in range(31, 150, 7):
        cut_up = night((30, cut), (cut, 150))
        for number in range(length):
            hour = midnight(day) + number * HOUR
            assert between(cut_up, hour, hour + HOUR) == between(whole, hour, hour + HOUR)
            assert due(cut_up, hour, 45 * MINUTE) == due(whole, hour, 45 * MINUTE)


@each_change
def test_p04_an_office_keeps_its_hours_on_the_wall_and_works_eight_of_them(day: date, length: int) -> None:
    office = every_day(*OFFICE)
    for later in range(-2, 3):
        local = midnight(day + timedelta(days=later)).astimezone(ZoneInfo(LONDON))
        opening, closing = local.replace(hour=9), local.replace(hour=17)
        assert next_opening(office, local) == opening
        assert due(office, local, 8 * HOUR) == closing
    assert between(office, midnight(day) - 48 * HOUR, midnight(day) + (length + 48) * HOUR) == 40 * HOUR


def test_p04_a_calendar_that_only_ever_opens_in_a_skipped_hour_is_never_open() -> None:
    skipped = Calendar(LONDON, ((),) * 7, None, dict.fromkeys(FORWARD, (Hours(60, 120),)))
    with pytest.raises(CannotEnd, match="never open"):
        due(skipped, datetime(2022, 1, 1, tzinfo=UTC), MINUTE)


def test_p04_a_day_that_a_zone_leaves_out_is_not_worked() -> None:
    """Samoa went from 29 to 31 December 2011, across the date line."""
    samoa = every_day(*OFFICE, zone="Pacific/Apia")
    thursday = datetime(2011, 12, 29, 9, tzinfo=ZoneInfo("Pacific/Apia"))
    saturday = datetime(2011, 12, 31, 17, tzinfo=ZoneInfo("Pacific/Apia"))
    assert between(samoa, thursday, saturday) == 16 * HOUR
    assert due_in_days(samoa, thursday, 1) == saturday
