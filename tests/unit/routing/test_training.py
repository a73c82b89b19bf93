"""Training finds what is there to be found, and evaluation never tests on what it was trained on."""

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.evaluating import (
    ALL,
    LEARNED,
    OF_SERVICE,
    OF_SERVICE_AND_AREA,
    UNTITLED,
    Score,
    by_model,
    compared,
    scored,
    split,
    without_area,
)
from services.cli.training import FEWEST_WITH_WORD, fit
from services.cli.triage_page import Evaluated, page, told_apart
from services.routing.domain.learning import Example, Kind, Known
from services.routing.domain.suggesting import suggest
from shared.vocabulary import QueueId
from tests.builders import MORNING

AREAS = ("North", "South", "East")


def an_example(number: int, known: Known, queue: str, takes: timedelta = timedelta(hours=1)) -> Example:
    received_at = MORNING + timedelta(hours=number)
    return Example(known=known, queue_id=QueueId(queue), received_at=received_at, resolved_at=received_at + takes)


def planted(how_many: int, seed: int = 0) -> list[Example]:
    """Bins go by area, unless it says `cart`; everything else goes by service. One in fifty goes astray."""
    chance = random.Random(seed)
    found = []
    for number in range(how_many):
        service, area = chance.choice(("bins", "lamps", "trees")), chance.choice(AREAS)
        words = chance.sample(("please", "street", "cart", "broken"), 2)
        queue = f"waste-{area.lower()}" if service == "bins" else service
        queue = "carts" if "cart" in words and service == "bins" else queue
        queue = "astray" if chance.random() < 1 / 50 else queue
        known = Known(channel="web", service_code=service, area=area, words=tuple(sorted(words)))
        found.append(an_example(number, known, queue))
    return found


def best_of(examples: list[Example], known: Known) -> str:
    return suggest(fit(examples), known)[0].queue_id


def test_a_planted_rule_is_learned_and_given_as_the_reason() -> None:
    model = fit(planted(600))
    for area in AREAS:
        [best, *_] = suggest(model, Known(channel="web", service_code="bins", area=area, words=("please",)))
        assert best.queue_id == f"waste-{area.lower()}"
        assert f"the service code is bins and it is in {area}" in best.because
    [best, *_] = suggest(model, Known(channel="web", service_code="bins", area="North", words=("cart",)))
    assert best.queue_id == "carts"
    assert "the service code is bins and it says 'cart'" in best.because
    assert best_of(planted(600), Known(channel="web", service_code="lamps", area="East")) == "lamps"


def test_what_is_learned_beats_both_baselines_where_words_matter() -> None:
    found = planted(900)
    divided = split(found, found[600].received_at, found[-1].received_at, resolved_by_then=True)
    everything = compared(divided, fit(divided.learned), fit(divided.learned, [Kind.WORD]))[ALL]
    assert everything[LEARNED].first > max(everything[OF_SERVICE_AND_AREA].first, everything[OF_SERVICE].first)
    assert everything[LEARNED].share(everything[LEARNED].first) > 0.9


def test_the_same_examples_give_the_same_model() -> None:
    assert fit(planted(200)) == fit(planted(200))


def test_a_word_of_few_enquiries_is_not_in_the_model() -> None:
    rare = [
        an_example(number, Known(channel="web", service_code="bins", words=("quillfeather",)), "bins")
        for number in range(FEWEST_WITH_WORD - 1)
    ]
    few, enough = fit(planted(200) + rare), fit(planted(200) + rare + rare[:1])
    said = ((Kind.WORD, "quillfeather"),)
    assert said not in few.weights
    assert all("quillfeather" not in clue for feature in few.weights for clue in feature)
    assert said in enough.weights


def test_between_two_queues_the_second_is_as_likely_as_the_first_is_not() -> None:
    found = [
        an_example(number, Known(channel="web", service_code=code), code) for number in range(20) for code in ("a", "b")
    ]
    for code in ("a", "b"):
        [best, *_] = suggest(fit(found), Known(channel="web", service_code=code))
        assert (best.queue_id, best.share > 0.8) == (code, True)


