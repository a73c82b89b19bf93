"""History is judged by the due time it brings and told to nobody; what goes on here is judged as ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sla.domain.changes import Change, Entry
from services.sla.domain.clocks import Key, State
from services.sla.domain.facts import Fact, Kind, in_order, is_resolved
from services.sla.domain.terms import AGREED
from shared.vocabulary import AnswerKind, Channel, new_id
from tests.unit.sla import making
from tests.unit.sla.making import (
    BACK,
    CUT_OVER,
    FRONT,
    MORNING,
    OTHER_TASK,
    TASK,
    a_fact,
    answered,
    ended_well,
    folded,
    imported,
    known,
    received,
    terms,
    the_clock,
    told,
)

HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
TARGET = 10 * DAY
AFTER = CUT_OVER + DAY

ANSWER = terms()
AGAIN = terms(code='"again"', **{"from": '"enquiry.reopened"', "to": '["enquiry.resolved"]'})
CONTACTS = terms(code='"contact"', **{"from": '"contact.received"'})
WAIT = terms(code='"wait"', pauses="[]", **{"from": '"task.queued"', "to": '["task.assigned"]'})
QUEUE_AGAIN = terms(code='"again-on-highways"', applies_to__queues='["highways"]', **{"from": '"enquiry.reopened"'})
TELEPHONE_AGAIN = terms(
    code='"again-by-telephone"', applies_to__channels='["telephone"]', **{"from": '"enquiry.reopened"'}
)
EVERYTHING = (ANSWER, AGAIN, CONTACTS, WAIT, QUEUE_AGAIN, TELEPHONE_AGAIN)


def resolved(at: timedelta | datetime) -> Fact:
    return a_fact(Kind.RESOLVED, at)


def the_change(*facts: Fact) -> Change:
    [change] = making.changed(known(facts, *EVERYTHING))
    return change


def lines(change: Change) -> list[tuple[Entry, datetime, bool]]:
    return [(step.entry, step.occurred_at, step.silent) for step in change.steps]


def test_no_standard_of_today_runs_on_what_was_imported() -> None:
    assert folded([imported()], *EVERYTHING) == []
    assert [each.key for each in folded([imported(TARGET)], *EVERYTHING)] == [Key(AGREED, making.ENQUIRY)]


@pytest.mark.parametrize(
    ("at", "state"), [(TARGET, State.MET), (TARGET + SECOND, State.BREACHED), (timedelta(), State.MET)]
)
def test_what_was_closed_at_the_very_due_time_was_kept_and_a_second_later_broken(at: timedelta, state: State) -> None:
    clock = the_clock([imported(TARGET), resolved(at)], *EVERYTHING)
    assert (clock.state, clock.stopped_at, clock.due_at) == (state, MORNING + at, MORNING + TARGET)


def test_what_was_due_and_closed_in_the_moment_it_came_was_kept() -> None:
    assert the_clock([resolved(timedelta()), imported(timedelta())]).state is State.MET


def test_history_is_written_with_its_true_times_and_told_to_nobody() -> None:
    kept = the_change(imported(TARGET), resolved(DAY))
    assert lines(kept) == [(Entry.STARTED, MORNING, True), (Entry.MET, MORNING + DAY, True)]
    late = the_change(imported(TARGET), resolved(2 * TARGET))
    assert lines(late) == [
        (Entry.STARTED, MORNING, True),
        (Entry.BREACHED, MORNING + TARGET, True),
        (Entry.CORRECTED, MORNING + 2 * TARGET, True),
    ]


@pytest.mark.parametrize("due", [TARGET, CUT_OVER - MORNING])
def test_of_what_was_open_and_overdue_at_the_cut_over_only_the_due_time_is_told(due: timedelta) -> None:
    change = the_change(imported(due))
    assert (change.after.state, change.after.next_moment) == (State.BREACHED, None)
    assert lines(change) == [(Entry.STARTED, MORNING, False), (Entry.BREACHED, MORNING + due, True)]


def test_what_falls_due_after_the_cut_over_is_judged_when_it_does() -> None:
    due = CUT_OVER + SECOND
    facts = [imported(due - MORNING)]
    change = the_change(*facts)
    assert (change.after.state, change.after.next_moment, change.after.at_risk) == (State.RUNNING, due, None)
    assert lines(change) == [(Entry.STARTED, MORNING, False)]
    [later] = making.changed(known(facts, *EVERYTHING, clocks=[change.after]).judged(due))
    assert lines(later) == [(Entry.BREACHED, due, False)]


def test_what_was_closed_after_the_cut_over_was_open_here_and_is_told() -> None:
    change = the_change(imported(AFTER - MORNING), resolved(CUT_OVER + SECOND))
    assert lines(change) == [(Entry.STARTED, MORNING, False), (Entry.MET, CUT_OVER + SECOND, False)]


@pytest.mark.parametrize("end", [resolved(AFTER), answered(AFTER, AnswerKind.FULL)])
def test_an_imported_enquiry_that_ends_here_is_told_as_any_other(end: Fact) -> None:
    for due, entry in ((AFTER + DAY, Entry.MET), (MORNING + TARGET, Entry.CORRECTED)):
        facts = [imported(due - MORNING)]
        [change] = making.changed(known([*facts, end], *EVERYTHING, clocks=[the_change(*facts).after]))
        at = AFTER if entry is Entry.MET else MORNING
        assert lines(change) == [(entry, at, False)]


def test_a_date_agreed_here_moves_the_due_time_it_brought_unless_that_was_broken() -> None:
    agreed = a_fact(Kind.AGREED, CUT_OVER + HOUR, due_at=AFTER + DAY)
    moved = the_clock([imported(AFTER - MORNING), agreed], *EVERYTHING)
    assert (moved.due_at, moved.set_by) == (AFTER + DAY, agreed.fact_id)
    broken, new = folded([imported(TARGET), agreed], *EVERYTHING)
    assert (broken.state, new.state, new.due_at) == (State.BREACHED, State.RUNNING, AFTER + DAY)


def test_what_is_reopened_here_is_promised_anew_where_and_as_it_came() -> None:
    facts = [imported(TARGET, **BACK), resolved(DAY), a_fact(Kind.REOPENED, AFTER)]
    assert is_resolved(facts[:2])
    assert not is_resolved(facts)
    clocks = folded(facts, *EVERYTHING)
    assert {each.key.standard: each.state for each in clocks} == {
        AGREED: State.MET,
        "again": State.RUNNING,
        "again-on-highways": State.RUNNING,
        "again-by-telephone": State.RUNNING,
    }
    elsewhere = [imported(TARGET, channel=Channel.WEB, **FRONT), *facts[1:]]
    assert {each.key.standard for each in folded(elsewhere, *EVERYTHING)} == {AGREED, "again"}


def test_once_released_it_is_where_its_task_waits() -> None:
    facts = [imported(**FRONT), a_fact(Kind.QUEUED, AFTER, task_id=TASK, **BACK), a_fact(Kind.REOPENED, AFTER + HOUR)]
    assert "again-on-highways" in {each.key.standard for each in folded(facts, *EVERYTHING)}


def test_of_several_first_words_the_earliest_counts() -> None:
    first, again = imported(TARGET), imported(2 * TARGET)
    assert in_order([first, again])[0] in (first, again)
    assert len(in_order([first, again, received(HOUR)])) == 1
    assert in_order([received(-HOUR), first])[0].kind is Kind.RECEIVED


minutes = st.integers(0, 200 * 24 * 60).map(lambda minute: timedelta(minutes=minute))
live = st.builds(
    lambda kind, at, answer, task, place, due: a_fact(
        kind,
        at,
        answer=answer if kind is Kind.ANSWERED else None,
        task_id=task if kind.startswith("task.") else None,
        due_at=MORNING + at + due if kind is Kind.AGREED else None,
        **(place if kind.startswith("task.") else {}),
    ),
    st.sampled_from([kind for kind in Kind if kind not in (Kind.RECEIVED, Kind.IMPORTED, Kind.EXTENDED)]),
    minutes,
    st.sampled_from(list(AnswerKind)),
    st.sampled_from([TASK, OTHER_TASK]),
    st.sampled_from([FRONT, BACK]),
    minutes,
)


@given(st.none() | minutes, st.none() | minutes, st.lists(live, max_size=7), st.randoms(use_true_random=False), minutes)
def test_p27_history_heard_in_any_order_with_what_happens_here_ends_in_the_same_clocks(
    due: timedelta | None, end: timedelta | None, here: list[Fact], chance: Random, judged: timedelta
) -> None:
    facts = [imported(due, **FRONT), *([resolved(end)] if end is not None else []), *here]
    shuffled = list(facts)
    chance.shuffle(shuffled)
    one, other = (told(order, *EVERYTHING, judged_up_to=MORNING + judged) for order in (facts, shuffled))
    assert ended_well(one) == ended_well(other)
    told_again = [replace(fact, fact_id=new_id()) for fact in facts[: 1 + (end is not None)]]
    assert making.changed(known([*facts, *told_again], *EVERYTHING, clocks=one)) == []


@given(minutes, st.none() | minutes)
def test_of_history_nothing_is_told_and_all_of_it_is_written(due: timedelta, end: timedelta | None) -> None:
    change = the_change(imported(due), *([resolved(end)] if end is not None else []))
    was_open = end is None or MORNING + end > CUT_OVER
    for step in change.steps:
        if step.entry is Entry.STARTED:
            assert step.silent is not was_open
        else:
            assert step.silent is (step.occurred_at <= CUT_OVER)
    broken = MORNING + due < (MORNING + end if end is not None else CUT_OVER + SECOND)
    assert (change.after.state is State.BREACHED) is broken
