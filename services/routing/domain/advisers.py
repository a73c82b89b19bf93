"""Who takes tasks, and when silence means that they are not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.vocabulary import AdviserId, Presence, QueueId, Role

MOST_LAPSES = 3
DOES_NOT_ANSWER = f"{MOST_LAPSES} offers in a row were not answered: say that you are ready when you are back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Adviser:
    """Somebody of the council file: of which queues they take tasks, in its order, and what they know."""

    adviser_id: AdviserId
    role: Role
    presence: Presence
    away_because: str | None
    queues: tuple[QueueId, ...]
    skills: frozenset[str]
    capacity: int


@dataclass(frozen=True, slots=True)
class Free:
    """An adviser who is ready and has a free slot."""

    adviser_id: AdviserId
    queues: frozenset[QueueId]
    skills: frozenset[str]
    free: int
    idle_since: datetime


def does_not_answer(lapsed: Sequence[bool]) -> bool:
    """Whether each of their last offers lapsed, the latest first."""
    return len(lapsed) >= MOST_LAPSES and all(lapsed[:MOST_LAPSES])
