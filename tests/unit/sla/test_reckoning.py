"""When promises are due and at risk: targets of every measure, pauses, and three calendars side by side."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sla.domain.reckoning import Reckoning
from services.sla.domain.terms import Terms, read, terms_of, written
from services.sla.domain.words import days_left_out
from shared import worktime
from shared.council import read_council
from tests.unit.sla import making
from tests.unit.sla.making import MORNING, terms

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MEASURES = ("seconds", "minutes", "hours", "days", "working_minutes", "working_hours", "working_days")

moments = st.integers(0, 30 * 24 * 60).map(lambda minutes: MORNING + timedelta(minutes=minutes))


def promised(target: int, measure: str, **fields: str) -> Terms:
    return terms(target=str(target), measure=f'"{measure}"', **fields)


def reckoned(of: Terms, *pauses: tuple[datetime, datetime], start: datetime = MORNING) -> Reckoning:
    reckoning = Reckoning(terms=of, started_at=start)
    for begin, end in pauses:
        reckoning = reckoning.paused(begin, end)
    return reckoning


@pytest.mark.parametrize(
    ("target", "measure", "due"),
    [
        (90, "seconds", MORNING + timedelta(seconds=90)),
        (90, "minutes", MORNING + timedelta(minutes=90)),
        (40, "hours", MORNING + 40 * HOUR),
        (3, "days", MORNING + 3 * DAY),
        (90, "working_minutes", MORNING + timedelta(minutes=90)),
        (10, "working_hours", MORNING + DAY + 2 * HOUR),
        (1, "working_days", MORNING + DAY + 8 * HOUR),
        (5, "working_days", MORNING + 7 * DAY + 8 * HOUR),
    ],
)
def test_each_measure_counts_in_its_own_way(target: int, measure: str, due: datetime) -> None:
    assert reckoned(promised(target, measure)).due_at == due


@pytest.mark.parametrize("measure", MEASURES)
@given(begin=moments, first=st.integers(0, 20 * 24 * 60), more=st.integers(0, 20 * 24 * 60))
def test_a_longer_pause_never_makes_it_due_earlier(measure: str, begin: datetime, first: int, more: int) -> None:
    of = promised(10, measure)
    begin = min(begin, reckoned(of).due_at)
    shorter, longer = (begin + timedelta(minutes=minutes) for minutes in (first, first + more))
    none, one, other = reckoned(of), reckoned(of, (begin, shorter)), reckoned(of, (begin, longer))
    assert none.due_at <= one.due_at <= other.due_at


@pytest.mark.parametrize("measure", MEASURES)
@given(begin=moments, length=st.integers(0, 20 * 24 * 60))
def test_time_is_left_after_a_pause_that_began_in_time(measure: str, begin: datetime, length: int) -> None:
    of = promised(10, measure)
    begin = min(begin, reckoned(of).due_at - timedelta(seconds=1))
    end = begin + timedelta(minutes=length)
    assert reckoned(of, (begin, end)).due_at > end


@given(days=st.integers(0, 15), begin=st.integers(0, 13))
def test_a_pause_of_whole_working_days_moves_the_due_time_by_as_many(days: int, begin: int) -> None:
    of = promised(15, "working_days")
    asked = worktime.due_in_days(of.calendar, MORNING, begin + 1) - HOUR
    answered = worktime.due_in_days(of.calendar, asked, days) - HOUR if days else asked
    due = reckoned(of, (asked, answered)).due_at
    assert due == worktime.due_in_days(of.calendar, MORNING, 15 + days)


def test_a_pause_over_a_weekend_gives_the_one_day_that_ended_in_it() -> None:
    of = promised(5, "working_days")
    friday, monday = MORNING + 4 * DAY + 7 * HOUR, MORNING + 7 * DAY + HOUR
    assert reckoned(of, (friday, monday)).due_at == worktime.due_in_days(of.calendar, MORNING, 6)
    same_day = (MORNING + HOUR, MORNING + 3 * HOUR)
    assert reckoned(of, same_day).due_at == reckoned(of).due_at


def test_open_hours_of_a_pause_are_given_back_to_a_promise_in_hours() -> None:
    of = promised(10, "working_hours")
    over_night = (MORNING + 7 * HOUR, MORNING + DAY + HOUR)
    assert reckoned(of, over_night).due_at == reckoned(of).due_at + 2 * HOUR


@pytest.mark.parametrize("measure", MEASURES)
@given(pauses=st.lists(st.tuples(st.integers(1, 2000), st.integers(0, 3000)), max_size=3), percent=st.integers(1, 99))
def test_warnings_come_in_order_between_start_and_due_time(
    measure: str, pauses: list[tuple[int, int]], percent: int
) -> None:
    of = promised(100 if measure != "working_days" else 10, measure)
    reckoning, at = Reckoning(terms=of, started_at=MORNING), MORNING
    for gap, length in pauses:
        begin = at + timedelta(minutes=gap)
        if begin >= reckoning.due_at:
            break
        at = begin + timedelta(minutes=length)
        reckoning = reckoning.paused(begin, at)
    moments = [reckoning.moment_of(each) for each in sorted({1, percent, 99})]
    assert moments == sorted(moments)
    assert moments[0] >= MORNING
    assert moments[-1] <= max(reckoning.due_at, at)


def test_a_due_time_set_by_hand_holds_and_moves_with_later_pauses_only() -> None:
    of = promised(10, "hours")
    before, after = (MORNING + HOUR, MORNING + 2 * HOUR), (MORNING + 5 * HOUR, MORNING + 8 * HOUR)
    reckoning = reckoned(of, before).set_by_hand(MORNING + DAY, MORNING + 3 * HOUR)
    assert reckoning.due_at == MORNING + DAY
    assert reckoning.paused(*after).due_at == MORNING + DAY + 3 * HOUR


@pytest.mark.parametrize("measure", MEASURES)
@given(by_hand=st.integers(1, 20 * 24 * 60), begin=st.integers(0, 20 * 24 * 60), length=st.integers(0, 20 * 24 * 60))
def test_a_due_time_set_by_hand_at_any_minute_never_lies_before_the_end_of_a_pause(
    measure: str, by_hand: int, begin: int, length: int
) -> None:
    due_at = MORNING + timedelta(minutes=by_hand)
    asked = MORNING + timedelta(minutes=min(begin, by_hand))
    answered = asked + timedelta(minutes=length)
    reckoning = Reckoning(terms=promised(10, measure), started_at=MORNING).set_by_hand(due_at, MORNING)
    assert reckoning.paused(asked, answered).due_at >= max(answered, due_at)


def test_what_was_left_of_a_due_time_set_by_hand_is_left_after_the_pause() -> None:
    of = promised(10, "working_days")
    reckoning = Reckoning(terms=of, started_at=MORNING).set_by_hand(MORNING + DAY + HOUR, MORNING)
    assert reckoning.paused(MORNING + DAY, MORNING + DAY + 3 * HOUR).due_at == MORNING + DAY + 4 * HOUR


SIDE_BY_SIDE = """
[council]
name = "Anytown"
zone = "Europe/London"
nation = "GB-ENG"
reference_prefix = "ANY"

