"""To which queue an enquiry goes, and the sentence that says why."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from services.routing.domain.tasks import Queue
from shared.vocabulary import QueueId

LAST_HERE = "The enquiry was last dealt with on this queue."
OF_THE_MAILBOX = "It was written to the mailbox of this queue."


@dataclass(frozen=True, slots=True)
class Match:
    """A keyword of a council service that a citizen used, and how prominently."""

    service_code: str
    service: str
    queue_id: QueueId
    keyword: str
    rank: float


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a task is to wait, and why."""

    queue: Queue
    reason: str


@dataclass(frozen=True, slots=True)
class BestMatch:
    """The council service that the citizen's words fit best, and those words."""

    service_code: str
    service: str
    queue_id: QueueId
    keywords: tuple[str, ...]

    @property
    def reason(self) -> str:
        words = ", ".join(f"'{keyword}'" for keyword in self.keywords)
        return f"It says {words}, as {self.service} does, which belongs to this queue."


def best_of(matches: Sequence[Match]) -> BestMatch | None:
    """The service whose keywords count most together; a keyword of several words says more than one word."""
    if not matches:
        return None
    weights: dict[str, float] = defaultdict(float)
    for match in matches:
        weights[match.service_code] += match.rank * len(match.keyword.split())
    code = min(weights, key=lambda each: (-weights[each], each))
    first = next(match for match in matches if match.service_code == code)
    keywords = tuple(sorted(match.keyword for match in matches if match.service_code == code))
    return BestMatch(code, first.service, first.queue_id, keywords)


def by_service_code(service_code: str, service: str) -> str:
    return f"Service code {service_code} is {service}, which belongs to this queue."


def nothing_fits(service_code: str | None) -> str:
    if service_code is None:
        return "No service code was given, and no keyword of the council file occurs in it."
    return f"The council file does not know service code {service_code}, and no keyword of it occurs in the enquiry."


def as_before(system: str) -> str:
    return f"It was on this queue in {system}, the system that it comes from."


def not_known(queue_id: QueueId, general: Queue) -> Placing:
    return Placing(
        general, f"It was written to the mailbox of a queue {queue_id}, which the council file does not have."
    )


def instead_of(closed: Queue, general: Queue) -> Placing:
    return Placing(
        general, f"{closed.name} is no longer a queue of the council: everything for it goes to {general.name}."
    )
