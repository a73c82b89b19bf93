"""P05: the page of every event in every state of a clock is fresh, and each of its cells is what the rules do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from services.cli.house import SERVICES
from services.sla.domain.changes import Change
from services.sla.domain.clocks import NEXT, Clock, Key, Meaning, State
from services.sla.domain.facts import Fact, Kind
from services.sla.domain.table import CANNOT_BE, NO_CLOCK, UNCHANGED, Bearing, columns, table
from services.sla.domain.terms import AGREED, Terms
from shared.contracts.intake import ContactNoted
from shared.vocabulary import AnswerKind
from tests.contracts.write_clocks import PAGE, page
from tests.unit.sla import making
from tests.unit.sla.making import BACK, FRONT, MORNING, OTHER_TASK, TASK, a_fact, answered, queued, received, terms

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = timedelta(days=60)
DUE_BY_HAND = MORNING + timedelta(days=90)


@dataclass(frozen=True)
class Stage:
    """A kind of clock: its terms, what starts it, and what brings it into each state, an hour later."""

    terms: Terms
    starts: tuple[Fact, ...]
    pauses: Fact | None
    stops: Fact
    leaves: Fact | None

    def lead_to(self, state: str) -> list[Fact]:
        after = {State.PAUSED: self.pauses, State.MET: self.stops, State.SUPERSEDED: self.leaves}
        further = after.get(State(state)) if state != NO_CLOCK else None
        return [] if state == NO_CLOCK else [*self.starts, *([further] if further else [])]


AWAITING = a_fact(Kind.AWAITING, HOUR)
ON_THE_ENQUIRY = Stage(
    terms=terms(applies_to__services='["57"]', warnings="[50]"),
    starts=(received(service_code="57"),),
    pauses=AWAITING,
    stops=answered(HOUR),
    leaves=a_fact(Kind.CLASSIFIED, HOUR, service_code="99"),
)
WHERE_IT_WAITS = Stage(
    terms=terms(applies_to__queues='["general"]'),
    starts=(received(), queued()),
    pauses=AWAITING,
    stops=answered(HOUR),
    leaves=a_fact(Kind.TRANSFERRED, HOUR, task_id=TASK, **BACK),
)
ON_A_TASK = Stage(
    terms=terms(
        applies_to__offices='["front"]', **{"from": '"task.queued"', "to": '["task.assigned", "task.completed"]'}
    ),
    starts=(queued(),),
    pauses=AWAITING,
    stops=a_fact(Kind.ASSIGNED, HOUR, task_id=TASK),
    leaves=a_fact(Kind.WITHDRAWN, HOUR, task_id=TASK),
)
BY_AGREEMENT = Stage(
    terms=terms(),
    starts=(received(), a_fact(Kind.AGREED, due_at=MORNING + 30 * DAY)),
    pauses=None,
    stops=answered(HOUR),
    leaves=None,
)

IMPORTED = Stage(
    terms=terms(),
    starts=(a_fact(Kind.IMPORTED, due_at=MORNING + 30 * DAY, cut_over=MORNING),),
    pauses=None,
    stops=answered(HOUR),
    leaves=None,
)

At = Callable[[timedelta], Fact]


def fact(kind: Kind, **details: Any) -> At:
    return lambda at: a_fact(kind, at, **details)


def extension(stage: Stage) -> At:
    start_id = making.ENQUIRY if stage is not ON_A_TASK else TASK
    return fact(Kind.EXTENDED, standard="answer", start_id=start_id, due_at=DUE_BY_HAND)


HAPPENINGS: dict[tuple[str, Meaning], tuple[Stage, At]] = {
    (Kind.CLASSIFIED, Meaning.LEAVES): (ON_THE_ENQUIRY, fact(Kind.CLASSIFIED, service_code="99")),
    (Kind.CLASSIFIED, Meaning.COMES_BACK): (ON_THE_ENQUIRY, fact(Kind.CLASSIFIED, service_code="57")),
    (Kind.QUEUED, Meaning.LEAVES): (WHERE_IT_WAITS, fact(Kind.QUEUED, task_id=OTHER_TASK, **BACK)),
    (Kind.QUEUED, Meaning.COMES_BACK): (WHERE_IT_WAITS, fact(Kind.QUEUED, task_id=OTHER_TASK, **FRONT)),
    (Kind.TRANSFERRED, Meaning.LEAVES): (ON_A_TASK, fact(Kind.TRANSFERRED, task_id=TASK, **BACK)),
    (Kind.TRANSFERRED, Meaning.COMES_BACK): (WHERE_IT_WAITS, fact(Kind.TRANSFERRED, task_id=TASK, **FRONT)),
    (Kind.ASSIGNED, Meaning.STOPS): (ON_A_TASK, fact(Kind.ASSIGNED, task_id=TASK)),
    (Kind.AWAITING, Meaning.PAUSES): (ON_THE_ENQUIRY, fact(Kind.AWAITING)),
    (Kind.RESUMED, Meaning.RESUMES): (ON_THE_ENQUIRY, fact(Kind.RESUMED)),
    (Kind.ANSWERED, Meaning.STOPS): (ON_THE_ENQUIRY, fact(Kind.ANSWERED, answer=AnswerKind.FULL)),
    (Kind.ANSWERED, Meaning.RESUMES): (ON_A_TASK, fact(Kind.ANSWERED, answer=AnswerKind.FULL)),
    (Kind.COMPLETED, Meaning.STOPS): (ON_A_TASK, fact(Kind.COMPLETED, task_id=TASK)),
    (Kind.RESOLVED, Meaning.STOPS): (ON_THE_ENQUIRY, fact(Kind.RESOLVED)),
    (Kind.RESOLVED, Meaning.RESUMES): (ON_A_TASK, fact(Kind.RESOLVED)),
    (Kind.WITHDRAWN, Meaning.LEAVES): (ON_A_TASK, fact(Kind.WITHDRAWN, task_id=TASK)),
    (Kind.REOPENED, Meaning.RESUMES): (ON_THE_ENQUIRY, fact(Kind.REOPENED)),
    (Kind.AGREED, Meaning.SETS_DUE): (BY_AGREEMENT, fact(Kind.AGREED, due_at=DUE_BY_HAND)),
    (Kind.EXTENDED, Meaning.SETS_DUE): (ON_THE_ENQUIRY, extension(ON_THE_ENQUIRY)),
}
STARTERS: dict[str, Stage] = {
    Kind.RECEIVED: ON_THE_ENQUIRY,
    Kind.CONTACT: Stage(
        terms(**{"from": '"contact.received"'}), (a_fact(Kind.CONTACT),), AWAITING, answered(HOUR), None
    ),
    Kind.QUEUED: ON_A_TASK,
    Kind.TRANSFERRED: Stage(
        ON_A_TASK.terms,
        (queued(-DAY, **BACK), a_fact(Kind.TRANSFERRED, task_id=TASK, **FRONT)),
        AWAITING,
        a_fact(Kind.ASSIGNED, HOUR, task_id=TASK),
        None,
    ),
    Kind.ASSIGNED: Stage(
        terms(**{"from": '"task.assigned"', "to": '["task.completed"]'}),
        (a_fact(Kind.ASSIGNED, task_id=TASK),),
        AWAITING,
        a_fact(Kind.COMPLETED, HOUR, task_id=TASK),
        None,
    ),
    Kind.REOPENED: Stage(
        terms(**{"from": '"enquiry.reopened"'}), (a_fact(Kind.REOPENED),), AWAITING, answered(HOUR), None
    ),
    Kind.IMPORTED: IMPORTED,
    Kind.AGREED: BY_AGREEMENT,
}

ROWS = list(table())
happening = [row for row in ROWS if (row.event, row.meaning) in HAPPENINGS]
CELLS = [(row, column) for row in happening for column in columns()]


def test_p05_the_page_of_every_event_in_every_state_is_fresh() -> None:
    """`python -m tests.contracts.write_clocks` writes it again."""
    assert PAGE.read_text("utf-8") == page()


def test_p05_every_row_is_tested_and_every_event_has_a_row() -> None:
    of_time = {Meaning.STARTS, Meaning.WARNS, Meaning.FALLS_DUE, Meaning.CHANGES}
    assert [row for row in ROWS if row not in happening and row.meaning not in of_time] == []
    assert {row.event for row in ROWS} >= set(Kind)
    assert {event for event, meaning in ((row.event, row.meaning) for row in ROWS) if meaning is Meaning.STARTS} == set(
        STARTERS
    )


def test_p10_a_machines_mail_has_no_row_because_it_is_not_heard() -> None:
    """Neither here, where it would bear on clocks, nor where tasks are made: by nobody but crm, which records it."""
    assert ContactNoted.name not in {row.event for row in ROWS}
    assert [service.name for service in SERVICES for hears in service.hears if hears.event is ContactNoted] == ["crm"]
    assert f"`{ContactNoted.name}`" in page()


def named(cell: tuple[Bearing, str]) -> str:
    row, column = cell
    return f"{row.event} when {row.case}: {column}"


def clocks_in(stage: Stage, column: str) -> dict[Any, Clock]:
    """Of that stage, led to that state as time and hearing would."""
    judged_up_to = MORNING + 50 * DAY if column == State.BREACHED else None
    clocks = making.told(stage.lead_to(column), stage.terms, judged_up_to=judged_up_to)
    return {clock.clock_id: clock for clock in clocks}


def key_of(stage: Stage) -> Key:
    if stage is BY_AGREEMENT:
        return Key(AGREED, stage.starts[-1].fact_id)
    return Key("answer", TASK if stage is ON_A_TASK else making.ENQUIRY)


@pytest.mark.parametrize("cell", CELLS, ids=map(named, CELLS))
def test_p05_each_event_does_in_each_state_what_the_page_says(cell: tuple[Bearing, str]) -> None:
    row, column = cell
    shown = dict(zip(columns(), row.cells, strict=True))[column]
    stage, happens = HAPPENINGS[row.event, row.meaning]
    if shown == CANNOT_BE:
        assert (stage.pauses if column == State.PAUSED else stage.leaves) is None
        return
    clocks = clocks_in(stage, column)
    before = one(clocks, stage)
    assert (before.state if before else NO_CLOCK) == column
    event = happens(LATE if column == State.BREACHED else 2 * HOUR)
    changes = making.hear(clocks, making.known([*stage.lead_to(column), event], stage.terms, clocks=[*clocks.values()]))
    after = one(clocks, stage)
    if before is None:
        assert (after, shown) == (None, UNCHANGED)
        return
    assert after is not None
    assert after.state == expected(row, before)
    assert shown == UNCHANGED or shown.startswith((after.state, "as if it had never left"))
    check_due(row, changes, after)


def one(clocks: dict[Any, Clock], stage: Stage) -> Clock | None:
    return next((clock for clock in clocks.values() if clock.key == key_of(stage)), None)


def expected(row: Bearing, before: Clock) -> State:
    return NEXT.get((before.state, row.meaning), before.state)


def check_due(row: Bearing, changes: list[Change], after: Clock) -> None:
    if row.meaning is Meaning.SETS_DUE and after.state is State.RUNNING:
        assert after.due_at == DUE_BY_HAND
    if after.state is State.BREACHED and row.meaning is Meaning.STOPS:
        assert after.stopped_at == MORNING + LATE
    if not changes:
        assert row.meaning is not Meaning.SETS_DUE or not after.state.is_open


@pytest.mark.parametrize("event", STARTERS)
@pytest.mark.parametrize("column", columns())
def test_p05_what_starts_a_clock_starts_one_and_no_other_is_touched_by_it(event: str, column: str) -> None:
    stage = STARTERS[event]
    if (
        column in (State.PAUSED, State.SUPERSEDED)
        and (stage.pauses if column == State.PAUSED else stage.leaves) is None
    ):
        return
    clocks = clocks_in(stage, column)
    if column == NO_CLOCK:
        making.hear(clocks, making.known(stage.starts, stage.terms))
        assert [clock.state for clock in clocks.values() if clock.key.standard in ("answer", AGREED)][
            -1
        ] is State.RUNNING
        return
    before = dict(clocks)
    at = LATE if column == State.BREACHED else 3 * HOUR
    again = [*stage.lead_to(column), a_fact(Kind(event), at, task_id=OTHER_TASK, due_at=DUE_BY_HAND, **FRONT)]
    making.hear(clocks, making.known(again, stage.terms, clocks=list(before.values())))
    if event == Kind.AGREED:
        new = [(clock.state, clock.due_at) for key, clock in clocks.items() if key not in before]
        assert new == ([] if column == State.RUNNING else [(State.RUNNING, DUE_BY_HAND)])
    assert {key: clocks[key].state for key in before} == {key: clock.state for key, clock in before.items()} or (
        event == Kind.REOPENED and column == State.PAUSED
    )


@pytest.mark.parametrize("kind", [AnswerKind.ACKNOWLEDGEMENT, AnswerKind.HOLDING])
def test_p05_word_that_an_answer_will_come_leaves_the_citizen_awaited(kind: AnswerKind) -> None:
    facts = [*ON_THE_ENQUIRY.starts, AWAITING, answered(2 * HOUR, kind)]
    clock = making.the_clock(facts, ON_THE_ENQUIRY.terms)
    assert (clock.state, clock.paused_at) == (State.PAUSED, AWAITING.occurred_at)


@pytest.mark.parametrize("column", columns()[1:])
@pytest.mark.parametrize("meaning", [Meaning.WARNS, Meaning.FALLS_DUE])
def test_p05_time_bears_only_on_a_clock_that_runs(meaning: Meaning, column: str) -> None:
    stage = ON_THE_ENQUIRY
    clocks = clocks_in(stage, column)
    [before] = clocks.values()
    share = timedelta(0) if meaning is Meaning.FALLS_DUE else timedelta(minutes=1)
    moment = (before.due_at or MORNING + 14 * DAY) - share
    found = making.known(stage.lead_to(column), stage.terms, clocks=[before]).judged(moment)
    making.hear(clocks, found)
    [after] = clocks.values()
    assert after.state is NEXT.get((before.state, meaning), before.state)
    assert (after.at_risk is not None) == (meaning is Meaning.WARNS and column == State.RUNNING)


@pytest.mark.parametrize("column", columns()[1:])
def test_p05_a_changed_standard_supersedes_what_has_no_verdict_yet(column: str) -> None:
    stage = ON_THE_ENQUIRY
    clocks = clocks_in(stage, column)
    [before] = clocks.values()
    longer = terms(applies_to__services='["57"]', warnings="[50]", target="20")
    found = making.known(stage.lead_to(column), longer, clocks=[before], before=[stage.terms])
    making.hear(clocks, found)
    old, *new = clocks.values()
    assert old.state is NEXT.get((before.state, Meaning.CHANGES), before.state)
    assert old.retired == before.state.is_open
    assert [(clock.state, clock.started_at, clock.replaces) for clock in new] == (
        [(before.state, before.started_at, before.clock_id)] if before.state.is_open else []
    )
