"""Words that mean one thing in every service: ids, roles, channels. `docs/glossary.md` explains each."""

from enum import StrEnum
from typing import NewType
from uuid import UUID

import uuid_utils.compat

EnquiryId = NewType("EnquiryId", UUID)
ContactId = NewType("ContactId", UUID)
TaskId = NewType("TaskId", UUID)
OfferId = NewType("OfferId", UUID)
ClockId = NewType("ClockId", UUID)
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


class TaskKind(StrEnum):
    """`LIVE`: a caller or visitor waits, and it ends with the contact. `DEFERRABLE`: it can wait its turn."""

    LIVE = "live"
    DEFERRABLE = "deferrable"
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


class Resolution(StrEnum):
    """How an enquiry ended."""

    DONE = "done"
    ANSWERED = "answered"
    NOT_OURS = "not_ours"
    DUPLICATE = "duplicate"
    OTHER = "other"
