"""Deadlines in working days, with dates reckoned by hand."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.worktime import Calendar, Hours, between, due_in_days
from tests.unit.worktime.examples import LONDON, OFFICE, WITH_LUNCH, weekdays

FOI = weekdays(OFFICE, "GB")
ENGLAND, SCOTLAND, ULSTER = (weekdays(OFFICE, nation) for nation in ("GB-ENG", "GB-SCT", "GB-NIR"))


def on(day: date, hour: int, zone: str = LONDON) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("received", "foi", "england", "scotland", "ulster"),
    [
        # An ordinary month: four weeks, whatever the nation.
        ("2024-05-28", "2024-06-25", "2024-06-25", "2024-06-25", "2024-06-25"),
        # Received on a Saturday, as if on the Friday.
        ("2024-06-01", "2024-06-28", "2024-06-28", "2024-06-28", "2024-06-28"),
        # Over Easter: the Monday is no bank holiday in Scotland.
        ("2024-03-28", "2024-04-29", "2024-04-29", "2024-04-26", "2024-04-29"),
        # Over the New Year: the second of January is one only there.
        ("2023-12-22", "2024-01-25", "2024-01-24", "2024-01-25", "2024-01-24"),
        # Over the twelfth of July, which is one only in Northern Ireland.
        ("2024-06-28", "2024-07-29", "2024-07-26", "2024-07-26", "2024-07-29"),
        # Over the two summer bank holidays, the first and the last Monday of August.
        ("2024-08-02", "2024-09-03", "2024-09-02", "2024-09-02", "2024-09-02"),
        # Christmas with a substitute day for Boxing Day.
        ("2026-12-18", "2027-01-21", "2027-01-20", "2027-01-21", "2027-01-20"),
    ],
)
def test_p25_twenty_working_days_for_information_for_complaints_and_in_each_nation(
    received: str, foi: str, england: str, scotland: str, ulster: str
) -> None:
    """Each standard has its calendar; freedom of information counts the bank holidays of every nation."""
    start = on(date.fromisoformat(received), 11)
    found = [due_in_days(calendar, start, 20) for calendar in (FOI, ENGLAND, SCOTLAND, ULSTER)]
    assert found == [on(date.fromisoformat(day), 17) for day in (foi, england, scotland, ulster)]


def test_p25_ten_business_days_in_massachusetts() -> None:
    """Patriots' Day, 20 April 2026, is not one of them."""
    boston = weekdays(OFFICE, "US-MA", "America/New_York")
    monday = on(date(2026, 4, 13), 10, "America/New_York")
    assert due_in_days(boston, monday, 10) == on(date(2026, 4, 28), 17, "America/New_York")


@pytest.mark.parametrize("hour", [0, 8, 9, 12, 17, 23])
def test_the_hour_of_receipt_does_not_matter(hour: int) -> None:
    assert due_in_days(ENGLAND, on(date(2026, 6, 1), hour), 1) == on(date(2026, 6, 2), 17)


def test_the_day_of_receipt_is_the_local_one() -> None:
    """Half past eleven in the evening of 1 June in UTC is the next day in London."""
    late = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)
    assert due_in_days(ENGLAND, late, 1) == on(date(2026, 6, 3), 17)


def test_what_is_received_on_a_closed_day_has_the_next_working_day_as_its_first() -> None:
    closed = [date(2026, 4, day) for day in (3, 4, 5, 6)]
    assert {due_in_days(ENGLAND, on(day, 12), 1) for day in closed} == {on(date(2026, 4, 7), 17)}
    assert due_in_days(ENGLAND, on(date(2026, 4, 2), 12), 1) == on(date(2026, 4, 7), 17)


def test_close_of_business_is_that_of_the_day() -> None:
    """A half day on Fridays, a lunch break on the others, a Saturday morning."""
    week = ((WITH_LUNCH,) * 4) + ((Hours(540, 750),), (Hours(600, 720),), ())
    calendar = Calendar(LONDON, week)
    start = on(date(2026, 6, 3), 10)
    closings = [due_in_days(calendar, start, days).astimezone(ZoneInfo(LONDON)) for days in (1, 2, 3, 4)]
    assert [f"{closing:%a %H:%M}" for closing in closings] == ["Thu 17:00", "Fri 12:30", "Sat 12:00", "Mon 17:00"]


def test_working_days_run_on_over_the_years() -> None:
    start = on(date(2020, 1, 2), 12)
    closing = due_in_days(ENGLAND, start, 1500)
    assert between(ENGLAND, on(date(2020, 1, 3), 0), closing) == 1500 * timedelta(hours=8)
