"""Opening hours as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.check import read_file
from shared.council import read_council
from shared.council.hours import check_hours, read_hours, read_interval
from shared.worktime import Hours
from tests.unit.council.towns import ANYTOWN


def written(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@given(st.lists(st.integers(0, 24 * 60), min_size=2, max_size=8, unique=True))
def test_hours_are_read_as_they_are_written(minutes: list[int]) -> None:
    ordered = sorted(minutes[: len(minutes) // 2 * 2])
    intervals = [Hours(*pair) for pair in zip(ordered[::2], ordered[1::2], strict=True)]
    texts = tuple(f"{written(each.start)}-{written(each.end)}" for each in reversed(intervals))
    assert check_hours(texts) == texts
    assert read_hours(texts) == tuple(intervals)


@given(st.text(max_size=12))
def test_what_is_no_interval_is_told_what_one_looks_like(text: str) -> None:
    try:
        read = read_interval(text)
    except ValueError as error:
        assert text in str(error)  # noqa: PT017  the sentence quotes it
    else:
        assert f"{written(read.start)}-{written(read.end)}" == text


def test_hours_that_touch_do_not_overlap() -> None:
    assert check_hours(("09:00-12:00", "12:00-17:00")) == ("09:00-12:00", "12:00-17:00")
    with pytest.raises(ValueError, match="overlap"):
        check_hours(("12:00-17:00", "09:00-12:01"))


def test_a_day_ends_at_midnight() -> None:
    assert read_interval("00:00-24:00") == Hours(0, 24 * 60)
    with pytest.raises(ValueError, match="24:00"):
        read_interval("00:00-24:01")


def test_a_calendar_without_zone_and_nation_has_those_of_the_council() -> None:
    calendars = read_council(read_file(ANYTOWN)).calendars
    assert (calendars["office"].zone, calendars["office"].nation) == ("Europe/London", "GB-ENG")
    assert [len(day) for day in calendars["contact-centre"].week] == [1, 1, 1, 1, 1, 1, 0]
