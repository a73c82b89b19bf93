"""What intake says."""

from datetime import datetime
from enum import StrEnum
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
    ImportId,
    MessageId,
    MessageKind,
    Outcome,
    Point,
    QueueId,
    Reference,
    Resolution,
    contact_subject,
    enquiry_subject,
    import_subject,
)


class Attachment(BaseModel):
    """A file that came with a contact; intake keeps it and checks who may have it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file_id: FileId
    name: PersonalText
    media_type: str
    size: int


class SaidByCitizen(Event):
    """
    What every contact that intake takes in carries. Without an end it ended when it started, as a message does.

    `quoted` is what stood below their own words in a mail: what they replied to, and their signature.
    """

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
    quoted: PersonalText | None = None

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id)


class EnquiryReceived(SaidByCitizen):
    """
    A citizen has asked the council for something. The contact may bring several: `also_brought` names the others.

    `queue_id` is the queue of the mailbox that it was written to. `perhaps_about` is an enquiry that it may belong to,
    by a sender who is not known on that one: a person has to decide, and nothing of it is told to the other citizen.
    """

    name: ClassVar[str] = "enquiry.received"

    service_code: str | None = None
    title: PersonalText
    place: PersonalText | None = None
    also_brought: tuple[EnquiryId, ...] = ()
    received_at: datetime
    queue_id: QueueId | None = None
    perhaps_about: EnquiryId | None = None


class EnquiryImported(SaidByCitizen):
    """
    An older system's enquiry, whole: history up to the import's cut-over. An open one goes on here once it is released.

    `system` and `row_id` are what the older system called itself and it; `area` the part of the district it is in.
    """

    name: ClassVar[str] = "enquiry.imported"

    import_id: ImportId
    system: str
    row_id: str
    cut_over: datetime
    service_code: str | None = None
    queue_id: QueueId | None = None
    title: PersonalText
    place: PersonalText | None = None
    area: str | None = None
    received_at: datetime
    due_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: Annotated[Resolution, tolerant(Resolution)] | None = None


class ImportReleased(Event):
    """What is still open of an import may now be worked on."""

    name: ClassVar[str] = "import.released"
    speaker: ClassVar[str] = "intake"

    import_id: ImportId
    released_at: datetime

    @property
    def subject(self) -> str:
        return import_subject(self.import_id)


class ContactReceived(SaidByCitizen):
    """A further contact about an enquiry that is known already."""

    name: ClassVar[str] = "contact.received"

    started_at: datetime


class NotedAs(StrEnum):
    """What kind of machine's mail was noted."""

    AUTO_REPLY = "auto_reply"
    OUT_OF_OFFICE = "out_of_office"
    BOUNCE = "bounce"
    LIST = "list"
    OURS = "ours"
    OTHER = "other"


class ContactNoted(Event):
    """
    A machine wrote: it is recorded, and nothing follows from it. `enquiry_id` is missing when it is about none.

    No citizen has said anything, so nobody starts, stops, resumes, reopens or answers anything because of it.
    """

    name: ClassVar[str] = "contact.noted"
    speaker: ClassVar[str] = "intake"

    contact_id: ContactId
    enquiry_id: EnquiryId | None = None
    noted_as: Annotated[NotedAs, tolerant(NotedAs)]
    channel: Annotated[Channel, tolerant(Channel)]
    point: Annotated[Point, tolerant(Point)]
    started_at: datetime
    sender: PersonalText | None = None
    title: PersonalText
    text: PersonalText

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id) if self.enquiry_id else contact_subject(self.contact_id)


class MessageFact(Event):
    """What every event about a message to a citizen carries. A `receipt` is intake's own: nobody asked for it."""

    speaker: ClassVar[str] = "intake"

    message_id: MessageId
    enquiry_id: EnquiryId
    kind: Annotated[MessageKind, tolerant(MessageKind)] = MessageKind.OTHER

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id)


class MessageDelivered(MessageFact):
    """The message left the house, as far as the way it went can tell."""

    name: ClassVar[str] = "message.delivered"

    by: str
    delivered_at: datetime


class MessageDeferred(MessageFact):
    """The message could not be sent yet, and is tried again. Said once for a message, however often it is tried."""

    name: ClassVar[str] = "message.deferred"

    by: str
    because: PersonalText


class MessageFailed(MessageFact):
    """The message could not be sent and is not tried again by itself."""

    name: ClassVar[str] = "message.failed"

    by: str
    because: PersonalText
