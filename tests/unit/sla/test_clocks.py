"""A clock is judged by what happened when, never by the order in which it was heard."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sla import domain
from services.sla.domain import Clock, Entry, State
from shared.contracts.sla import ACKNOWLEDGEMENT
from shared.vocabulary import AnswerKind, ClockId, EnquiryId, new_id
from tests.builders import MORNING

HOUR = 3600
DUE = MORNING + timedelta(seconds=HOUR)
MOMENT = timedelta(microseconds=1)

stops = st.integers(-HOUR, 3 * HOUR).map(lambda seconds: MORNING + timedelta(seconds=seconds))
# None stands for the clock falling due.
facts = st.lists(st.one_of(stops, st.none()), max_size=6)


def a_clock() -> Clock:
    return Clock(
        clock_id=ClockId(new_id()),
        enquiry_id=EnquiryId(new_id()),
        standard=ACKNOWLEDGEMENT,
        started_at=MORNING,
        due_at=domain.due(MORNING, HOUR),
    )


def told(clock: Clock, heard: Sequence[datetime | None]) -> Clock:
    for fact in heard:
        clock = domain.fall_due(clock) if fact is None else domain.stop(clock, fact)
    return clock


@given(facts, st.randoms(use_true_random=False))
def test_any_order_of_the_same_facts_gives_the_same_verdict(heard: list[datetime | None], chance: Random) -> None:
    clock = a_clock()
    shuffled = list(heard)
    chance.shuffle(shuffled)
    one, other = told(clock, heard), told(clock, shuffled)
    assert (one.state, one.stopped_at) == (other.state, other.stopped_at)


@given(facts)
def test_a_fact_heard_twice_changes_nothing(heard: list[datetime | None]) -> None:
    once = told(a_clock(), heard)
    assert told(once, heard) == once


@given(facts)
def test_the_earliest_stop_alone_decides(heard: list[datetime | None]) -> None:
    clock = told(a_clock(), heard)
    stopped = [max(fact, MORNING) for fact in heard if fact is not None]
    if stopped:
        assert clock.stopped_at == min(stopped)
        assert clock.state is (State.MET if min(stopped) <= DUE else State.BREACHED)
    else:
        assert clock.stopped_at is None
        assert clock.state is (State.BREACHED if heard else State.RUNNING)


@given(facts)
def test_what_has_been_said_always_adds_up_to_the_verdict(heard: list[datetime | None]) -> None:
    """A listener that follows the entries knows the verdict, and when a kept promise was kept."""
    clock = a_clock()
    followed: tuple[State, datetime | None] = (State.RUNNING, None)
    for fact in heard:
        after = told(clock, [fact])
        if domain.entry_for(clock, after) is not None:
            followed = (after.state, after.stopped_at if after.state is State.MET else None)
        clock = after
    assert followed == (clock.state, clock.stopped_at if clock.state is State.MET else None)


def test_the_due_moment_itself_is_in_time() -> None:
    assert domain.stop(a_clock(), DUE).state is State.MET
    assert domain.stop(a_clock(), DUE + MOMENT).state is State.BREACHED


def test_a_verdict_is_said_once() -> None:
    running = a_clock()
    met = domain.stop(running, DUE)
    assert domain.entry_for(running, met) is Entry.MET
    assert domain.entry_for(met, domain.stop(met, DUE + MOMENT)) is None
    assert domain.entry_for(met, domain.fall_due(met)) is None


def test_a_late_answer_to_a_broken_promise_says_nothing_new() -> None:
    breached = domain.fall_due(a_clock())
    late = domain.stop(breached, DUE + MOMENT)
    assert late.stopped_at == DUE + MOMENT
    assert domain.entry_for(breached, late) is None


def test_an_answer_in_time_that_is_heard_late_corrects_the_verdict() -> None:
    breached = domain.fall_due(a_clock())
    corrected = domain.stop(breached, DUE)
    assert corrected.state is State.MET
    assert domain.entry_for(breached, corrected) is Entry.CORRECTED


def test_an_earlier_answer_heard_later_corrects_when_it_was_kept() -> None:
    met = domain.stop(a_clock(), DUE)
    assert domain.entry_for(met, domain.stop(met, DUE - MOMENT)) is Entry.CORRECTED


def test_a_promise_is_broken_when_it_falls_due_whenever_that_is_noticed() -> None:
    late = domain.stop(a_clock(), DUE + timedelta(days=1))
    assert domain.occurred_at(Entry.BREACHED, late, DUE + timedelta(days=1)) == DUE


@pytest.mark.parametrize("kind", AnswerKind)
def test_every_answer_we_know_stops_the_clock(kind: AnswerKind) -> None:
    assert domain.stops(kind) == (kind is not AnswerKind.OTHER)
