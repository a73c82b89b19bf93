"""What has happened to an enquiry, and what those are told who decide without having seen it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.crm.domain.contacts import Contact
from shared.errors import Conflict
from shared.vocabulary import ContactId, EnquiryId, MessageId, MessageKind, Reference


class EntryKind(StrEnum):
    """What can have happened to an enquiry."""

    RECEIVED = "received"
    CONTACTED = "contacted"
    MACHINE_WROTE = "machine_wrote"
    IDENTIFIED = "identified"
    UNIDENTIFIED = "unidentified"
    ASSIGNED = "assigned"
    TRANSFERRED = "transferred"
    RETURNED = "returned"
    COMPLETED = "completed"
    NOTED = "noted"
    ANSWERED = "answered"
    ASKED = "asked"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLASSIFIED = "classified"
    LINKED = "linked"
    WORK_REQUESTED = "work_requested"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One thing that happened. `detail` says which kind of answer, which resolution, which adviser, which queue;
    of a message, which way it went, or that it was a receipt. Of what became of one, `message_id` and `message_kind`
    say which.

    `version` is the enquiry's version that it made: a decision makes one, and what the citizen said unread.
    """

    kind: EntryKind
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    detail: str | None = None
    text: str | None = None
    contact_id: ContactId | None = None
    version: int | None = None
    message_id: MessageId | None = None
    message_kind: MessageKind | None = None

    def __str__(self) -> str:
        kind = self.kind.replace("_", " ")
        return f"{kind} ({self.detail}) by {self.actor}" if self.detail else f"{kind} by {self.actor}"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry stands in a timeline: when it happened, and which one of that moment."""

    occurred_at: datetime
    nth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry in a citizen's timeline, with the enquiry it belongs to and, where it is one, the contact."""

    place: Place
    enquiry_id: EnquiryId
    reference: Reference
    title: str
    entry: Entry
    contact: Contact | None


def check_version(seen: int, version: int, since: Sequence[Entry]) -> None:
    """`Conflict` that tells, from the entries made `since` then, what has changed and by whom."""
    if seen == version:
        return
    if seen > version:
        raise Conflict(f"This enquiry has no version {seen} yet: read it again and send the ETag you get.")
    told = "; ".join(map(str, since))
    raise Conflict(f"Since the version you saw, this has happened to the enquiry: {told}. Read it before you go on.")
