"""What intake says."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.base import Event, PersonalText, tolerant
from shared.vocabulary import (
    AdviserId,
    Channel,
    CitizenId,
    ContactId,
    Direction,
    EnquiryId,
    FileId,
    MessageId,
    Outcome,
    Point,
    Reference,
    enquiry_subject,
)


class Attachment(BaseModel):
    """A file that came with a contact; intake keeps it and checks who may have it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file_id: FileId
    name: PersonalText
    media_type: str
    size: int


class SaidByCitizen(Event):
    """What every contact that intake takes in carries. Without an end it ended when it started, as a message does."""

    speaker: ClassVar[str] = "intake"

    enquiry_id: EnquiryId
    contact_id: ContactId
    reference: Reference
    channel: Annotated[Channel, tolerant(Channel)]
    point: Annotated[Point, tolerant(Point)]
    text: PersonalText
    citizen_name: PersonalText | None = None
    citizen_surname: PersonalText | None = None
    citizen_email: PersonalText | None = None
    citizen_telephone: PersonalText | None = None
    citizen_uprn: PersonalText | None = None
    citizen_id: CitizenId | None = None
    language: str | None = None
    direction: Annotated[Direction, tolerant(Direction)] = Direction.INBOUND
    outcome: Annotated[Outcome, tolerant(Outcome)] = Outcome.RECEIVED
    ended_at: datetime | None = None
    logged_by: AdviserId | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id)


class EnquiryReceived(SaidByCitizen):
    """A citizen has asked the council for something. The contact may bring several: `also_brought` names the others."""

    name: ClassVar[str] = "enquiry.received"

    service_code: str | None = None
    title: PersonalText
    place: PersonalText | None = None
    also_brought: tuple[EnquiryId, ...] = ()
    received_at: datetime


class ContactReceived(SaidByCitizen):
    """A further contact about an enquiry that is known already."""

    name: ClassVar[str] = "contact.received"

    started_at: datetime


class MessageFact(Event):
    """What every event about a message to a citizen carries."""

    speaker: ClassVar[str] = "intake"

    message_id: MessageId
    enquiry_id: EnquiryId

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id)


class MessageDelivered(MessageFact):
    """The message left the house, as far as the way it went can tell."""

    name: ClassVar[str] = "message.delivered"

    by: str
    delivered_at: datetime


class MessageFailed(MessageFact):
    """The message could not be sent and is not tried again by itself."""

    name: ClassVar[str] = "message.failed"

    by: str
    because: PersonalText
