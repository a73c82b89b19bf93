"""Looking for and at citizens, and what advisers find out about what they are known by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.crm.actions import looking, vouching
from services.crm.actions.looking import Portrait
from services.crm.api.shapes import CitizenLine, ContactShown, EnquiryLine, EntryShown, Reading, Why
from services.crm.domain import rows
from services.crm.domain.citizens import Citizen
from services.crm.domain.identifiers import IdentifierKind, Strength
from services.crm.domain.timeline import Line, Place
from shared.vocabulary import CitizenId
from shared.web import Answer, Body, Call, Query, Shown, etag, route
from shared.work import Work

Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Searching(Query):
    """What the citizen is known by: an email address, or a telephone number or UPRN together with the surname."""

    email: Value | None = None
    telephone: Value | None = None
    uprn: Value | None = None
    surname: Value | None = None
    why: Why | None = None


class Paging(Query):
    """How much of a timeline to show, and where to go on."""

    limit: int = Field(50, ge=1, le=100)
    after: str | None = Field(
        None, pattern=r"^-?\d{1,16}\.\d{1,18}$", description="As the page before this one gave it."
    )
    why: Why | None = None


class NewIdentifier(Body):
    """What the citizen is also known by, and whether they have shown it."""

    kind: Literal["email", "telephone", "uprn", "card"]
    value: Value
    evidence: Literal["claimed", "verified"]


class IdentifierShown(Shown):
    """What a citizen is known by, who says so, and from when to when."""

    identifier_id: UUID
    kind: IdentifierKind
    value: str
    evidence: Strength
    source: str
    valid_from: datetime
    valid_to: datetime | None
    ended_by: str | None


class CitizenList(Shown):
    """Those who are known by all that was asked for."""

    citizens: list[CitizenLine]


class CitizenShown(CitizenLine):
    """A citizen, by what they are known, and which enquiries of theirs go on."""

    known_since: datetime
    version: int
    identifiers: list[IdentifierShown]
    enquiries: list[EnquiryLine] = Field(description="Those that are not resolved, the newest first; at most 50.")


class LineShown(Shown):
    """One thing that happened, with its enquiry and, where it is one, the contact."""

    enquiry_id: UUID
    reference: str
    title: str
    entry: EntryShown
    contact: ContactShown | None


class TimelineShown(Shown):
    """The newest first."""

    lines: list[LineShown]
    after: str | None = Field(description="Send this as `after` for the next ones; null when there are none.")


async def get_citizens(call: Call[None]) -> Answer:
    asked = call.query_as(Searching)
    given = {kind: value for kind in IdentifierKind if (value := getattr(asked, kind, None)) is not None}

    async def look(work: Work) -> list[Citizen]:
        return await looking.for_citizens(work, given, asked.surname, asked.why)

    found = await call.workshop.run([], look, call.cause)
    return Answer(200, CitizenList(citizens=[CitizenLine.model_validate(each, from_attributes=True) for each in found]))


async def get_citizen(call: Call[None]) -> Answer:
    citizen_id = CitizenId(call.id("citizen_id"))
    why = call.query_as(Reading).why

    async def look(work: Work) -> Portrait:
        return await looking.at_citizen(work, citizen_id, why)

    found = await call.workshop.run([], look, call.cause)
    shown = CitizenShown(
        **dict(CitizenLine.model_validate(found.citizen, from_attributes=True)),
        known_since=found.citizen.known_since,
        version=found.citizen.version,
        identifiers=[IdentifierShown.model_validate(each, from_attributes=True) for each in found.identifiers],
        enquiries=[EnquiryLine.model_validate(each, from_attributes=True) for each in found.enquiries],
    )
    return Answer(200, shown, etag(found.citizen.version))


async def get_timeline(call: Call[None]) -> Answer:
    citizen_id = CitizenId(call.id("citizen_id"))
    asked = call.query_as(Paging)

    async def look(work: Work) -> list[Line]:
        before = place_in(asked.after) if asked.after is not None else None
        return await looking.at_timeline(work, citizen_id, asked.limit, before, asked.why)

    found = await call.workshop.run([], look, call.cause)
    return Answer(
        200,
        TimelineShown(
            lines=[LineShown.model_validate(each, from_attributes=True) for each in found],
            after=text_of(found[-1].place) if len(found) == asked.limit else None,
        ),
    )


def text_of(place: Place) -> str:
    return f"{(place.occurred_at - EPOCH) // MICROSECOND}.{place.nth}"


def place_in(text: str) -> Place:
    microseconds, _, nth = text.partition(".")
    return Place(EPOCH + int(microseconds) * MICROSECOND, int(nth))


async def post_identifier(call: Call[NewIdentifier]) -> Answer:
    citizen_id, body = CitizenId(call.id("citizen_id")), call.body
    kind, evidence = IdentifierKind(body.kind), Strength(body.evidence)

    async def act(work: Work) -> Answer:
        kept = await vouching.keep_identifier(work, citizen_id, kind, body.value, evidence)
        return Answer(201, IdentifierShown.model_validate(kept, from_attributes=True))

    return await call.command([subject_of(citizen_id)], act)


async def post_ending(call: Call[None]) -> Answer:
    citizen_id, identifier_id = CitizenId(call.id("citizen_id")), call.id("identifier_id")

    async def act(work: Work) -> Answer:
        ended = await vouching.end_identifier(work, citizen_id, identifier_id)
        return Answer(200, IdentifierShown.model_validate(ended, from_attributes=True))

    return await call.command([subject_of(citizen_id)], act)


def subject_of(citizen_id: CitizenId) -> str:
    return f"citizen/{citizen_id}"


SERVES = (
    route(
        "GET",
        "/v1/citizens",
        get_citizens,
        who=rows.SEE_CITIZENS,
        query=Searching,
        gives={200: CitizenList},
        refuses=(422,),
        summary="Find a citizen by email, or by telephone or UPRN together with the surname.",
    ),
    route(
        "GET",
        "/v1/citizens/{citizen_id}",
        get_citizen,
        who=rows.SEE_CITIZENS,
        query=Reading,
        gives={200: CitizenShown},
        refuses=(404,),
        summary="Show what a citizen is known by and what they have asked; that you looked is written down.",
    ),
    route(
        "GET",
        "/v1/citizens/{citizen_id}/timeline",
        get_timeline,
        who=rows.SEE_CITIZENS,
        query=Paging,
        gives={200: TimelineShown},
        refuses=(404,),
        summary="Show everything that happened to all enquiries of a citizen; that you looked is written down.",
    ),
    route(
        "POST",
        "/v1/citizens/{citizen_id}/identifiers",
        post_identifier,
        who=rows.DECIDE_ABOUT_CITIZENS,
        takes=NewIdentifier,
        gives={201: IdentifierShown},
        refuses=(404, 422),
        command=True,
        summary="Say what a citizen is also known by, or that they have shown it.",
    ),
    route(
        "POST",
        "/v1/citizens/{citizen_id}/identifiers/{identifier_id}/ending",
        post_ending,
        who=rows.DECIDE_ABOUT_CITIZENS,
        gives={200: IdentifierShown},
        refuses=(404,),
        command=True,
        summary="Say that a citizen is not known by this any more.",
    ),
)
