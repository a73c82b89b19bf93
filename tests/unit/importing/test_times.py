"""Times of an older system become moments, or it is said why nobody can tell which."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.importing.times import ISO, NoTime, Reckoning, RepeatedHour, is_form, tells_afternoon

BOSTON = "America/New_York"
US = "%m/%d/%Y %I:%M:%S %p"
ZONES = ("America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


def reckoning(repeated: RepeatedHour = RepeatedHour.REJECT, zone: str = BOSTON, *formats: str) -> Reckoning:
    return Reckoning(zone, formats or (US, ISO), repeated)


def test_a_local_time_is_a_moment_in_its_zone() -> None:
    assert reckoning().moment("01/01/2015 12:20:09 AM") == datetime(2015, 1, 1, 5, 20, 9, tzinfo=UTC)
    assert reckoning().moment("07/01/2015 12:00:00 PM") == datetime(2015, 7, 1, 16, tzinfo=UTC)


def test_a_time_with_an_offset_says_itself_which_it_is() -> None:
    assert reckoning().moment("2015-11-01T01:30:00-05:00") == datetime(2015, 11, 1, 6, 30, tzinfo=UTC)


def test_a_form_may_have_an_offset() -> None:
    told = reckoning(RepeatedHour.REJECT, BOSTON, "%Y-%m-%d %H:%M:%S %z").moment("2015-11-01 01:30:00 -0500")
    assert told == datetime(2015, 11, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("written", ["02/30/2015 09:00:00 AM", "2015-02-30T09:00:00"])
def test_the_30th_of_february_is_no_day(written: str) -> None:
    with pytest.raises(NoTime, match="is no day or time of any calendar"):
        reckoning().moment(written)


def test_the_hour_that_is_skipped_never_was() -> None:
    with pytest.raises(NoTime, match="never was: the clocks of America/New_York went forward over it"):
        reckoning().moment("03/08/2015 02:30:00 AM")


def test_the_hour_that_is_repeated_is_what_the_map_says() -> None:
    written = "11/01/2015 01:30:00 AM"
    assert reckoning(RepeatedHour.FIRST).moment(written) == datetime(2015, 11, 1, 5, 30, tzinfo=UTC)
    assert reckoning(RepeatedHour.SECOND).moment(written) == datetime(2015, 11, 1, 6, 30, tzinfo=UTC)
    with pytest.raises(NoTime, match=r'was twice.*say in the map which is meant, with repeated_hour = "first"'):
        reckoning().moment(written)


@pytest.mark.parametrize("written", ["2015", "1/1/15", "yesterday", "01/01/2015 12:20:09 AM and more", "", "٣"])
def test_another_form_is_told_with_the_form_that_is_wanted(written: str) -> None:
    with pytest.raises(NoTime, match=r"is not written in the form \"%m/%d/%Y %I:%M:%S %p\": correct it"):
        reckoning(RepeatedHour.FIRST, BOSTON, US).moment(written)


def test_a_year_beyond_all_calendars_is_told() -> None:
    with pytest.raises(NoTime, match="lies outside of all calendars"):
        reckoning().moment("9999-12-31T23:00:00")


@given(
    seconds=st.integers(0, 50 * 366 * 24 * 3600),
    zone=st.sampled_from(ZONES),
    repeated=st.sampled_from([RepeatedHour.FIRST, RepeatedHour.SECOND]),
)
def test_what_a_clock_showed_is_read_as_a_moment_when_it_showed_it(
    seconds: int, zone: str, repeated: RepeatedHour
) -> None:
    """Also where it showed the same twice."""
    moment = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    shown = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    read = reckoning(repeated, zone).moment(shown.isoformat())
    assert read.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown
    assert abs(read - moment) <= timedelta(hours=1)


@given(text=st.text(max_size=40))
def test_any_text_is_a_moment_or_gets_a_sentence(text: str) -> None:
    try:
        assert reckoning().moment(text).tzinfo is UTC
    except NoTime as told:
        said = str(told)
    else:
        said = "."
    assert said.endswith(".")


def test_a_form_must_tell_the_day() -> None:
    assert all(is_form(form) for form in (US, ISO, "%d.%m.%y", "%Y%m%d%H%M", "%Y-%m-%d %H:%M:%S %z"))
    assert not any(is_form(form) for form in ("", "%H:%M", "%d/%m %H:%M", "dd/mm/yyyy", "%Q", "%d/%m/%Y %"))


@pytest.mark.parametrize("form", ["%d/%m/%Y %d", "%d/%m/%Y %H:%M %Y", "%Y %j %j"])
def test_a_form_that_says_the_same_twice_is_none(form: str) -> None:
    assert not is_form(form)


def test_a_form_with_hours_up_to_twelve_must_tell_afternoons() -> None:
    assert all(tells_afternoon(form) for form in (US, ISO, "%d.%m.%y", "%d/%m/%Y %H:%M", "%c"))
    assert not any(tells_afternoon(form) for form in ("%d/%m/%Y %I:%M", "%d/%m/%Y %I"))
