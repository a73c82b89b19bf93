"""Messages to citizens, the attempts to send them, and when one is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.vocabulary import Channel, EnquiryId, MessageId, MessageKind, Reference

LONGEST_WAIT = timedelta(hours=6)


class MessageState(StrEnum):
    """How a message stands; `sending` while an attempt is under way."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a citizen is to be told, and where."""

    message_id: MessageId
    enquiry_id: EnquiryId
    reference: Reference
    kind: MessageKind
    text: str
    channel: Channel
    name: str | None
    address: str | None
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at sending a message, stored before it is made; and the story that it belongs to."""

    message: Message
    nth: int
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of an attempt: sent, or why not, and whether trying again can help."""

    by: str
    sent: bool
    why: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class AttemptShown:
    nth: int
    begun_at: datetime
    ended_at: datetime | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A message with all that was tried."""

    message_id: MessageId
    enquiry_id: EnquiryId
    kind: MessageKind
    state: MessageState
    requested_at: datetime
    attempts: tuple[AttemptShown, ...]


def wait_after(nth: int, first: timedelta) -> timedelta:
    """Doubling with each attempt, up to a few hours."""
    doublings = min(nth - 1, (LONGEST_WAIT // first).bit_length())
    return min(first * (1 << doublings), LONGEST_WAIT)


def is_given_up(tried: Tried, nth: int, tries: int) -> bool:
    return not tried.sent and (not tried.again or nth >= tries)
