"""Which task is offered to whom: the most urgent first, to whom it fits best and who is idle longest."""

from datetime import timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain import choosing
from services.routing.domain.advisers import Free
from services.routing.domain.choosing import DOUBLES_EVERY, Candidate, Pair, may_take, ripe_at
from shared.vocabulary import AdviserId, QueueId
from tests.builders import MORNING
from tests.unit.routing.examples import GENERAL, HIGHWAYS, NAMES, a_task, free

moments = st.integers(0, 20).map(lambda minutes: MORNING + timedelta(minutes=minutes))
queues = st.sampled_from([GENERAL, HIGHWAYS])
skills = st.frozensets(st.sampled_from(["welsh", "tax", "braille"]), max_size=2)
promises = st.sampled_from([timedelta(minutes=10), timedelta(hours=4)])


@st.composite
def some_candidates(draw: st.DrawFn) -> list[Candidate]:
    return [
        Candidate(
            a_task(
                draw(moments),
                draw(promises),
                weight=draw(st.integers(1, 3)),
                queue_id=draw(queues),
                skills=draw(skills),
            ),
            draw(st.frozensets(st.sampled_from(NAMES))),
            draw(st.none() | st.sampled_from(NAMES)),
        )
        for _ in range(draw(st.integers(0, 8)))
    ]


@st.composite
def some_advisers(draw: st.DrawFn) -> list[Free]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return [
        Free(name, draw(st.frozensets(queues, min_size=1)), draw(skills), draw(st.integers(1, 3)), draw(moments))
        for name in names
    ]


@given(some_candidates(), some_advisers())
def test_nobody_is_offered_what_they_may_not_take_and_no_task_is_offered_twice(
    candidates: list[Candidate], advisers: list[Free]
) -> None:
    pairs = choosing.choose(candidates, advisers)
    by_task = {each.task.task_id: each for each in candidates}
    by_name = {each.adviser_id: each for each in advisers}
    assert len({pair.task.task_id for pair in pairs}) == len(pairs)
    assert len({pair.adviser_id for pair in pairs}) == len(pairs)
    assert all(may_take(by_task[pair.task.task_id], by_name[pair.adviser_id]) for pair in pairs)


@given(some_candidates(), some_advisers())
def test_nothing_waits_that_a_free_adviser_may_take(candidates: list[Candidate], advisers: list[Free]) -> None:
    pairs = choosing.choose(candidates, advisers)
    offered, busy = {pair.task.task_id for pair in pairs}, {pair.adviser_id for pair in pairs}
    left = [each for each in candidates if each.task.task_id not in offered]
    idle = [each for each in advisers if each.adviser_id not in busy]
    assert not any(may_take(candidate, adviser) for candidate in left for adviser in idle)


@given(some_candidates(), some_advisers())
def test_among_equals_none_overtakes_one_that_came_earlier(candidates: list[Candidate], advisers: list[Free]) -> None:
    """Equals: the same promise, queue, needs and weight."""
    pairs = choosing.choose(candidates, advisers)
    by_name = {each.adviser_id: each for each in advisers}
    offered = {pair.task.task_id for pair in pairs}
    left = [each for each in candidates if each.task.task_id not in offered]
    for pair in pairs:
        task, taker = pair.task, by_name[pair.adviser_id]
        for other in (each for each in left if may_take(each, taker)):
            is_equal = (other.task.queue_id, other.task.skills) == (task.queue_id, task.skills)
            same_promise = other.task.urgent_at - other.task.enqueued_at == task.urgent_at - task.enqueued_at
            if is_equal and same_promise:
                assert other.task.enqueued_at >= task.enqueued_at


@given(some_candidates(), some_advisers())
def test_nobody_who_fits_as_well_and_has_been_idle_longer_is_passed_over(
    candidates: list[Candidate], advisers: list[Free]
) -> None:
    pairs = choosing.choose(candidates, advisers)
    busy = {pair.adviser_id for pair in pairs}
    by_task = {each.task.task_id: each for each in candidates}
    by_name = {each.adviser_id: each for each in advisers}
    for pair in pairs:
        taker = by_name[pair.adviser_id]
        for other in (
            each for each in advisers if each.adviser_id not in busy and may_take(by_task[pair.task.task_id], each)
        ):
            assert len(other.skills) > len(taker.skills) or other.idle_since >= taker.idle_since


