"""One interaction with a citizen, as it stands in the record."""

from dataclasses import dataclass
from datetime import datetime

from shared.vocabulary import AdviserId, Channel, ContactId, Direction, FileId, Outcome, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a contact; intake keeps it."""

    file_id: FileId
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """
    With its true times, and everything as it was given.

    `text`, `quoted` and `outcome` are those for the enquiry that the contact is shown with; `brought` when it began
    with it. `quoted` is what stood below their own words in a mail. `noted_as` is set where a machine wrote, from the
    address `sender`: then it is nobody's word.
    """

    contact_id: ContactId
    channel: Channel
    point: Point
    direction: Direction
    outcome: Outcome
    started_at: datetime
    ended_at: datetime | None
    logged_by: AdviserId | None = None
    language: str | None = None
    text: str | None = None
    citizen_name: str | None = None
    citizen_surname: str | None = None
    citizen_email: str | None = None
    citizen_telephone: str | None = None
    citizen_uprn: str | None = None
    attachments: tuple[Attachment, ...] = ()
    brought: bool = False
    quoted: str | None = None
    noted_as: str | None = None
    sender: str | None = None

    @property
    def is_citizens_word(self) -> bool:
        """The citizen began it and somebody heard them."""
        is_inbound = self.direction is Direction.INBOUND and self.noted_as is None
        return is_inbound and self.outcome is not Outcome.ABANDONED

    @property
    def is_vouched_for(self) -> bool:
        """Else it may be anybody's who has come to know the reference: on a letter, over a shoulder."""
        return self.noted_as is None and (self.brought or self.logged_by is not None)

    @property
    def has_reached_somebody(self) -> bool:
        """An adviser spoke with whom it is about; what came in by itself says nothing of what was sent."""
        return self.logged_by is not None and self.outcome not in (Outcome.NOT_REACHED, Outcome.ABANDONED)

    @property
    def has_settled_it(self) -> bool:
        """Nothing was left to do for the enquiry when it ended."""
        return self.outcome is Outcome.RESOLVED_AT_FIRST_CONTACT
