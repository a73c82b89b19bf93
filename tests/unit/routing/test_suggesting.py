"""Every suggestion explains itself: shares, reasons, and sums that are the score."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.routing.domain.learning import Feature, Kind, Known, features_of
from services.routing.domain.suggesting import (
    ALL_THE_SAME,
    MOST_REASONS,
    OFTEN,
    Model,
    as_data,
    from_data,
    shown,
    suggest,
)
from shared.vocabulary import QueueId

QUEUES = tuple(map(QueueId, ("bins", "roads", "parks", "taxes", "water")))
KNOWN = st.builds(
    Known,
    channel=st.sampled_from(["web", "telephone"]),
    service_code=st.none() | st.sampled_from(["1", "2"]),
    area=st.none() | st.sampled_from(["Hill", "Shore"]),
    words=st.lists(st.sampled_from(["hole", "bin", "tree"]), unique=True).map(lambda each: tuple(sorted(each))),
    place_words=st.lists(st.sampled_from(["mill", "lane", "hu17"]), unique=True).map(tuple),
)
WEIGHT = st.floats(-30, 30).map(lambda each: round(each, 3))


@st.composite
def learned(draw: st.DrawFn) -> Model:
    possible: list[Feature] = sorted({each for known in draw(st.lists(KNOWN)) for each in features_of(known, ())})
    queues = QUEUES[: draw(st.integers(1, len(QUEUES)))]
    by_queue = st.dictionaries(st.integers(0, len(queues) - 1), WEIGHT)
    return Model(queues, tuple(draw(WEIGHT) for _ in queues), {each: draw(by_queue) for each in possible})


@given(learned(), KNOWN)
def test_every_suggestion_explains_itself(model: Model, known: Known) -> None:
    found = suggest(model, known)
    assert found
    assert all(0 < len(each.because) <= MOST_REASONS and all(each.because) for each in found)
    assert [sum(weight for _, weight in each.summands) for each in found] == pytest.approx([e.score for e in found])
    assert {feature for each in found for feature, _ in each.summands if feature} <= set(
        features_of(known, model.areas)
    )


@given(learned(), KNOWN)
def test_shares_never_say_more_than_everything_and_the_best_comes_first(model: Model, known: Known) -> None:
    found = suggest(model, known)
    assert sum(each["share"] for each in shown(found)) <= 1
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert len({each.queue_id for each in found}) == len(found)


@given(learned(), KNOWN)
def test_a_model_that_was_kept_suggests_the_same(model: Model, known: Known) -> None:
    again = from_data(json.loads(json.dumps(as_data(model))))
    assert again == model
    assert suggest(again, known) == suggest(model, known)


@given(learned(), KNOWN, st.data())
def test_a_heavier_summand_never_makes_a_queue_less_likely(model: Model, known: Known, data: st.DataObject) -> None:
    features = [each for each in features_of(known, model.areas) if each in model.weights]
    assume(features)
    feature, queue = data.draw(st.sampled_from(features)), data.draw(st.integers(0, len(model.queues) - 1))
    heavier = dict(model.weights[feature])
    heavier[queue] = heavier.get(queue, 0.0) + 5
    other = Model(model.queues, model.bases, {**model.weights, feature: heavier})
    before = {each.queue_id: each.share for each in suggest(model, known, len(QUEUES))}
    after = {each.queue_id: each.share for each in suggest(other, known, len(QUEUES))}
    name = model.queues[queue]
    assert after.get(name, 0.0) >= before.get(name, 0.0) - 1e-9


def test_the_reasons_are_the_strongest_summands_in_words() -> None:
    model = Model(
        (QUEUES[0], QUEUES[1]),
        (0.1, 0.0),
        {
            ((Kind.SERVICE, "bins"),): {0: 2.0, 1: -2.0},
            ((Kind.SERVICE, "bins"), (Kind.AREA, "Hill")): {0: 3.0},
            ((Kind.WORD, "emptied"),): {0: 0.5},
        },
    )
    known = Known(channel="web", service_code="bins", area="Hill", words=("emptied",))
    [best, *_] = suggest(model, known)
    assert best.queue_id == "bins"
    assert best.because == [
        "the service code is bins and it is in Hill",
        "the service code is bins",
        "it says 'emptied'",
    ]


def test_where_nothing_speaks_for_a_queue_it_is_said_so() -> None:
    model = Model((QUEUES[0], QUEUES[1]), (0.5, -0.5), {})
    first, second = suggest(model, Known(channel="web"))
    assert (first.because, second.because) == ([OFTEN], [ALL_THE_SAME])


def test_nothing_learned_suggests_nothing() -> None:
    assert suggest(Model((), (), {}), Known(channel="web")) == []
