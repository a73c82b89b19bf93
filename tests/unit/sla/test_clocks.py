"""A clock is judged by what happened when, never by the order in which it was heard."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sla.domain.changes import Entry
from services.sla.domain.clocks import Clock, State
from services.sla.domain.facts import FIRST_WORDS, Fact, Kind
from services.sla.domain.terms import AGREED
from shared.contracts import sla as contract
from shared.vocabulary import AnswerKind, Channel, ClockId
from tests.unit.sla import making
from tests.unit.sla.making import (
    BACK,
    FRONT,
    MORNING,
    OTHER_TASK,
    TASK,
    a_fact,
    answered,
    ended_well,
    known,
    queued,
    received,
    stands,
    terms,
    the_clock,
    told,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DUE = MORNING + HOUR
MOMENT = timedelta(microseconds=1)
ACKNOWLEDGEMENT = terms(to='["enquiry.answered"]', target="1", measure='"hours"', pauses="[]", warnings="[50]")

stops = st.integers(-3600, 3 * 3600).map(lambda seconds: answered(timedelta(seconds=seconds)))


def test_the_due_moment_itself_is_in_time() -> None:
    assert the_clock([received(), answered(HOUR)], ACKNOWLEDGEMENT).state is State.MET
    assert the_clock([received(), answered(HOUR + MOMENT)], ACKNOWLEDGEMENT).state is State.BREACHED


@given(st.lists(stops, max_size=6))
def test_the_earliest_stop_alone_decides_and_one_from_before_the_start_counts_as_at_it(heard: list[Fact]) -> None:
    clock = the_clock([received(), *heard], ACKNOWLEDGEMENT)
    stopped = [max(fact.occurred_at, MORNING) for fact in heard]
    assert clock.stopped_at == (min(stopped) if stopped else None)
    assert clock.state is (State.RUNNING if not stopped else State.MET if min(stopped) <= DUE else State.BREACHED)


@pytest.mark.parametrize("kind", AnswerKind)
def test_every_answer_we_know_lets_a_citizen_know_they_were_heard(kind: AnswerKind) -> None:
    known_kind = kind is not AnswerKind.OTHER
    assert (the_clock([received(), answered(HOUR, kind)], ACKNOWLEDGEMENT).state is State.MET) == known_kind


def test_what_has_been_said_always_adds_up_to_the_verdict() -> None:
    """A listener that follows the entries knows the verdict, and when a kept promise was kept."""
    late, in_time = answered(2 * HOUR), answered(HOUR / 2)
    clocks = {clock.clock_id: clock for clock in told([received()], ACKNOWLEDGEMENT, judged_up_to=DUE)}
    said = []
    for heard in ([late], [late, in_time]):
        found = known([received(), *heard], ACKNOWLEDGEMENT, clocks=[*clocks.values()])
        said.append([step.entry for change in making.hear(clocks, found) for step in change.steps])
    assert said == [[Entry.CORRECTED], [Entry.CORRECTED]]
    [clock] = clocks.values()
    assert (clock.state, clock.stopped_at) == (State.MET, MORNING + HOUR / 2)


def test_a_standard_that_comes_to_fit_an_old_enquiry_breaks_no_promise_from_before_it_did() -> None:
    old = terms(applies_to__services='["57"]', target="1", measure='"hours"')
    now = terms(applies_to__services='["57", "99"]', target="1", measure='"hours"')
    facts = [received(service_code="99")]
    in_time = making.changed(known(facts, now, before=[old], applied_at=MORNING + HOUR / 2))
    too_late = making.changed(known(facts, now, before=[old], applied_at=MORNING + 2 * HOUR))
    assert ([change.after.due_at for change in in_time], too_late) == ([DUE], [])


def test_a_date_agreed_after_another_was_broken_has_a_clock_of_its_own() -> None:
    first = a_fact(Kind.AGREED, due_at=DUE)
    second = a_fact(Kind.AGREED, 2 * HOUR, due_at=MORNING + DAY)
    clocks = told([received(), first, second, answered(3 * HOUR)], ACKNOWLEDGEMENT, judged_up_to=DUE)
    agreed = [clock for clock in clocks if clock.key.standard == AGREED]
    assert [(clock.state, clock.due_at, clock.set_by) for clock in agreed] == [
        (State.BREACHED, DUE, first.fact_id),
        (State.MET, MORNING + DAY, second.fact_id),
    ]


def test_a_promise_is_broken_when_it_falls_due_whenever_that_is_noticed() -> None:
    [change] = making.changed(known([received(), answered(DAY)], ACKNOWLEDGEMENT))
    assert [(step.entry, step.occurred_at) for step in change.steps] == [
        (Entry.STARTED, MORNING),
        (Entry.BREACHED, DUE),
        (Entry.CORRECTED, MORNING + DAY),
    ]


PAUSING = terms(target="4", measure='"hours"', warnings="[25, 75]")
QUEUE = terms(code='"queue"', target="4", measure='"hours"', applies_to__queues='["general"]')
SERVICE = terms(code='"service"', target="4", measure='"hours"', applies_to__services='["57"]')
ON_TASK = terms(
    code='"taken-up"',
    target="2",
    measure='"hours"',
    pauses="[]",
    applies_to__offices='["front"]',
    **{"from": '"task.queued"', "to": '["task.assigned"]'},
)
AGAIN = terms(code='"again"', target="4", measure='"hours"', **{"from": '"enquiry.reopened"'})
CONTACTS = terms(code='"contact"', target="4", measure='"hours"', **{"from": '"contact.received"'})
EVERYTHING = (PAUSING, QUEUE, SERVICE, ON_TASK, AGAIN, CONTACTS)

minutes = st.integers(0, 12 * 60).map(lambda minute: timedelta(minutes=minute))
kinds = st.sampled_from([kind for kind in Kind if kind not in FIRST_WORDS | {Kind.AGREED, Kind.EXTENDED}])
SERVICES = st.sampled_from(["57", "99"])
answers = st.sampled_from(list(AnswerKind))
tasks = st.sampled_from([TASK, OTHER_TASK])
happenings = st.builds(
    lambda kind, at, service, answer, task, place: a_fact(
        kind,
        at,
        service_code=service if kind is Kind.CLASSIFIED else None,
        answer=answer if kind is Kind.ANSWERED else None,
        task_id=task if kind.startswith("task.") else None,
        **(place if kind.startswith("task.") else {}),
    ),
    kinds,
    minutes,
    SERVICES,
    answers,
    tasks,
    st.sampled_from([FRONT, BACK]),
)


@given(st.lists(happenings, max_size=9), st.randoms(use_true_random=False), st.none() | minutes)
def test_p27_facts_heard_in_any_order_end_in_the_same_clocks(
    heard: list[Fact], chance: Random, judged: timedelta | None
) -> None:
    facts = [received(service_code="57"), *heard]
    shuffled = list(facts)
    chance.shuffle(shuffled)
    judged_up_to = MORNING + judged if judged is not None else None
    one, other = (told(order, *EVERYTHING, judged_up_to=judged_up_to) for order in (facts, shuffled))
    assert ended_well(one) == ended_well(other)


@given(st.lists(happenings, max_size=9), minutes)
def test_p27_looking_again_changes_nothing(heard: list[Fact], judged: timedelta) -> None:
    facts = [received(service_code="57"), *heard]
    clocks = told(facts, *EVERYTHING, judged_up_to=MORNING + judged)
    assert making.changed(known(facts, *EVERYTHING, clocks=clocks)) == []
    assert making.changed(known([*facts, received(DAY)], *EVERYTHING, clocks=clocks)) == []


@given(st.lists(happenings, max_size=9), st.randoms(use_true_random=False))
def test_p27_the_lines_lead_from_nothing_to_where_each_clock_stands(heard: list[Fact], chance: Random) -> None:
    """Each clock starts once, and is met, breached or superseded only as the next of its lines allows."""
    facts = [received(service_code="57"), *heard]
    chance.shuffle(facts)
    clocks: dict[ClockId, Clock] = {}
    lines: dict[ClockId, list[Entry]] = {}
    for nth in range(len(facts)):
        found = known(facts[: nth + 1], *EVERYTHING, clocks=list(clocks.values()))
        for change in making.hear(clocks, found):
            lines.setdefault(change.after.clock_id, []).extend(step.entry for step in change.steps)
    for clock_id, entries in lines.items():
        assert entries[0] is Entry.STARTED
        assert Entry.STARTED not in entries[1:]
        assert clocks[clock_id].version == len(entries)
        assert clocks[clock_id].state in ALLOWED.get(entries[-1], set(State))


ALLOWED = {
    Entry.STARTED: {State.RUNNING},
    Entry.PAUSED: {State.PAUSED},
    Entry.RESUMED: {State.RUNNING},
    Entry.MET: {State.MET},
    Entry.BREACHED: {State.BREACHED},
    Entry.SUPERSEDED: {State.SUPERSEDED},
}


def test_a_standard_for_some_services_goes_by_the_latest_classification() -> None:
    facts = [received(), a_fact(Kind.CLASSIFIED, HOUR, service_code="57")]
    clock = the_clock(facts, SERVICE)
    assert (clock.state, clock.started_at) == (State.RUNNING, MORNING)
    assert the_clock([*facts, a_fact(Kind.CLASSIFIED, 2 * HOUR, service_code="99")], SERVICE).state is State.SUPERSEDED


def test_what_had_ended_before_a_standard_applied_is_not_judged_by_it() -> None:
    facts = [received(), answered(HOUR), a_fact(Kind.CLASSIFIED, 2 * HOUR, service_code="57")]
    assert making.folded(facts, SERVICE) == []


def test_a_standard_for_some_channels_goes_by_the_contact_that_started_it() -> None:
    by_email = terms(code='"email"', applies_to__channels='["email"]', **{"from": '"contact.received"'})
    facts = [
        received(),
        a_fact(Kind.CONTACT, HOUR, channel=Channel.EMAIL),
        a_fact(Kind.CONTACT, HOUR, channel=Channel.WEB),
    ]
    assert the_clock(facts, by_email).started_at == MORNING + HOUR
    assert making.folded([received(), a_fact(Kind.REOPENED)], by_email) == []


def test_each_contact_has_its_own_clock_and_one_answer_stops_them_all() -> None:
    contacts = [a_fact(Kind.CONTACT, nth * HOUR, channel=Channel.WEB) for nth in range(3)]
    clocks = making.folded([*contacts, answered(3 * HOUR)], CONTACTS)
    assert [clock.started_at for clock in clocks] == [MORNING + nth * HOUR for nth in range(3)]
    assert {clock.state for clock in clocks} == {State.MET}


def test_work_handed_over_does_not_move_the_enquiry() -> None:
    away = a_fact(Kind.QUEUED, HOUR, task_id=OTHER_TASK, handed_over=True, **BACK)
    assert the_clock([received(), queued(), away], QUEUE).state is State.RUNNING


def test_a_task_that_comes_back_waits_anew_and_its_first_wait_stays_as_it_was() -> None:
    facts = [
        queued(),
        a_fact(Kind.TRANSFERRED, HOUR, task_id=TASK, **BACK),
        a_fact(Kind.TRANSFERRED, 3 * HOUR, task_id=TASK, **FRONT),
    ]
    first, second = making.folded(facts, ON_TASK)
    assert (first.state, second.state, second.started_at) == (State.SUPERSEDED, State.RUNNING, MORNING + 3 * HOUR)


def test_a_task_taken_and_passed_on_within_the_office_waits_anew() -> None:
    facts = [
        queued(),
        a_fact(Kind.ASSIGNED, HOUR, task_id=TASK),
        a_fact(Kind.TRANSFERRED, 3 * HOUR, task_id=TASK, **FRONT),
    ]
    first, second = making.folded(facts, ON_TASK)
    assert (first.state, second.state, second.started_at) == (State.MET, State.RUNNING, MORNING + 3 * HOUR)


def test_a_breach_that_a_late_pause_undoes_is_corrected_and_judged_again() -> None:
    facts = [received(), a_fact(Kind.AWAITING, HOUR), a_fact(Kind.RESUMED, 3 * HOUR)]
    clocks = {clock.clock_id: clock for clock in told(facts[:1], PAUSING, judged_up_to=MORNING + 4 * HOUR)}
    [change] = making.hear(clocks, known(facts, PAUSING, clocks=list(clocks.values())))
    assert [step.entry for step in change.steps] == [Entry.CORRECTED, Entry.AT_RISK]
    assert (change.after.state, change.after.due_at) == (State.RUNNING, MORNING + 6 * HOUR)
    assert (change.after.at_risk, change.after.next_moment) == (25, MORNING + 5 * HOUR)


def test_a_warning_is_given_once_however_often_the_clock_is_paused() -> None:
    """A due time given while it is paused does not move the beginning of the pause."""
    extension = a_fact(
        Kind.EXTENDED, 3 * HOUR, standard="answer", start_id=making.ENQUIRY, due_at=MORNING + timedelta(hours=20)
    )
    facts = [received(), a_fact(Kind.AWAITING, 2 * HOUR), extension, a_fact(Kind.RESUMED, 5 * HOUR)]
    clocks = {clock.clock_id: clock for clock in told(facts[:1], PAUSING, judged_up_to=MORNING + HOUR)}
    said = []
    for nth in (2, 3, 4):
        for change in making.hear(clocks, known(facts[:nth], PAUSING, clocks=list(clocks.values()))):
            said += [step.entry for step in change.steps]
            if nth < 4:
                assert (change.after.paused_at, change.after.due_at) == (MORNING + 2 * HOUR, None)
    assert said == [Entry.PAUSED, Entry.EXTENDED, Entry.RESUMED]
    [clock] = clocks.values()
    assert clock.due_at == MORNING + timedelta(hours=22)


def test_clocks_that_stand_alike_are_told_alike() -> None:
    [one], [other] = (told([received(), answered(HOUR)], ACKNOWLEDGEMENT) for _ in range(2))
    assert one.clock_id != other.clock_id
    assert stands(one) == stands(other)


def test_the_agreed_date_has_the_name_that_others_know() -> None:
    assert AGREED == contract.AGREED


def test_a_date_agreed_again_after_the_first_was_kept_is_a_new_promise() -> None:
    def agreed(at: timedelta, due_at: datetime) -> Fact:
        return a_fact(Kind.AGREED, at, due_at=due_at)

    facts = [
        received(),
        agreed(HOUR, MORNING + DAY),
        agreed(2 * HOUR, MORNING + 2 * DAY),
        answered(3 * HOUR),
        a_fact(Kind.REOPENED, 4 * HOUR),
        agreed(5 * HOUR, MORNING + 3 * DAY),
    ]
    assert [(clock.state, clock.due_at) for clock in making.folded(facts)] == [
        (State.MET, MORNING + 2 * DAY),
        (State.RUNNING, MORNING + 3 * DAY),
    ]
