"""
Which queues triage thinks of, and why: weights that were learned, added up.

A queue's score is its base plus the weights of the features that an enquiry has; its share is the score's part of all
(softmax), closed queues included. So the summands are the whole reason, and nothing but adding up is needed to suggest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.routing.domain.learning import Areas, Feature, Kind, Known, areas_named, features_of, in_words
from shared.vocabulary import QueueId

MOST_KEPT = 8
"""More than are shown: queues that the council gives up meanwhile are passed over."""
MOST_REASONS = 3
LEAST_SHARE = 0.01
OFTEN = "it is where many enquiries go"
ALL_THE_SAME = "nothing speaks for it, and yet it is among the likeliest"


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned. `weights` has, per feature, what it adds for the queue of that number."""

    queues: tuple[QueueId, ...]
    bases: tuple[float, ...]
    weights: Mapping[Feature, Mapping[int, float]]
    areas: Areas = field(init=False)

    def __post_init__(self) -> None:
        areas = {value for feature in self.weights for kind, value in feature if kind is Kind.AREA and value}
        object.__setattr__(self, "areas", areas_named(areas))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A queue, what adds up to its score (the base has no feature), and its part of all scores."""

    queue_id: QueueId
    score: float
    share: float
    summands: tuple[tuple[Feature | None, float], ...]

    @property
    def because(self) -> list[str]:
        """The strongest summands in words."""
        ranked = sorted((each for each in self.summands if each[1] > 0), key=lambda each: -each[1])
        return [in_words(feature) if feature else OFTEN for feature, _ in ranked[:MOST_REASONS]] or [ALL_THE_SAME]


def scores_of(model: Model, features: Sequence[Feature]) -> list[float]:
    scores = list(model.bases)
    for feature in features:
        for queue, weight in model.weights.get(feature, NOTHING).items():
            scores[queue] += weight
    return scores


NOTHING: Mapping[int, float] = {}


def suggest(model: Model, known: Known, most: int = MOST_KEPT) -> list[Suggestion]:
    """The best first; none so unlikely that it only distracts, but always one, unless nothing was learned."""
    features = [feature for feature in features_of(known, model.areas) if feature in model.weights]
    scores = scores_of(model, features)
    if not scores:
        return []
    highest = max(scores)
    whole = sum(math.exp(score - highest) for score in scores)
    ranked = sorted(range(len(scores)), key=lambda queue: (-scores[queue], model.queues[queue]))[:most]
    shares = {queue: math.exp(scores[queue] - highest) / whole for queue in ranked}
    return [
        Suggestion(model.queues[queue], scores[queue], shares[queue], summands_of(model, features, queue))
        for nth, queue in enumerate(ranked)
        if nth == 0 or shares[queue] >= LEAST_SHARE
    ]


def summands_of(model: Model, features: Sequence[Feature], queue: int) -> tuple[tuple[Feature | None, float], ...]:
    found = ((feature, model.weights[feature].get(queue)) for feature in features)
    return ((None, model.bases[queue]), *((feature, weight) for feature, weight in found if weight is not None))


def as_data(model: Model) -> dict[str, Any]:
    """As numbers and words, to be kept as JSON."""
    return {
        "queues": model.queues,
        "bases": model.bases,
        "weights": [[feature, list(weights.items())] for feature, weights in model.weights.items()],
    }


def from_data(data: Mapping[str, Any]) -> Model:
    return Model(
        queues=tuple(data["queues"]),
        bases=tuple(data["bases"]),
        weights={
            tuple((Kind(kind), value) for kind, value in feature): dict(weights) for feature, weights in data["weights"]
        },
    )


@dataclass(frozen=True, slots=True)
class Suggested:
    """What is kept with a task, and by which model."""

    model_id: UUID
    queues: list[dict[str, Any]]


def shown(suggestions: Sequence[Suggestion]) -> list[dict[str, Any]]:
    """What is kept with a task. A share is rounded down, so that together they never say more than everything."""
    return [
        {"queue_id": each.queue_id, "share": math.floor(each.share * 1000) / 1000, "because": each.because}
        for each in suggestions
    ]
