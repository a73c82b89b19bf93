"""The bank holidays of each nation, compared with what the government publishes."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from shared.worktime import bank_holidays, is_bank_holiday, is_open
from tests.unit.worktime.examples import OFFICE, weekdays

PUBLISHED = json.loads((Path(__file__).parent / "bank-holidays-uk-2012-2028.json").read_text("utf-8"))
YEARS = range(2012, 2029)
DIVISIONS = {
    "GB-ENG": "england-and-wales",
    "GB-WLS": "england-and-wales",
    "GB-SCT": "scotland",
    "GB-NIR": "northern-ireland",
}
# Appointed by royal proclamation on 3 February 2026, after the file was kept: https://www.gov.uk/bank-holidays#scotland
APPOINTED_SINCE = {"GB-SCT": {date(2026, 6, 15)}}

each_nation = pytest.mark.parametrize("nation", DIVISIONS)


def published(nation: str) -> set[date]:
    return {date.fromisoformat(event["date"]) for event in PUBLISHED[DIVISIONS[nation]]["events"]}


def known(nation: str) -> set[date]:
    return {day for year in YEARS for day in bank_holidays(nation, year)}


def on_weekdays(days: set[date]) -> set[date]:
    return {day for day in days if day.weekday() < 5}


@each_nation
def test_p03_bank_holidays_are_on_weekdays_those_that_are_published(nation: str) -> None:
    assert {day.year for day in published(nation)} == set(YEARS)
    assert on_weekdays(known(nation)) == published(nation) | APPOINTED_SINCE.get(nation, set())


@each_nation
def test_a_bank_holiday_on_a_weekend_is_known_beside_its_substitute(nation: str) -> None:
    assert date(2021, 12, 25).weekday() == 5
    assert {date(2021, 12, 25), date(2021, 12, 27)} <= known(nation)


@pytest.mark.parametrize(
    ("day", "closed"),
    [
        (date(2026, 1, 1), "GB-ENG GB-SCT GB-NIR US-MA"),
        (date(2026, 1, 2), "GB-SCT"),
        (date(2026, 1, 19), "US-MA"),  # Martin Luther King Jr. Day
        (date(2026, 3, 17), "GB-NIR"),  # Saint Patrick's Day
        (date(2026, 4, 3), "GB-ENG GB-SCT GB-NIR"),  # Good Friday
        (date(2026, 4, 6), "GB-ENG GB-NIR"),  # Easter Monday
        (date(2026, 4, 20), "US-MA"),  # Patriots' Day
        (date(2026, 5, 25), "GB-ENG GB-SCT GB-NIR US-MA"),  # Spring bank holiday, and Memorial Day
        (date(2026, 6, 15), "GB-SCT"),
        (date(2026, 7, 13), "GB-NIR"),  # for the twelfth, a Sunday
        (date(2026, 8, 3), "GB-SCT"),
        (date(2026, 8, 31), "GB-ENG GB-NIR"),
        (date(2026, 11, 26), "US-MA"),  # Thanksgiving
        (date(2026, 11, 30), "GB-SCT"),  # Saint Andrew's Day
        (date(2026, 12, 25), "GB-ENG GB-SCT GB-NIR US-MA"),
        (date(2026, 12, 28), "GB-ENG GB-SCT GB-NIR"),
        (date(2026, 12, 29), ""),
    ],
    ids=str,
)
def test_p25_each_nation_keeps_its_own_side_by_side(day: date, closed: str) -> None:
    noon = datetime.combine(day, time(12), UTC)
    calendars = {nation: weekdays(OFFICE, nation) for nation in ("GB-ENG", "GB-SCT", "GB-NIR", "US-MA")}
    assert [nation for nation, calendar in calendars.items() if not is_open(calendar, noon)] == closed.split()


def test_p25_a_country_alone_has_those_of_all_its_parts() -> None:
    for year in YEARS:
        parts = {day for nation in DIVISIONS for day in bank_holidays(nation, year)}
        assert set(bank_holidays("GB", year)) == parts


def test_a_bank_holiday_has_a_name_and_other_days_have_none() -> None:
    assert bank_holidays("GB-SCT", 2026)[date(2026, 11, 30)] == "Saint Andrew's Day"
    assert bank_holidays("US-MA", 2026)[date(2026, 4, 20)] == "Patriots' Day"
    assert is_bank_holiday("GB-SCT", date(2026, 11, 30))
    assert not is_bank_holiday("GB-ENG", date(2026, 11, 30))


def test_a_nation_nobody_knows_is_refused_here_too() -> None:
    with pytest.raises(ValueError, match="There is no nation 'England'"):
        bank_holidays("England", 2026)


def test_their_names_do_not_depend_on_the_language_of_the_machine() -> None:
    asked = "from shared.worktime import bank_holidays as b; print(*b('GB', 2026).values(), *b('US-MA', 2026).values())"
    answers = {
        subprocess.run(
            [sys.executable, "-c", asked],
            env={**os.environ, "LANGUAGE": language, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for language in ("en", "th")
    }
    assert len(answers) == 1
