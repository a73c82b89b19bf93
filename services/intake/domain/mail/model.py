"""A mail as it was kept, as it was read, and where it was placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.vocabulary import ContactId, EnquiryId, MailId, Reference


class ArrivedBy(StrEnum):
    """The way on which a mail came in."""

    SMTP = "smtp"
    LMTP = "lmtp"
    IMAP = "imap"


class MailKind(StrEnum):
    """What a mail is. Only an ordinary one is a citizen's word; `unreadable` is taken for one, lest it be lost."""

    ORDINARY = "ordinary"
    AUTO_REPLY = "auto_reply"
    OUT_OF_OFFICE = "out_of_office"
    BOUNCE = "bounce"
    LIST = "list"
    OURS = "ours"
    UNREADABLE = "unreadable"

    @property
    def is_a_machines(self) -> bool:
        return self not in (MailKind.ORDINARY, MailKind.UNREADABLE)


class PlacedAs(StrEnum):
    """What became of a mail. `held` is an enquiry that may belong to another one, as a person has to decide."""

    ENQUIRY = "enquiry"
    FURTHER = "further"
    HELD = "held"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a mail from all others in its mailbox. `content` is SHA-256 without what servers add on the way."""

    message_id: str | None
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """
    A mail at the door. It came just now unless `received_at` tells.

    `sent_from` is empty for a bounce's null path, and None where the way it came does not tell.
    """

    mailbox: str
    by: ArrivedBy
    sent_from: str | None
    sent_to: str
    raw: bytes
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A mail at the door, what tells it from all others, and the story that begins with it."""

    arrived: Arrived
    identity: Identity
    correlation_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMail:
    """One that waits to be placed. The ids were chosen when it was kept, so that placing it again gives the same."""

    mail_id: MailId
    contact_id: ContactId
    enquiry_id: EnquiryId
    mailbox: str
    by: ArrivedBy
    sent_from: str | None
    sent_to: str
    received_at: datetime
    kept_at: datetime
    message_id: str | None
    size: int
    starts: int
    correlation_id: UUID


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a mail says it is from. The address is in small letters, as it is compared."""

    name: str | None
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPart:
    """A file in a mail: attachment or inline picture. `content_id` is how the HTML names it."""

    name: str
    media_type: str
    content: bytes
    content_id: str | None = None
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """What a bounce says of one recipient. `is_final` is false while it will be tried again."""

    address: str | None
    is_final: bool
    status: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """
    What could be read in a mail. Whatever could not is told in `notes`, a sentence each.

    `text` is what its sender wrote now; `quoted` what they replied to and `signature` stand apart, and nothing is cut.
    `html` is safe to show. `mentions` are Message-IDs of References and In-Reply-To, the nearest first; `answers_to`
    are addresses to which an answer goes when it is not the sender's. Where an address of ours wrote for somebody, the
    sender is who is named first, and `also_named` are all others who may be meant, None where they are too many to
    tell; what came `by_own_group` has a group's sender on its envelope.
    """

    kind: MailKind
    because: str
    sender: Sender
    subject: str
    text: str
    quoted: str = ""
    signature: str = ""
    html: str | None = None
    message_id: str | None = None
    mentions: Sequence[str] = ()
    recipients: Sequence[str] = ()
    answers_to: Sequence[str] = ()
    also_named: Sequence[str] | None = ()
    by_own_group: bool = False
    sent_at: datetime | None = None
    language: str | None = None
    parts: Sequence[MailPart] = ()
    bounced: Sequence[FailedDelivery] = ()
    bounced_ids: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Thread:
    """An enquiry that a mail names, and whether its sender is known on it. `clue` says how, in a sentence."""

    enquiry_id: EnquiryId
    reference: Reference
    clue: str
    knows_sender: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail goes. Of one that is noted `thread` may be missing: then it is on no enquiry."""

    placed_as: PlacedAs
    thread: Thread | None
    why: str
