"""What may be done with an enquiry, and what it is afterwards: every rule is a function of its arguments."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared.errors import Conflict
from shared.vocabulary import (
    AdviserId,
    AnswerKind,
    Channel,
    ContactId,
    EnquiryId,
    Point,
    Reference,
    Resolution,
)


class EnquiryState(StrEnum):
    """Where an enquiry stands. Only a full answer makes it answered."""

    OPEN = "open"
    ANSWERED = "answered"
    RESOLVED = "resolved"


class EntryKind(StrEnum):
    """What can have happened to an enquiry."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    ANSWERED = "answered"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """What the council knows of what a citizen wants. `version` counts what people decided about it."""

    enquiry_id: EnquiryId
    reference: Reference
    title: str
    text: str
    place: str | None
    service_code: str | None
    channel: Channel
    received_at: datetime
    state: EnquiryState = EnquiryState.OPEN
    version: int = 1
    assigned_to: AdviserId | None = None
    answered_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One interaction with a citizen, with its true times."""

    contact_id: ContactId
    enquiry_id: EnquiryId
    channel: Channel
    point: Point
    direction: str
    started_at: datetime
    ended_at: datetime | None
    citizen_name: str | None
    citizen_email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `detail` says which kind of answer, which resolution, which adviser."""

    kind: EntryKind
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    detail: str | None = None
    text: str | None = None
    version: int | None = None


def answered(enquiry: Enquiry, kind: AnswerKind, at: datetime) -> Enquiry:
    """`Conflict` when it is resolved. Word that it arrived, or takes longer, leaves its state as it is."""
    if enquiry.state is EnquiryState.RESOLVED:
        raise Conflict("This enquiry is resolved, so it cannot be answered any more: open a new one.")
    version = enquiry.version + 1
    if kind is not AnswerKind.FULL:
        return replace(enquiry, version=version)
    return replace(enquiry, version=version, state=EnquiryState.ANSWERED, answered_at=enquiry.answered_at or at)


def resolved(enquiry: Enquiry, resolution: Resolution, at: datetime) -> Enquiry:
    """`Conflict` when it is resolved already."""
    if enquiry.state is EnquiryState.RESOLVED:
        raise Conflict(f"This enquiry is resolved already ({enquiry.resolution}): there is nothing left to do.")
    return replace(
        enquiry,
        version=enquiry.version + 1,
        state=EnquiryState.RESOLVED,
        resolution=resolution,
        resolved_at=at,
    )


def check_version(enquiry: Enquiry, seen: int, since: Sequence[Entry]) -> None:
    """`Conflict` that tells, from the entries made `since` then, what has changed and by whom."""
    if seen == enquiry.version:
        return
    if seen > enquiry.version:
        raise Conflict(f"This enquiry has no version {seen} yet: read it again and send the ETag you get.")
    told = "; ".join(f"{entry.kind} ({entry.detail}) by {entry.actor}" for entry in since)
    raise Conflict(f"Since the version you saw, this enquiry was {told}. Read it again before you go on.")
