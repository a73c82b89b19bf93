"""Words that mean one thing in every service: ids, roles, channels. `docs/glossary.md` explains each."""

from enum import StrEnum
from typing import NewType
from uuid import UUID

import uuid_utils.compat

EnquiryId = NewType("EnquiryId", UUID)
ContactId = NewType("ContactId", UUID)
CitizenId = NewType("CitizenId", UUID)
TaskId = NewType("TaskId", UUID)
OfferId = NewType("OfferId", UUID)
ClockId = NewType("ClockId", UUID)
MessageId = NewType("MessageId", UUID)
FileId = NewType("FileId", UUID)
WorkId = NewType("WorkId", UUID)
ImportId = NewType("ImportId", UUID)
MailId = NewType("MailId", UUID)
AdviserId = NewType("AdviserId", str)
QueueId = NewType("QueueId", str)
Reference = NewType("Reference", str)

SERVICE_NAMES = ("intake", "routing", "crm", "sla")


def new_id() -> UUID:
    """A UUIDv7: near in time, near on disk. Never used for order."""
    return uuid_utils.compat.uuid7()


def enquiry_subject(enquiry_id: EnquiryId) -> str:
    """What everything about an enquiry, its tasks and its contacts is ordered by."""
    return f"enquiry/{enquiry_id}"


def contact_subject(contact_id: ContactId) -> str:
    """Of a contact that is about no enquiry."""
    return f"contact/{contact_id}"


def import_subject(import_id: ImportId) -> str:
    return f"import/{import_id}"


def adviser_subject(adviser_id: AdviserId) -> str:
    return f"adviser/{adviser_id}"


class Role(StrEnum):
    """Who may call. `PUBLIC` needs no credential; `MACHINE` shows an API key; the others a token."""

    PUBLIC = "public"
    MACHINE = "machine"
    ADVISER = "adviser"
    OFFICER = "officer"
    MANAGER = "manager"
    HEAD_OF_SERVICE = "head_of_service"
    ICT = "ict"
    PARTNER = "partner"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Channel(StrEnum):
    """How a citizen reached the council."""

    TELEPHONE = "telephone"
    WEB = "web"
    EMAIL = "email"
    ONE_STOP_SHOP = "one_stop_shop"
    POST = "post"
    OUTREACH = "outreach"
    OTHER = "other"


class Point(StrEnum):
    """Where on a channel."""

    FORM = "form"
    APP = "app"
    KIOSK = "kiosk"
    COUNTER = "counter"
    EXCHANGE = "exchange"
    MAILBOX = "mailbox"
    DESK = "desk"
    OPEN311 = "open311"
    OTHER = "other"


class Direction(StrEnum):
    """Who began a contact: the citizen, or the council."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    OTHER = "other"


class Outcome(StrEnum):
    """How a contact ended. One that failed is a contact too."""

    RECEIVED = "received"
    RESOLVED_AT_FIRST_CONTACT = "resolved_at_first_contact"
    PASSED_ON = "passed_on"
    MESSAGE_LEFT = "message_left"
    NOT_REACHED = "not_reached"
    ABANDONED = "abandoned"
    OTHER = "other"


class Office(StrEnum):
    """Whom a queue belongs to."""

    FRONT = "front"
    BACK = "back"
    PARTNER = "partner"
    OTHER = "other"


class TaskKind(StrEnum):
    """`LIVE`: a caller or visitor waits, and it ends with the contact. `DEFERRABLE`: it can wait its turn."""

    LIVE = "live"
    DEFERRABLE = "deferrable"
    OTHER = "other"


class TransferKind(StrEnum):
    """Why a task went from one queue to another."""

    TRANSFERRED = "transferred"
    RETURNED = "returned"
    RECLASSIFIED = "reclassified"
    OTHER = "other"


class Presence(StrEnum):
    """Whether an adviser may be offered tasks."""

    READY = "ready"
    AWAY = "away"
    OTHER = "other"


class AnswerKind(StrEnum):
    """What an answer to a citizen is: word that it arrived, word that it takes longer, or the answer itself."""

    ACKNOWLEDGEMENT = "acknowledgement"
    HOLDING = "holding"
    FULL = "full"
    OTHER = "other"


class MessageKind(StrEnum):
    """What a message to a citizen is: an answer of one of its kinds, a question, or a receipt that nobody wrote."""

    ACKNOWLEDGEMENT = "acknowledgement"
    HOLDING = "holding"
    FULL = "full"
    QUESTION = "question"
    RECEIPT = "receipt"
    OTHER = "other"


class Resolution(StrEnum):
    """How an enquiry ended."""

    DONE = "done"
    ANSWERED = "answered"
    NOT_OURS = "not_ours"
    DUPLICATE = "duplicate"
    OTHER = "other"


class Link(StrEnum):
    """How one enquiry belongs to another."""

    RELATED = "related"
    DUPLICATE_OF = "duplicate_of"
    SAME_CONTACT = "same_contact"
    OTHER = "other"


class IdentifiedBy(StrEnum):
    """The evidence on which a citizen was recognised."""

    EMAIL = "email"
    TELEPHONE_AND_SURNAME = "telephone_and_surname"
    UPRN_AND_SURNAME = "uprn_and_surname"
    ADVISER = "adviser"
    NEW = "new"
    OTHER = "other"
