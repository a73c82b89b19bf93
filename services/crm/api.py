"""What crm serves: the record of each enquiry, and what advisers decide about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.crm import actions
from services.crm.actions import Decision, Record
from services.crm.domain import Contact, Enquiry, EnquiryState, Entry, EntryKind
from shared.errors import Refused
from shared.vocabulary import (
    AdviserId,
    AnswerKind,
    Channel,
    EnquiryId,
    Point,
    Resolution,
    Role,
    enquiry_subject,
)
from shared.web import Answer, Body, Call, Query, Shown, etag, route
from shared.work import Work

WORKERS = (Role.ADVISER, Role.OFFICER)
READERS = (*WORKERS, Role.MANAGER, Role.HEAD_OF_SERVICE, Role.AUDITOR)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class NewAnswer(Body):
    """What the citizen is told. Only a full answer makes the enquiry answered."""

    kind: Literal["acknowledgement", "holding", "full"]
    text: Text


class NewResolution(Body):
    """How the enquiry ends."""

    resolution: Literal["done", "answered", "not_ours", "duplicate"]


class Reading(Query):
    """Why you look at the record; it is written down with your name."""

    why: Why | None = None


class Listing(Query):
    """Which enquiries to list, and after which one to go on."""

    state: EnquiryState = EnquiryState.OPEN
    limit: int = Field(50, ge=1, le=100)
    after: UUID | None = Field(None, description="The last enquiry of the list before this one.")


class ContactShown(Shown):
    """One interaction with a citizen."""

    contact_id: UUID
    channel: Channel
    point: Point
    direction: Literal["inbound", "outbound"]
    started_at: datetime
    ended_at: datetime | None
    citizen_name: str | None
    citizen_email: str | None


class EntryShown(Shown):
    """One thing that happened."""

    kind: EntryKind
    detail: str | None = Field(description="Which kind of answer, which resolution, which adviser.")
    text: str | None
    occurred_at: datetime
    recorded_at: datetime
    actor: str


class EnquiryLine(Shown):
    """An enquiry in a list."""

    enquiry_id: UUID
    reference: str
    title: str
    channel: Channel
    state: EnquiryState
    version: int
    received_at: datetime
    assigned_to: str | None
    answered_at: datetime | None
    resolved_at: datetime | None
    resolution: Resolution | None


class EnquiryList(Shown):
    """The newest first."""

    enquiries: list[EnquiryLine]
    after: UUID | None = Field(description="Send this as `after` for the next ones; null when there are none.")


class EnquiryShown(EnquiryLine):
    """Everything the council knows of one enquiry."""

    text: str
    place: str | None
    service_code: str | None
    contacts: list[ContactShown]
    timeline: list[EntryShown]


class EnquiryDecided(Shown):
    """Where the enquiry stands now. Send the version as `If-Match` with the next command."""

    enquiry_id: UUID
    state: EnquiryState
    version: int


async def get_enquiry(call: Call[None]) -> Answer:
    enquiry_id = EnquiryId(call.id("enquiry_id"))
    why = call.query_as(Reading).why

    async def look_up(work: Work) -> Record:
        return await actions.look_up(work, enquiry_id, why)

    found = await call.workshop.run([], look_up, call.cause)
    return Answer(200, shown_record(found), etag(found.enquiry.version))


async def get_enquiries(call: Call[None]) -> Answer:
    asked = call.query_as(Listing)
    after = EnquiryId(asked.after) if asked.after is not None else None

    async def list_newest(work: Work) -> list[Enquiry]:
        return await actions.list_newest(work, asked.state, asked.limit, after)

    enquiries = await call.workshop.run([], list_newest, call.cause)
    last = enquiries[-1].enquiry_id if len(enquiries) == asked.limit else None
    return Answer(200, EnquiryList(enquiries=[line_of(enquiry) for enquiry in enquiries], after=last))


async def post_answer(call: Call[NewAnswer]) -> Answer:
    kind = AnswerKind(call.body.kind)

    async def answer(work: Work, decision: Decision) -> Enquiry:
        return await actions.answer(work, decision, kind, call.body.text)

    return await decide(call, 201, answer)


async def post_resolution(call: Call[NewResolution]) -> Answer:
    resolution = Resolution(call.body.resolution)

    async def resolve(work: Work, decision: Decision) -> Enquiry:
        return await actions.resolve(work, decision, resolution)

    return await decide(call, 200, resolve)


async def decide(
    call: Call[NewAnswer] | Call[NewResolution],
    status: int,
    action: Callable[[Work, Decision], Awaitable[Enquiry]],
) -> Answer:
    """What all commands about an enquiry share: who decides, what they saw, and what it has become."""
    if call.if_match is None:
        raise Refused("Send the header If-Match with the version you saw, as the last ETag gave it.")
    decision = Decision(
        enquiry_id=EnquiryId(call.id("enquiry_id")),
        seen=call.if_match,
        adviser_id=AdviserId(call.caller.name),
    )

    async def act(work: Work) -> Answer:
        enquiry = await action(work, decision)
        shown = EnquiryDecided(enquiry_id=enquiry.enquiry_id, state=enquiry.state, version=enquiry.version)
        return Answer(status, shown, etag(enquiry.version))

    return await call.command([enquiry_subject(decision.enquiry_id)], act)


def line_of(enquiry: Enquiry) -> EnquiryLine:
    return EnquiryLine(
        enquiry_id=enquiry.enquiry_id,
        reference=enquiry.reference,
        title=enquiry.title,
        channel=enquiry.channel,
        state=enquiry.state,
        version=enquiry.version,
        received_at=enquiry.received_at,
        assigned_to=enquiry.assigned_to,
        answered_at=enquiry.answered_at,
        resolved_at=enquiry.resolved_at,
        resolution=enquiry.resolution,
    )


def shown_record(found: Record) -> EnquiryShown:
    enquiry = found.enquiry
    return EnquiryShown(
        **dict(line_of(enquiry)),
        text=enquiry.text,
        place=enquiry.place,
        service_code=enquiry.service_code,
        contacts=[shown_contact(contact) for contact in found.contacts],
        timeline=[shown_entry(entry) for entry in found.timeline],
    )


def shown_contact(contact: Contact) -> ContactShown:
    return ContactShown(
        contact_id=contact.contact_id,
        channel=contact.channel,
        point=contact.point,
        direction="outbound" if contact.direction == "outbound" else "inbound",
        started_at=contact.started_at,
        ended_at=contact.ended_at,
        citizen_name=contact.citizen_name,
        citizen_email=contact.citizen_email,
    )


def shown_entry(entry: Entry) -> EntryShown:
    return EntryShown(
        kind=entry.kind,
        detail=entry.detail,
        text=entry.text,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        actor=entry.actor,
    )


SERVES = (
    route(
        "GET",
        "/v1/enquiries",
        get_enquiries,
        who=READERS,
        query=Listing,
        gives={200: EnquiryList},
        summary="List the newest enquiries of one state; every line is written down as a look.",
    ),
    route(
        "GET",
        "/v1/enquiries/{enquiry_id}",
        get_enquiry,
        who=READERS,
        query=Reading,
        gives={200: EnquiryShown},
        refuses=(404,),
        summary="Show everything known of an enquiry; that you looked is written down.",
    ),
    route(
        "POST",
        "/v1/enquiries/{enquiry_id}/answers",
        post_answer,
        who=WORKERS,
        takes=NewAnswer,
        gives={201: EnquiryDecided},
        refuses=(404, 409, 422),
        command=True,
        versioned=True,
        summary="Tell the citizen something.",
    ),
    route(
        "POST",
        "/v1/enquiries/{enquiry_id}/resolution",
        post_resolution,
        who=WORKERS,
        takes=NewResolution,
        gives={200: EnquiryDecided},
        refuses=(404, 409, 422),
        command=True,
        versioned=True,
        summary="Say that the enquiry is finished; its open tasks are withdrawn.",
    ),
)
