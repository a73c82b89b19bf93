"""What crm says."""

from datetime import datetime
from typing import Annotated, ClassVar

from shared.contracts.base import Event, PersonalText, tolerant
from shared.vocabulary import AdviserId, AnswerKind, Channel, ContactId, EnquiryId, Resolution, enquiry_subject


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


class EnquiryAnswered(EnquiryFact):
    """The citizen has been told something."""

    name: ClassVar[str] = "enquiry.answered"

    kind: Annotated[AnswerKind, tolerant(AnswerKind)]
    text: PersonalText
    adviser_id: AdviserId


class EnquiryResolved(EnquiryFact):
    """The council considers the enquiry finished; its open tasks are withdrawn."""

    name: ClassVar[str] = "enquiry.resolved"

    resolution: Annotated[Resolution, tolerant(Resolution)]
    adviser_id: AdviserId
