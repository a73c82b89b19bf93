"""What crm says."""

from datetime import datetime
from typing import Annotated, ClassVar

from shared.contracts.base import Event, PersonalText, tolerant
from shared.vocabulary import (
    AdviserId,
    AnswerKind,
    Channel,
    CitizenId,
    ContactId,
    Direction,
    EnquiryId,
    IdentifiedBy,
    Link,
    MessageId,
    MessageKind,
    Outcome,
    QueueId,
    Reference,
    Resolution,
    WorkId,
    enquiry_subject,
)


class EnquiryFact(Event):
    """What every event of crm about an enquiry carries."""

    speaker: ClassVar[str] = "crm"

    enquiry_id: EnquiryId

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id)


class ContactRecorded(EnquiryFact):
    """The contact stands in the record, with its true time."""

    name: ClassVar[str] = "contact.recorded"

    contact_id: ContactId
    channel: Annotated[Channel, tolerant(Channel)]
    started_at: datetime
    ended_at: datetime | None = None
    direction: Annotated[Direction, tolerant(Direction)] = Direction.INBOUND
    outcome: Annotated[Outcome, tolerant(Outcome)] = Outcome.RECEIVED


class CitizenIdentified(EnquiryFact):
    """Who asked is known, and on which evidence."""

    name: ClassVar[str] = "citizen.identified"

    citizen_id: CitizenId
    by: Annotated[IdentifiedBy, tolerant(IdentifiedBy)]


class EnquiryClassified(EnquiryFact):
    """What the enquiry is about, as a person found; it may change queue and standards."""

    name: ClassVar[str] = "enquiry.classified"

    service_code: str
    adviser_id: AdviserId


class EnquiryAnswered(EnquiryFact):
    """The citizen has been told something."""

    name: ClassVar[str] = "enquiry.answered"

    kind: Annotated[AnswerKind, tolerant(AnswerKind)]
    text: PersonalText
    adviser_id: AdviserId


class EnquiryAwaitingCitizen(EnquiryFact):
    """The council has asked the citizen something and cannot go on before they answer."""

    name: ClassVar[str] = "enquiry.awaiting_citizen"

    question: PersonalText
    adviser_id: AdviserId


class EnquiryResumed(EnquiryFact):
    """The council can go on: by the citizen's `contact_id`, or because an adviser says so."""

    name: ClassVar[str] = "enquiry.resumed"

    contact_id: ContactId | None = None
    adviser_id: AdviserId | None = None


class EnquiryResolved(EnquiryFact):
    """The council considers the enquiry finished; its open tasks are withdrawn."""

    name: ClassVar[str] = "enquiry.resolved"

    resolution: Annotated[Resolution, tolerant(Resolution)]
    adviser_id: AdviserId
    at_first_contact: bool = False


class EnquiryReopened(EnquiryFact):
    """It was not finished after all: by the citizen's `contact_id`, or because an adviser says so."""

    name: ClassVar[str] = "enquiry.reopened"

    contact_id: ContactId | None = None
    adviser_id: AdviserId | None = None


class EnquiryLinked(EnquiryFact):
    """The enquiry belongs to another one."""

    name: ClassVar[str] = "enquiry.linked"

    other_enquiry_id: EnquiryId
    link: Annotated[Link, tolerant(Link)]


class WorkRequested(EnquiryFact):
    """An adviser hands part of the work to another office: routing makes a task of it on that queue."""

    name: ClassVar[str] = "work.requested"

    work_id: WorkId
    queue_id: QueueId
    note: PersonalText
    adviser_id: AdviserId


class ReplyRequested(EnquiryFact):
    """A message to the citizen is to be sent: intake sends it, and says what became of it."""

    name: ClassVar[str] = "reply.requested"

    message_id: MessageId
    reference: Reference
    kind: Annotated[MessageKind, tolerant(MessageKind)]
    text: PersonalText
    channel: Annotated[Channel, tolerant(Channel)]
    citizen_name: PersonalText | None = None
    citizen_email: PersonalText | None = None
    language: str | None = None
