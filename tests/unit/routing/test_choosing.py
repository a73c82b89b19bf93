"""Which task is offered to whom: the longest wait first, to whoever is idle longest, and never too much."""

from datetime import datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.routing import domain
from services.routing.domain import GENERAL, Adviser, Candidate, Pair, Task, TaskState
from shared.vocabulary import AdviserId, EnquiryId, TaskId, TaskKind, new_id
from tests.builders import MORNING

NAMES = [AdviserId(name) for name in ("ada", "bob", "cyd", "dan", "eve")]

moments = st.integers(0, 20).map(lambda minutes: MORNING + timedelta(minutes=minutes))


def a_task(enqueued_at: datetime = MORNING, weight: int = 1, state: TaskState = TaskState.WAITING) -> Task:
    return Task(
        task_id=TaskId(new_id()),
        enquiry_id=EnquiryId(new_id()),
        queue_id=GENERAL,
        kind=TaskKind.DEFERRABLE,
        state=state,
        enqueued_at=enqueued_at,
        weight=weight,
        assigned_to=NAMES[0] if state is TaskState.ASSIGNED else None,
        version=1,
        correlation_id=new_id(),
    )


def an_adviser(name: str, idle_since: datetime = MORNING, free: int = 1, slots: int = 1) -> Adviser:
    return Adviser(AdviserId(name), slots, free, idle_since)


@st.composite
def some_candidates(draw: st.DrawFn) -> list[Candidate]:
    drawn = draw(st.lists(st.tuples(moments, st.integers(1, 3), st.frozensets(st.sampled_from(NAMES))), max_size=8))
    return [Candidate(a_task(at, weight), turned_down) for at, weight, turned_down in drawn]


@st.composite
def some_advisers(draw: st.DrawFn) -> list[Adviser]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    slots = [draw(st.integers(1, 4)) for _ in names]
    return [
        an_adviser(name, draw(moments), draw(st.integers(0, most)), most)
        for name, most in zip(names, slots, strict=True)
    ]


def may_take(candidate: Candidate, adviser: Adviser, advisers: list[Adviser]) -> bool:
    spared = domain.spared_by(candidate, advisers)
    return adviser.free >= candidate.task.weight and adviser.adviser_id not in spared


@given(some_candidates(), some_advisers())
def test_nobody_is_offered_more_than_fits_and_no_task_is_offered_twice(
    candidates: list[Candidate], advisers: list[Adviser]
) -> None:
    pairs = domain.choose(candidates, advisers)
    free = {adviser.adviser_id: adviser.free for adviser in advisers}
    assert len({pair.task.task_id for pair in pairs}) == len(pairs)
    assert len({pair.adviser_id for pair in pairs}) == len(pairs)
    assert all(pair.task.weight <= free[pair.adviser_id] for pair in pairs)


@given(some_candidates(), some_advisers())
def test_no_task_overtakes_an_older_one_that_the_same_adviser_could_take(
    candidates: list[Candidate], advisers: list[Adviser]
) -> None:
    pairs = domain.choose(candidates, advisers)
    offered = {pair.task.task_id for pair in pairs}
    by_name = {adviser.adviser_id: adviser for adviser in advisers}
    left = [candidate for candidate in candidates if candidate.task.task_id not in offered]
    for pair in pairs:
        older = [each for each in left if each.task.enqueued_at < pair.task.enqueued_at]
        assert not any(may_take(each, by_name[pair.adviser_id], advisers) for each in older)


@given(some_candidates(), some_advisers())
def test_nobody_who_has_been_idle_longer_is_passed_over(candidates: list[Candidate], advisers: list[Adviser]) -> None:
    pairs = domain.choose(candidates, advisers)
    busy = {pair.adviser_id for pair in pairs}
    by_task = {candidate.task.task_id: candidate for candidate in candidates}
    by_name = {adviser.adviser_id: adviser for adviser in advisers}
    passed_over = [adviser for adviser in advisers if adviser.adviser_id not in busy]
    for pair in pairs:
        taker = by_name[pair.adviser_id]
        longer = [each for each in passed_over if each.idle_since < taker.idle_since]
        assert not any(may_take(by_task[pair.task.task_id], each, advisers) for each in longer)


@given(some_candidates(), some_advisers())
def test_nothing_waits_that_a_free_adviser_may_take(candidates: list[Candidate], advisers: list[Adviser]) -> None:
    pairs = domain.choose(candidates, advisers)
    offered, busy = {pair.task.task_id for pair in pairs}, {pair.adviser_id for pair in pairs}
    for candidate in candidates:
        for adviser in advisers:
            both_left = candidate.task.task_id not in offered and adviser.adviser_id not in busy
            assert not (both_left and may_take(candidate, adviser, advisers))


@given(some_candidates(), some_advisers(), st.randoms(use_true_random=False))
def test_the_order_in_which_they_are_read_does_not_matter(
    candidates: list[Candidate], advisers: list[Adviser], chance: Random
) -> None:
    expected = domain.choose(candidates, advisers)
    chance.shuffle(candidates)
    chance.shuffle(advisers)
    assert domain.choose(candidates, advisers) == expected


def test_whoever_refused_a_task_is_spared_it_while_somebody_else_is_only_busy() -> None:
    refused = Candidate(a_task(), frozenset([AdviserId("ada")]))
    assert domain.choose([refused], [an_adviser("ada"), an_adviser("bob", free=0)]) == []


def test_whoever_refused_a_task_is_offered_it_again_when_nobody_else_is_there() -> None:
    refused = Candidate(a_task(), frozenset([AdviserId("ada")]))
    assert domain.choose([refused], [an_adviser("ada")]) == [Pair(refused.task, AdviserId("ada"))]


def test_somebody_with_too_few_slots_does_not_count_as_somebody_else() -> None:
    heavy = Candidate(a_task(weight=2), frozenset([AdviserId("ada")]))
    advisers = [an_adviser("ada", free=2, slots=2), an_adviser("bob")]
    assert domain.choose([heavy], advisers) == [Pair(heavy.task, AdviserId("ada"))]
