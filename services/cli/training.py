"""
Weights learned from examples, by multinomial logistic regression (scikit-learn). Only commands import this, when asked.

Which model, features and numbers: chosen on a city's February by what January taught; see docs/guides/train-triage.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from services.routing.domain.learning import Example, Feature, Kind, areas_named, features_of
from services.routing.domain.suggesting import Model
from shared.vocabulary import QueueId

FEWEST_WITH_WORD = 5
"""A word that fewer enquiries have tells of them rather than of their kind, and may tell of a person."""
FEWEST_WITH_PAIR = 3
WORDS = frozenset({Kind.WORD, Kind.PLACE, Kind.POSTCODE})
STRENGTH = 1.0
MOST_ROUNDS = 500
"""Ten times what a city's file takes: scikit-learn says so when it was not enough."""
PRUNED = 0.02


def fit(examples: Sequence[Example], without: Collection[Kind] = ()) -> Model:
    """The same examples give the same model. `without` leaves out clues, to see what they are worth."""
    queues = sorted({each.queue_id for each in examples})
    if len(queues) < 2:  # noqa: PLR2004  between one queue there is nothing to choose
        return Model(tuple(queues), (0.0,) * len(queues), {})
    areas = areas_named({each.known.area for each in examples if each.known.area})
    found = [
        [feature for feature in features_of(each.known, areas) if not any(kind in without for kind, _ in feature)]
        for each in examples
    ]
    counted = counted_features(found)
    number_of = {feature: nth for nth, feature in enumerate(counted)}
    fitted = regression(matrix_of(found, number_of), [each.queue_id for each in examples])
    return pruned(queues, fitted, counted)


def counted_features(found: Sequence[Sequence[Feature]]) -> list[Feature]:
    """Those that occur often enough, in an order of their own."""
    times = Counter(feature for features in found for feature in features)

    def is_enough(feature: Feature) -> bool:
        if len(feature) > 1:
            return times[feature] >= FEWEST_WITH_PAIR and all(is_enough((clue,)) for clue in feature)
        return feature[0][0] not in WORDS or times[feature] >= FEWEST_WITH_WORD

    return sorted(filter(is_enough, times))


def matrix_of(found: Sequence[Sequence[Feature]], number_of: dict[Feature, int]) -> csr_matrix:
    columns = [sorted({number_of[each] for each in features if each in number_of}) for features in found]
    # scikit-learn takes 32-bit indices alone.
    ends = np.cumsum([0, *map(len, columns)], dtype=np.int32)
    flat = np.array([column for row in columns for column in row], dtype=np.int32)
    return csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(found), len(number_of)))


def regression(matrix: csr_matrix, queues: Sequence[QueueId]) -> LogisticRegression:
    return LogisticRegression(C=STRENGTH, max_iter=MOST_ROUNDS).fit(matrix, queues)


def pruned(queues: Sequence[QueueId], fitted: LogisticRegression, features: Sequence[Feature]) -> Model:
    """Without the weights that hardly count, in three digits. Of two queues the one weight counts for the second."""
    rows, bases = fitted.coef_, fitted.intercept_
    if len(rows) == 1:
        rows, bases = np.vstack([-rows / 2, rows / 2]), np.concatenate([-bases / 2, bases / 2])
    return Model(
        queues=tuple(queues),
        bases=tuple(round(float(base), 3) for base in bases),
        weights={
            feature: {int(queue): round(float(rows[queue, nth]), 3) for queue in np.flatnonzero(heavy[:, nth])}
            for heavy in [np.abs(rows) >= PRUNED]
            for nth, feature in enumerate(features)
        },
    )
