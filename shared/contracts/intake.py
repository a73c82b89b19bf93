"""What intake says."""

from datetime import datetime
from typing import Annotated, ClassVar

from shared.contracts.base import Event, PersonalText, tolerant
from shared.vocabulary import Channel, ContactId, EnquiryId, Point, Reference, enquiry_subject


class EnquiryReceived(Event):
    """A citizen has asked the council for something."""

    name: ClassVar[str] = "enquiry.received"
    speaker: ClassVar[str] = "intake"

    enquiry_id: EnquiryId
    contact_id: ContactId
    reference: Reference
    channel: Annotated[Channel, tolerant(Channel)]
    point: Annotated[Point, tolerant(Point)]
    service_code: str | None = None
    title: PersonalText
    text: PersonalText
    place: PersonalText | None = None
    citizen_name: PersonalText | None = None
    citizen_email: PersonalText | None = None
    received_at: datetime

    @property
    def subject(self) -> str:
        return enquiry_subject(self.enquiry_id)
