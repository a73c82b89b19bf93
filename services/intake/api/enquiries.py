"""What anybody may do: ask for something, add to it, and see how it fares."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.intake.actions import filing, receiving
from services.intake.api.shapes import ADDRESS, Language, Text, Undated, Wanted, WhoAsks
from services.intake.domain.contacts import Contact, Known, check_channel
from services.intake.domain.progress import IN_WORDS, Stage, Standing, Told, told
from services.intake.store import contacts, progress
from shared.council import current
from shared.db import Connection
from shared.errors import NotFound
from shared.references import parse_number
from shared.vocabulary import Channel, ContactId, Point, Role, enquiry_subject, new_id
from shared.web import Answer, Body, Call, Query, Shown, Uploads, route
from shared.work import Work


class FromAnywhere(Body):
    """Where the message was written; only a kiosk with a key of its own says otherwise than `web`."""

    channel: Channel = Channel.WEB
    point: Point = Point.FORM
    language: Language | None = Field(None, description="The language to answer in, such as en or cy.")


class NewEnquiry(Wanted, WhoAsks, FromAnywhere, Undated):
    """What a citizen asks the council for."""


class NewContact(WhoAsks, FromAnywhere, Undated):
    """What a citizen adds to an enquiry. Who they say they are is not verified."""

    text: Text = Field(description="Everything the citizen wants to say.")


class EnquiryReceipt(Shown):
    """Keep the reference: it is how the enquiry is found again."""

    reference: str
    enquiry_id: UUID
    contact_id: UUID
    received_at: datetime
    track: str = Field(description="The path that shows how the enquiry fares.")


class ContactReceipt(Shown):
    """It has been added to the enquiry."""

    reference: str
    contact_id: UUID
    received_at: datetime
    track: str = Field(description="The path that shows how the enquiry fares.")


class Tracking(Query):
    language: Language | None = Field(None, description="Instead of what Accept-Language says.")


class PromiseShown(Shown):
    """What the council has promised the citizen about this enquiry."""

    in_words: str
    due_at: datetime | None = Field(description="Until when; null while it waits for the citizen.")
    state: Standing


class EnquiryTracked(Shown):
    """How an enquiry fares: nothing personal."""

    reference: str
    received_at: datetime
    state: Stage
    in_words: str
    answered_at: datetime | None
    resolved_at: datetime | None
    acknowledge_by: datetime | None = Field(description="When the citizen has heard from us at the latest.")
    kept: bool | None = Field(description="Whether that promise was kept; null while it can still be.")
    promises: list[PromiseShown]


async def contact_from(call: Call[NewEnquiry] | Call[NewContact]) -> Contact:
    """With its files, which are kept before the contact is."""
    said = call.body
    check_channel(call.caller.roles, said.channel, said.point)
    contact = Contact(
        contact_id=ContactId(new_id()),
        channel=said.channel,
        point=said.point,
        citizen=said.as_citizen(),
        language=said.language,
    )
    return await filing.attached(contact, call.files) if call.files else contact


async def post_enquiry(call: Call[NewEnquiry]) -> Answer:
    """The citizen may go as soon as this has answered: what they said is safe, whatever else is away."""
    contact, enquiry = await contact_from(call), call.body.as_enquiry()

    async def receive(work: Work) -> Answer:
        [known] = await receiving.receive(work, contact, [enquiry])
        track = ADDRESS + known.reference
        shown = EnquiryReceipt(
            reference=known.reference,
            enquiry_id=known.enquiry_id,
            contact_id=contact.contact_id,
            received_at=work.occurred_at,
            track=track,
        )
        return Answer(201, shown, {"Location": track})

    return await call.command([], receive, fresh=[enquiry_subject(enquiry.enquiry_id)])


async def post_contact_on_enquiry(call: Call[NewContact]) -> Answer:
    """Whoever knows the reference may add to it, and sees nothing of it. Who they say they are is only a suggestion."""
    async with call.workshop.reading() as db:
        about = await known(db, call.path["reference"])
    contact = await contact_from(call)

    async def receive(work: Work) -> Answer:
        await receiving.receive_further(work, contact, about, call.body.text)
        track = ADDRESS + about.reference
        shown = ContactReceipt(
            reference=about.reference, contact_id=contact.contact_id, received_at=work.occurred_at, track=track
        )
        return Answer(201, shown, {"Location": track})

    return await call.command([enquiry_subject(about.enquiry_id)], receive)


async def known(db: Connection, reference: str) -> Known:
    number = parse_number(reference)
    found = await contacts.known(db, number)
    if found is None:
        raise unknown(number)
    return found


def unknown(number: str) -> NotFound:
    return NotFound(f"We know of no enquiry {number}: compare it with the reference we gave you.")


async def get_enquiry(call: Call[None]) -> Answer:
    """Promises are told in the language asked for, where the council has words in it."""
    number = parse_number(call.path["reference"])
    asked = call.query_as(Tracking).language
    async with call.workshop.reading() as db:
        found = await progress.tracked(db, number)
        council = (await current(db)).council
    if found is None:
        raise unknown(number)
    stands, first = found.progress, found.acknowledgement
    kept = {Standing.KEPT: True, Standing.BROKEN: False}
    shown = EnquiryTracked(
        reference=found.reference,
        received_at=found.received_at,
        state=stands.stage,
        in_words=IN_WORDS[stands.stage],
        answered_at=stands.answered_at,
        resolved_at=stands.resolved_at,
        acknowledge_by=first.due_at if first else None,
        kept=kept.get(first.standing) if first else None,
        promises=[*map(promise_shown, told(found.promises, council, [asked] if asked else call.languages))],
    )
    return Answer(200, shown)


def promise_shown(promise: Told) -> PromiseShown:
    return PromiseShown(in_words=promise.in_words, due_at=promise.due_at, state=promise.standing)


SERVES = (
    route(
        "POST",
        "/v1/enquiries",
        post_enquiry,
        who=(Role.PUBLIC, Role.MACHINE),
        takes=NewEnquiry,
        uploads=Uploads("enquiry", filing.upload_limits),
        gives={201: EnquiryReceipt},
        refuses=(403, 409, 422),
        command=True,
        summary="Take in an enquiry.",
    ),
    route(
        "POST",
        "/v1/enquiries/{reference}/contacts",
        post_contact_on_enquiry,
        who=(Role.PUBLIC, Role.MACHINE),
        takes=NewContact,
        uploads=Uploads("contact", filing.upload_limits),
        gives={201: ContactReceipt},
        refuses=(403, 404, 409, 422),
        command=True,
        summary="Add to an enquiry, for whoever knows its reference.",
    ),
    route(
        "GET",
        "/v1/enquiries/{reference}",
        get_enquiry,
        who=(Role.PUBLIC,),
        query=Tracking,
        gives={200: EnquiryTracked},
        refuses=(404, 422),
        summary="Show how an enquiry fares, to whoever knows its reference.",
    ),
)