def test_one_queue_alone_is_all_there_is_to_suggest() -> None:
    found = [an_example(number, Known(channel="web", service_code="1"), "only") for number in range(9)]
    assert [each.queue_id for each in suggest(fit(found), Known(channel="web"))] == ["only"]


MOMENT = st.datetimes(datetime(2026, 3, 1), datetime(2026, 3, 9)).map(lambda each: each.replace(tzinfo=MORNING.tzinfo))  # noqa: DTZ001  hypothesis wants them bare
EXAMPLES = st.lists(
    st.builds(
        lambda at, takes: Example(
            known=Known(channel="web"), queue_id=QueueId("bins"), received_at=at, resolved_at=at + takes
        ),
        MOMENT,
        st.timedeltas(timedelta(0), timedelta(days=9)),
    )
)


@given(EXAMPLES, MOMENT, MOMENT, st.booleans())
def test_nothing_is_tested_on_what_it_was_learned_from(
    found: list[Example], at: datetime, until: datetime, resolved_by_then: bool
) -> None:
    divided = split(found, at, until, resolved_by_then=resolved_by_then)
    learned, tested = {id(each) for each in divided.learned}, {id(each) for each in divided.tested}
    assert not learned & tested
    assert all(each.received_at < at for each in divided.learned)
    assert all(at <= each.received_at < until for each in divided.tested)
    if resolved_by_then:
        assert all(each.resolved_at < at for each in divided.learned)
    else:
        assert len(learned | tested) == sum(each.received_at < max(at, until) for each in found)


def evaluated(scores: dict[str, Score]) -> Evaluated:
    divided = split(planted(9), MORNING, MORNING, resolved_by_then=True)
    return Evaluated(
        resolved_by_then=True, split=divided, table={ALL: scores}, no_area=Score(100, 44, 66), features=0, weights=0
    )


def test_the_page_has_a_row_for_every_channel_and_says_what_it_leaves_out() -> None:
    found = planted(300)
    divided = split(found, found[200].received_at, found[-1].received_at, resolved_by_then=True)
    model, untitled = fit(divided.learned), fit(divided.learned, [Kind.WORD])
    table, no_area = compared(divided, model, untitled), scored(without_area(divided.tested), by_model(model))
    assert no_area.first < table[ALL][LEARNED].first
    each = Evaluated(resolved_by_then=True, split=divided, table=table, no_area=no_area, features=9, weights=9)
    written = page([each], "accesspoint triage")
    for way in (OF_SERVICE, OF_SERVICE_AND_AREA, LEARNED, UNTITLED):
        assert written.count(table["web"][way].in_words) >= 2
    for words in ("| all | 99 |", "| web | 99 |", no_area.in_words):
        assert words in written


def test_without_an_area_it_is_not_named_by_the_place_either() -> None:
    known = Known(channel="web", area="South Hill", place_words=("hill", "lane", "south"))
    [example] = without_area([an_example(0, known, "bins")])
    assert example.known == Known(channel="web", place_words=("lane",))


@pytest.mark.parametrize(
    ("first", "in_three", "told"),
    [
        (51, 81, "better at first, better among three"),
        (50, 81, "not better at first, better among three"),
        (49, 79, "not better at first, not better among three"),
    ],
)
def test_the_page_says_so_where_triage_without_titles_is_no_better_than_a_baseline(
    first: int, in_three: int, told: str
) -> None:
    scores = {OF_SERVICE: Score(100, 40, 70), OF_SERVICE_AND_AREA: Score(100, 50, 80), LEARNED: Score(100, 90, 99)}
    assert f": {told}." in told_apart(evaluated(scores | {UNTITLED: Score(100, first, in_three)}))


def test_of_each_measure_the_better_baseline_is_the_one_to_beat() -> None:
    """One may be ahead at first, and the other among three."""
    scores = {OF_SERVICE: Score(100, 40, 85), OF_SERVICE_AND_AREA: Score(100, 50, 80), LEARNED: Score(100, 49, 86)}
    told = told_apart(evaluated(scores | {UNTITLED: Score(100, 51, 84)}))
    assert "is right for 50.0% / 85.0%. Triage is not better at first, better among three;" in told
    assert "51.0% / 84.0%: better at first, not better among three." in told
