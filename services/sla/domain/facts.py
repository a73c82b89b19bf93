"""What sla has heard of an enquiry, and the one order in which it is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.vocabulary import AnswerKind, Channel, Direction, Office, Outcome, QueueId, TaskId


class Kind(StrEnum):
    """What happened. Of several at the same moment, the one further up happened first."""

    RECEIVED = "enquiry.received"
    IMPORTED = "enquiry.imported"
    CLASSIFIED = "enquiry.classified"
    CONTACT = "contact.received"
    QUEUED = "task.queued"
    TRANSFERRED = "task.transferred"
    ASSIGNED = "task.assigned"
    AWAITING = "enquiry.awaiting_citizen"
    RESUMED = "enquiry.resumed"
    ANSWERED = "enquiry.answered"
    COMPLETED = "task.completed"
    RESOLVED = "enquiry.resolved"
    WITHDRAWN = "task.withdrawn"
    REOPENED = "enquiry.reopened"
    AGREED = "date.agreed"
    EXTENDED = "due_time.extended"


RANK = {kind: nth for nth, kind in enumerate(Kind)}
FIRST_WORDS = frozenset({Kind.RECEIVED, Kind.IMPORTED})
ON_A_TASK = frozenset({Kind.QUEUED, Kind.TRANSFERRED, Kind.ASSIGNED, Kind.COMPLETED, Kind.WITHDRAWN})
NOTHING_IS_LEFT = frozenset({Outcome.RESOLVED_AT_FIRST_CONTACT, Outcome.ABANDONED, Outcome.NOT_REACHED})
"""How a contact ends after which the citizen waits for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """
    One thing that happened, known by the event that told it.

    `heard_under` is the version of the council file that held when it was heard. A person's own due time names the
    clock it is for by `standard` and `start_id`. Up to `cut_over` an imported enquiry was another system's.
    """

    fact_id: UUID
    kind: Kind
    occurred_at: datetime
    heard_under: int
    task_id: TaskId | None = None
    queue_id: QueueId | None = None
    office: Office | None = None
    handed_over: bool = False
    service_code: str | None = None
    channel: Channel | None = None
    answer: AnswerKind | None = None
    standard: str | None = None
    start_id: UUID | None = None
    due_at: datetime | None = None
    cut_over: datetime | None = None


def waits_after(direction: Direction, outcome: Outcome) -> bool:
    """Whether a citizen waits for something after such a contact. Nobody does whom the council itself has called."""
    return direction is not Direction.OUTBOUND and outcome not in NOTHING_IS_LEFT


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """
    By when they happened, never by when they were heard.

    The first word of an enquiry comes first whatever its time says: nothing can be answered before it was asked. Said
    again, it is no news.
    """
    ordered = sorted(facts, key=place)
    later_words = {fact.fact_id for fact in ordered[1:] if fact.kind in FIRST_WORDS}
    return [fact for fact in ordered if fact.fact_id not in later_words]


def place(fact: Fact) -> tuple[bool, datetime, int, UUID]:
    return fact.kind not in FIRST_WORDS, fact.occurred_at, RANK[fact.kind], fact.fact_id


def is_resolved(facts: Iterable[Fact]) -> bool:
    """Whether the enquiry has ended, and has not been taken up again."""
    ends = [fact for fact in in_order(facts) if fact.kind in (Kind.RESOLVED, Kind.REOPENED)]
    return bool(ends) and ends[-1].kind is Kind.RESOLVED