@given(some_candidates(), some_advisers(), st.randoms(use_true_random=False))
def test_the_order_in_which_they_are_read_does_not_matter(
    candidates: list[Candidate], advisers: list[Free], chance: Random
) -> None:
    expected = choosing.choose(candidates, advisers)
    chance.shuffle(candidates)
    chance.shuffle(advisers)
    assert choosing.choose(candidates, advisers) == expected


@given(st.lists(st.tuples(moments, promises), min_size=2, max_size=6), skills, st.integers(0, 600))
def test_the_stored_order_is_the_order_of_urgency_at_every_moment(
    tasks: list[tuple[object, timedelta]], known: frozenset[str], minutes: int
) -> None:
    """Urgency doubles every so often and is 1 when the promise runs out, so that an index can hold the order."""
    made = sorted((a_task(at, promise) for at, promise in tasks), key=lambda each: each.urgent_at)  # type: ignore[arg-type]
    now = MORNING + timedelta(minutes=minutes)
    urgencies = [2 ** ((now - each.urgent_at) / DOUBLES_EVERY) for each in made]
    assert all(one >= other for one, other in pairwise(urgencies))
    adviser = free("ada", skills=" ".join(known))
    fit = 1 / (1 + len(known))
    assert all(abs(2 ** ((ripe_at(each, adviser) - each.urgent_at) / DOUBLES_EVERY) * fit - 1) < 1e-6 for each in made)


def test_a_broken_promise_comes_before_a_longer_wait() -> None:
    older = a_task(MORNING, timedelta(hours=8))
    broken = a_task(MORNING + timedelta(hours=1), timedelta(minutes=30))
    pairs = choosing.choose([Candidate(older), Candidate(broken)], [free("ada")])
    assert pairs == [Pair(broken, AdviserId("ada"))]


def test_whoever_speaks_welsh_is_left_for_those_who_need_it() -> None:
    plain, welsh = a_task(), a_task(MORNING + timedelta(minutes=1), skills=frozenset({"welsh"}))
    advisers = [free("ada", skills="welsh"), free("bob", MORNING + timedelta(hours=1))]
    pairs = choosing.choose([Candidate(plain), Candidate(welsh)], advisers)
    assert {pair.adviser_id: pair.task for pair in pairs} == {"ada": welsh, "bob": plain}


def test_a_better_fit_is_worth_some_minutes_and_no_more() -> None:
    welsh = a_task(MORNING, skills=frozenset({"welsh"}))
    adviser = [free("ada", skills="welsh")]
    for earlier, first in ((DOUBLES_EVERY * 0.9, "welsh"), (DOUBLES_EVERY * 1.1, "plain")):
        plain = a_task(MORNING - earlier)
        [pair] = choosing.choose([Candidate(plain), Candidate(welsh)], adviser)
        assert pair.task == (welsh if first == "welsh" else plain)


def test_whoever_is_spared_a_task_is_not_offered_it_even_when_nobody_else_is_there() -> None:
    assert choosing.choose([Candidate(a_task(), frozenset([AdviserId("ada")]))], [free("ada")]) == []


def test_a_task_kept_for_one_adviser_is_offered_to_nobody_else() -> None:
    kept = Candidate(a_task(), kept_for=AdviserId("bob"))
    assert choosing.choose([kept], [free("ada")]) == []
    assert choosing.choose([kept], [free("ada"), free("bob")]) == [Pair(kept.task, AdviserId("bob"))]


def test_the_most_urgent_task_comes_first_whichever_queue_it_is_on() -> None:
    other = QueueId("a-queue")
    older, younger = a_task(queue_id=GENERAL), a_task(MORNING + timedelta(minutes=1), queue_id=other)
    pairs = choosing.choose([Candidate(younger), Candidate(older)], [free("ada", queues="a-queue general")])
    assert [pair.task for pair in pairs] == [older]