[[calendar]]
code = "foi"
name = "Freedom of information"
nation = "GB"
HOURS

[[calendar]]
code = "complaints"
name = "Complaints"
HOURS

[[calendar]]
code = "council"
name = "The council's own"
override = [{ date = 2026-12-08, hours = [], reason = "Staff day" }, { date = 2026-12-09, hours = ["09:00-12:00"] }]
HOURS

[[queue]]
code = "general"
name = "General"
office = "front"
general = true

[[adviser]]
code = "ada"
name = "Ada"
role = "adviser"
queues = ["general"]
""".replace("HOURS", "\n".join(f'hours.{day} = ["09:00-17:00"]' for day in worktime.calendars.WEEK[:5]).lower())


def test_p25_freedom_of_information_complaint_and_council_calendars_side_by_side() -> None:
    """One request, three promises of twenty working days, three due dates: each by the holidays it must count."""
    codes = ("foi", "complaints", "council")
    several = [making.a_standard(code=f'"{code}"', target="20", calendar=f'"{code}"') for code in codes]
    council = read_council(SIDE_BY_SIDE + "".join(several))
    start = datetime(2026, 11, 23, 10, tzinfo=UTC)
    due, why = {}, {}
    for standard in council.standard:
        of = terms_of(council, standard)
        due[of.code] = f"{reckoned(of, start=start).due_at:%-d %B at %H:%M}"
        why[of.code] = [each.why for each in days_left_out(of, start, reckoned(of, start=start).due_at)]
    assert due == {
        "foi": "22 December at 17:00",
        "complaints": "21 December at 17:00",
        "council": "22 December at 17:00",
    }
    assert why == {
        "foi": ["Saint Andrew's Day"],
        "complaints": [],
        "council": ["Staff day: closed", "Other hours: open 09:00–12:00"],
    }


def test_terms_are_read_as_they_were_written_and_known_by_what_they_promise() -> None:
    of = promised(10, "working_days", applies_to__services='["57"]', warnings="[50, 80]")
    again = read(of.standard_id, written(of))
    assert again == of
    later = json.loads(written(of))
    later["standard"] |= {"colour": "red", "applies_to": later["standard"]["applies_to"] | {"moons": ["full"]}}
    assert read(of.standard_id, json.dumps(later)) == of
    assert (
        promised(10, "working_days", name='"Another name"', promise='"Soon."').standard_id
        == promised(10, "working_days").standard_id
    )
    assert promised(11, "working_days").standard_id != promised(10, "working_days").standard_id


def test_the_order_of_its_lists_makes_no_other_standard() -> None:
    several = [
        promised(10, "days", to=f'["{to}", "{or_to}"]', applies_to__services=services).standard_id
        for to, or_to, services in (
            ("enquiry.resolved", "enquiry.answered.full", '["57", "99"]'),
            ("enquiry.answered.full", "enquiry.resolved", '["99", "57"]'),
        )
    ]
    assert several[0] == several[1]
