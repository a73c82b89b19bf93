"""What is shown of enquiries and of all that belongs to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from services.crm.domain.enquiries import EnquiryState
from services.crm.domain.identifiers import IdentifierKind
from services.crm.domain.rows import Person
from services.crm.domain.tasks import TaskState
from services.crm.domain.timeline import EntryKind
from shared.contracts.intake import NotedAs
from shared.vocabulary import (
    AdviserId,
    Channel,
    Direction,
    IdentifiedBy,
    Link,
    MessageKind,
    Office,
    Outcome,
    Point,
    Resolution,
    TaskKind,
)
from shared.web import Call, Query, Shown

Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class Reading(Query):
    """Why you look; it is written down with your name."""

    why: Why | None = None


class AttachmentShown(Shown):
    """A file that came with a contact; intake gives it out."""

    file_id: UUID
    name: str
    media_type: str
    size: int


class ContactShown(Shown):
    """One interaction with a citizen, with its true times."""

    contact_id: UUID
    channel: Channel
    point: Point
    direction: Direction
    outcome: Outcome
    started_at: datetime
    ended_at: datetime | None
    logged_by: str | None
    language: str | None
    text: str | None
    quoted: str | None = Field(description="What stood below their own words in a mail: what they replied to.")
    noted_as: NotedAs | None = Field(description="Set where a machine wrote: it is nobody's word.")
    sender: str | None = Field(description="The address that such a mail is from.")
    citizen_name: str | None
    citizen_surname: str | None
    citizen_email: str | None
    citizen_telephone: str | None
    citizen_uprn: str | None
    attachments: list[AttachmentShown]


class EntryShown(Shown):
    """One thing that happened."""

    kind: EntryKind
    detail: str | None = Field(
        description="Which kind of answer, which resolution, which adviser, which queue, which channel, which machine."
    )
    text: str | None
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    contact_id: UUID | None
    version: int | None = Field(description="The version that it made; null when nobody decided it.")
    message_id: UUID | None = Field(description="Which message it tells of: intake shows its attempts.")
    message_kind: MessageKind | None


class TaskShown(Shown):
    """A task of the enquiry, as routing last told of it."""

    task_id: UUID
    queue_id: str
    state: TaskState
    office: Office | None
    kind: TaskKind | None
    work_id: UUID | None = Field(description="Set when an adviser handed this part of the work over.")
    adviser_id: str | None
    enqueued_at: datetime | None


class LinkShown(Shown):
    """Another enquiry that this one belongs to."""

    other_enquiry_id: UUID
    reference: str
    title: str
    link: Link
    from_other: bool = Field(description="True when the link was made at the other enquiry.")
    linked_at: datetime
    linked_by: str


class PerhapsAbout(Shown):
    """Another enquiry that this one may belong to: nothing shows there until somebody links them."""

    enquiry_id: UUID
    reference: str
    in_words: str


class CitizenLine(Shown):
    """A citizen in few words."""

    citizen_id: UUID
    name: str | None
    surname: str | None


class SuggestionShown(Shown):
    """A citizen who may be the one, and what is the same; an adviser decides."""

    citizen: CitizenLine
    because: list[IdentifierKind]


class ImportedAsShown(Shown):
    """What an older system called itself and the enquiry."""

    system: str
    row_id: str


class EnquiryLine(Shown):
    """An enquiry in a list."""

    enquiry_id: UUID
    reference: str
    title: str
    channel: Channel
    service_code: str | None
    state: EnquiryState
    version: int
    received_at: datetime
    assigned_to: str | None
    answered_at: datetime | None
    asked_at: datetime | None = Field(description="Set while the citizen is awaited.")
    resolved_at: datetime | None
    resolution: Resolution | None
    unreached_since: datetime | None = Field(
        description="Set while the last that was sent to the citizen did not reach them."
    )
    imported_as: ImportedAsShown | None = Field(description="Set when it came from an older system.")


class EnquiryShown(EnquiryLine):
    """Everything the council knows of one enquiry."""

    text: str
    place: str | None
    citizen: CitizenLine | None
    identified_by: IdentifiedBy | None
    suggestions: list[SuggestionShown]
    contacts: list[ContactShown]
    tasks: list[TaskShown]
    links: list[LinkShown]
    perhaps_about: PerhapsAbout | None = Field(description="Null as well where you may not see that enquiry.")
    timeline: list[EntryShown]


def person_of(call: Call[Any]) -> Person:
    return Person(AdviserId(call.caller.name), call.caller.roles)
