"""How often triage would have been right: on enquiries that came after those it learned from, beside two baselines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from services.routing.domain.learning import Example, Known, words_of
from services.routing.domain.suggesting import Model, suggest
from shared.vocabulary import QueueId

IN_THREE = 3
Ranking: TypeAlias = Callable[[Known], Sequence[QueueId]]
"""The queues somebody thinks of for an enquiry, the likeliest first."""
OF_SERVICE = "most frequent queue of the service"
OF_SERVICE_AND_AREA = "of service and area, else of the service"
LEARNED = "triage, as learned"
UNTITLED = "triage, without titles"


@dataclass(frozen=True, slots=True)
class Split:
    """Examples to learn from, and those to be tested on: none is both, and none learned from came after `at`."""

    at: datetime
    learned: list[Example]
    tested: list[Example]


def split(examples: Sequence[Example], at: datetime, until: datetime, *, resolved_by_then: bool) -> Split:
    """Tested is what came from `at` on. Learned is what came before, or only what was also resolved by then."""
    learned = [each for each in examples if each.received_at < at and (each.resolved_at < at or not resolved_by_then)]
    return Split(at, learned, [each for each in examples if at <= each.received_at < until])


@dataclass(frozen=True, slots=True)
class Score:
    """Of so many enquiries, how often the first queue that was thought of was right, and how often one of three."""

    enquiries: int
    first: int
    in_three: int

    def share(self, right: int) -> float:
        return right / self.enquiries if self.enquiries else 0.0

    @property
    def in_words(self) -> str:
        return f"{self.share(self.first):.1%} / {self.share(self.in_three):.1%}"


def scored(tested: Sequence[Example], ranking: Ranking) -> Score:
    ranked = [(each.queue_id, list(ranking(each.known)[:IN_THREE])) for each in tested]
    first = sum(found[:1] == [queue_id] for queue_id, found in ranked)
    return Score(len(ranked), first, sum(queue_id in found for queue_id, found in ranked))


def by_model(model: Model) -> Ranking:
    """What advisers would be shown."""
    return lambda known: [each.queue_id for each in suggest(model, known, IN_THREE)]


def by_service(learned: Sequence[Example]) -> Ranking:
    ranked = ranked_by(learned, lambda known: (known.service_code,))
    everything = ranked_by(learned, lambda known: ())
    return lambda known: in_order(ranked.get((known.service_code,), []), everything.get((), []))


def by_service_and_area(learned: Sequence[Example]) -> Ranking:
    ranked = ranked_by(learned, lambda known: (known.service_code, known.area))
    otherwise = by_service(learned)
    return lambda known: in_order(ranked.get((known.service_code, known.area), []), otherwise(known))


def ranked_by(
    learned: Sequence[Example], key: Callable[[Known], tuple[str | None, ...]]
) -> dict[tuple[str | None, ...], list[QueueId]]:
    """Per key its queues, the most frequent first."""
    counted: defaultdict[tuple[str | None, ...], Counter[QueueId]] = defaultdict(Counter)
    for each in learned:
        counted[key(each.known)][each.queue_id] += 1
    return {of: most_frequent(times) for of, times in counted.items()}


def most_frequent(times: Counter[QueueId]) -> list[QueueId]:
    return sorted(times, key=lambda queue: (-times[queue], queue))


def without_area(found: Sequence[Example]) -> list[Example]:
    """As if nobody had said which area it is in, and the place did not name it either."""
    return [replace(each, known=with_no_area(each.known)) for each in found]


def with_no_area(known: Known) -> Known:
    named = words_of(known.area or "")
    return replace(known, area=None, place_words=tuple(word for word in known.place_words if word not in named))


def in_order(first: Sequence[QueueId], then: Sequence[QueueId]) -> list[QueueId]:
    return list(dict.fromkeys((*first, *then)))[:IN_THREE]


Table: TypeAlias = dict[str, dict[str, Score]]
"""Per channel (all of them under `ALL`), per way of thinking of a queue."""
ALL = "all"


def compared(found: Split, model: Model, untitled: Model) -> Table:
    """`untitled` has learned from the same examples without the words of their titles."""
    rankings = {
        OF_SERVICE: by_service(found.learned),
        OF_SERVICE_AND_AREA: by_service_and_area(found.learned),
        LEARNED: by_model(model),
        UNTITLED: by_model(untitled),
    }
    channels = sorted({each.known.channel for each in found.tested})
    groups = {ALL: found.tested} | {
        channel: [each for each in found.tested if each.known.channel == channel] for channel in channels
    }
    return {
        group: {name: scored(tested, ranking) for name, ranking in rankings.items()} for group, tested in groups.items()
    }
