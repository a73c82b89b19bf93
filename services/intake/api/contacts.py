"""What people who sign in may log: contacts of any channel with their true times, and what those brought."""

from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from services.intake.actions import filing, receiving
from services.intake.actions.receiving import Logged
from services.intake.api.enquiries import known
from services.intake.api.shapes import ADDRESS, Language, Text, Wanted, WhoAsks
from services.intake.domain.contacts import Citizen, Contact, Known, check_citizen_id
from shared.errors import Fault, Invalid
from shared.vocabulary import (
    AdviserId,
    Channel,
    CitizenId,
    ContactId,
    Direction,
    Outcome,
    Point,
    Role,
    enquiry_subject,
    new_id,
)
from shared.web import Answer, Body, Call, Shown, Uploads, route
from shared.work import Work

WHO_LOGS = (Role.ADVISER, Role.OFFICER, Role.PARTNER, Role.MANAGER)
W = TypeVar("W", Channel, Direction, Outcome)


def known_word(word: W) -> W:
    """`other` is how a word is read that somebody else knows and we do not; nobody says it."""
    if word == "other":
        raise ValueError(f"write one of {', '.join(each for each in type(word) if each != 'other')}")
    return word


ChannelSaid = Annotated[Channel, AfterValidator(known_word)]
DirectionSaid = Annotated[Direction, AfterValidator(known_word)]
OutcomeSaid = Annotated[Outcome, AfterValidator(known_word)]


class CitizenSaid(WhoAsks):
    """Who it was, as far as they said; or the citizen's id, where the adviser knows them."""

    citizen_id: UUID | None = Field(None, description="Decides whose enquiry it is: for advisers and officers.")


class EnquiryBrought(Wanted):
    """One of the things that a contact was about."""

    outcome: OutcomeSaid | None = Field(None, description="Where it differs from the contact's.")


class FurtherEnquiry(Wanted):
    """A further thing that a contact was about. How the contact ended says nothing about it."""

    outcome: OutcomeSaid = Outcome.RECEIVED


class LoggedContact(Body):
    """A contact, logged by hand. It brings new enquiries, or is about one that has its reference."""

    channel: ChannelSaid
    point: Point = Point.OTHER
    direction: DirectionSaid = Direction.INBOUND
    started_at: AwareDatetime | None = Field(None, description="When it really started; just now when left out.")
    ended_at: AwareDatetime | None = None
    outcome: OutcomeSaid = Outcome.RECEIVED
    language: Language | None = None
    citizen: CitizenSaid | None = None
    reference: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    text: Text | None = Field(None, description="What was said, where it is about an enquiry with a reference.")
    enquiries: Annotated[tuple[EnquiryBrought, ...], Field(max_length=20)] = ()

    def as_contact(self, logged_by: str) -> Contact:
        who = self.citizen
        citizen_id = CitizenId(who.citizen_id) if who and who.citizen_id else None
        return Contact(
            contact_id=ContactId(new_id()),
            channel=self.channel,
            point=self.point,
            citizen=who.as_citizen(citizen_id) if who else Citizen(),
            language=self.language,
            direction=self.direction,
            outcome=self.outcome,
            ended_at=self.ended_at,
            logged_by=AdviserId(logged_by),
        )


class EnquiryShown(Shown):
    reference: str
    enquiry_id: UUID
    track: str = Field(description="The path that shows how the enquiry fares.")


class ContactLogged(Shown):
    """The contact, and the enquiries that it brought or is about."""

    contact_id: UUID
    started_at: datetime
    enquiries: list[EnquiryShown]


async def post_contact(call: Call[LoggedContact]) -> Answer:
    """Clocks and waits count from when the contact really started."""
    check_purpose(call.body)
    if call.body.reference is not None:
        async with call.workshop.reading() as db:
            about: Known | None = await known(db, call.body.reference)
    else:
        about = None
    said = call.body.as_contact(call.caller.name)
    check_citizen_id(call.caller.roles, said.citizen.citizen_id)
    contact = await filing.attached(said, call.files)
    enquiries = [brought.as_enquiry(brought.outcome) for brought in call.body.enquiries]
    logged = Logged(contact, call.body.started_at, enquiries, about, call.body.text or "")

    async def log(work: Work) -> Answer:
        return logged_answer(contact.contact_id, *await receiving.log(work, logged))

    locked = [enquiry_subject(about.enquiry_id)] if about else []
    return await call.command(locked, log, fresh=[enquiry_subject(enquiry.enquiry_id) for enquiry in enquiries])


def check_purpose(body: LoggedContact) -> None:
    """Of a contact without any enquiry nobody would ever hear again."""
    if body.reference is None and not body.enquiries:
        why = "say which enquiries it brought, or the reference of the one it is about"
        raise Invalid(f"Please correct body.enquiries: {why}.", [Fault("body.enquiries", why)])
    if body.reference is not None and body.enquiries:
        why = "leave it out where the contact brings new enquiries: log what belongs to the known one by itself"
        raise Invalid(f"Please correct body.reference: {why}.", [Fault("body.reference", why)])
    if (body.reference is None) != (body.text is None):
        why = "write what was said" if body.text is None else "write it with each of the enquiries"
        raise Invalid(f"Please correct body.text: {why}.", [Fault("body.text", why)])


def logged_answer(contact_id: ContactId, started_at: datetime, enquiries: list[Known]) -> Answer:
    shown = [
        EnquiryShown(reference=each.reference, enquiry_id=each.enquiry_id, track=ADDRESS + each.reference)
        for each in enquiries
    ]
    return Answer(201, ContactLogged(contact_id=contact_id, started_at=started_at, enquiries=shown))


async def post_enquiry_of_contact(call: Call[FurtherEnquiry]) -> Answer:
    """It belongs to the same contact, and counts from when that started."""
    contact_id, enquiry = ContactId(call.id("contact_id")), call.body.as_enquiry(call.body.outcome)

    async def open_it(work: Work) -> Answer:
        by = AdviserId(call.caller.name)
        started_at, opened = await receiving.open_another(work, contact_id, enquiry, by)
        return logged_answer(contact_id, started_at, [opened])

    return await call.command([], open_it, fresh=[enquiry_subject(enquiry.enquiry_id)])


SERVES = (
    route(
        "POST",
        "/v1/contacts",
        post_contact,
        who=WHO_LOGS,
        takes=LoggedContact,
        uploads=Uploads("contact", filing.upload_limits),
        gives={201: ContactLogged},
        refuses=(404, 409, 422),
        command=True,
        summary="Log a contact of any channel.",
    ),
    route(
        "POST",
        "/v1/contacts/{contact_id}/enquiries",
        post_enquiry_of_contact,
        who=WHO_LOGS,
        takes=FurtherEnquiry,
        gives={201: ContactLogged},
        refuses=(404, 409, 422),
        command=True,
        summary="Open a further enquiry out of a recorded contact.",
    ),
)
