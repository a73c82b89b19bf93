"""Messages to citizens, the attempts to send them, and when one is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.intake.domain.progress import Promise
from shared.council import Council, Mailbox
from shared.vocabulary import Channel, EnquiryId, MessageId, MessageKind, Reference

LONGEST_WAIT = timedelta(hours=6)
LONGEST_WAIT_WHILE_AWAY = timedelta(hours=1)
MOST_CUT_OFF = 10
"""One that ends the process each time it is sent is given up."""
MAY_HAVE_LEFT = "It may have left all the same: ask the citizen whether they have it before you send it again."


class MessageState(StrEnum):
    """How a message stands; `sending` while an attempt is under way. A receipt may be `withheld`, for good."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    What a citizen is to be told, and where.

    One with an address goes by email, whatever way its enquiry came. `mailbox` is the code of the one it is sent from,
    `mail_message_id` the Message-ID it has from the beginning, and `answers_to` that of the mail it answers.
    """

    message_id: MessageId
    enquiry_id: EnquiryId
    reference: Reference
    kind: MessageKind
    text: str
    channel: Channel
    name: str | None
    address: str | None
    language: str | None
    mailbox: str | None = None
    mail_message_id: str | None = None
    answers_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """
    What a mail tells beside its message: who writes it and when, and how the enquiry stands that it is about.

    `address` is the one of the sender's that it is from.
    """

    council: Council
    sender: Mailbox
    address: str
    token: str
    received_at: datetime
    promises: tuple[Promise, ...]
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A mail on its way, byte for byte, with what stands on its envelope."""

    raw: bytes
    sender: str
    recipient: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """
    One try at sending a message, stored before it is made; and the story that it belongs to.

    `cut_off` counts those before it of which nobody knows how they ended; `cut_off_at` tells when the last of these was
    begun, `first_cut_off_at` the first of them, and `first_at` the very first of all. `maybe_twice` says that because
    of them the message may come twice. Without an occasion it is not sent by email.
    """

    message: Message
    nth: int
    begun_at: datetime
    first_at: datetime
    cut_off: int = 0
    cut_off_at: datetime | None = None
    first_cut_off_at: datetime | None = None
    maybe_twice: bool = False
    occasion: Occasion | None = None
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Tried:
    """
    What became of an attempt: sent, or why not, and whether trying again can help. `unsure`: it may have left.

    `found`: it had left before. `not_seen`: it may have, and is looked for. `away`: no mail leaves at present.
    """

    by: str
    sent: bool
    why: str | None = None
    again: bool = False
    unsure: bool = False
    found: bool = False
    not_seen: bool = False
    away: bool = False

    @property
    def may_have_left(self) -> bool:
        """By this attempt."""
        return self.unsure or (self.sent and not self.found)


@dataclass(frozen=True, slots=True)
class AttemptShown:
    nth: int
    begun_at: datetime
    ended_at: datetime | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A message with all that was tried; `why` it is withheld, if it is."""

    message_id: MessageId
    enquiry_id: EnquiryId
    kind: MessageKind
    state: MessageState
    requested_at: datetime
    why: str | None
    attempts: tuple[AttemptShown, ...]


def wait_after(nth: int, first: timedelta, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """Doubling with each attempt, up to a few hours."""
    doublings = min(nth - 1, (LONGEST_WAIT // first).bit_length())
    return min(first * (1 << doublings), longest)


def is_given_up(tried: Tried, age: timedelta, patience: timedelta) -> bool:
    """
    By its age: an outage of a night is no fault of the message's, however often it was tried.

    Of one that may have left, the next attempt decides.
    """
    return not tried.sent and not tried.unsure and (not tried.again or age >= patience)
