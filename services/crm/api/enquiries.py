"""Looking at enquiries: the list of one state, and the whole record of one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.crm.actions import looking
from services.crm.actions.looking import Record
from services.crm.api.shapes import (
    CitizenLine,
    ContactShown,
    EnquiryLine,
    EnquiryShown,
    EntryShown,
    LinkShown,
    Reading,
    SuggestionShown,
    TaskShown,
    person_of,
)
from services.crm.domain import rows
from services.crm.domain.enquiries import Enquiry, EnquiryState
from shared.vocabulary import EnquiryId
from shared.web import Answer, Call, Query, Shown, etag, route
from shared.work import Work

Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class Listing(Query):
    """Which enquiries to list, and after which one to go on."""

    state: EnquiryState = Field(EnquiryState.OPEN, description="With a reference: in any state unless you name one.")
    reference: Reference | None = Field(None, description="Finds that enquiry, as in ANY-7K3M-9QPX-2RT4.")
    limit: int = Field(50, ge=1, le=100)
    after: UUID | None = Field(None, description="The last enquiry of the list before this one.")


class EnquiryList(Shown):
    """The newest first."""

    enquiries: list[EnquiryLine]
    after: UUID | None = Field(description="Send this as `after` for the next ones; null when there are none.")


async def get_enquiries(call: Call[None]) -> Answer:
    asked = call.query_as(Listing)
    after = EnquiryId(asked.after) if asked.after is not None else None

    async def look(work: Work) -> list[Enquiry]:
        if asked.reference is not None:
            state = asked.state if "state" in asked.model_fields_set else None
            return await looking.for_reference(work, person_of(call), asked.reference, state)
        return await looking.at_newest(work, person_of(call), asked.state, asked.limit, after)

    found = await call.workshop.run([], look, call.cause)
    goes_on = asked.reference is None and len(found) == asked.limit
    last = found[-1].enquiry_id if goes_on else None
    lines = [EnquiryLine.model_validate(each, from_attributes=True) for each in found]
    return Answer(200, EnquiryList(enquiries=lines, after=last))


async def get_enquiry(call: Call[None]) -> Answer:
    enquiry_id = EnquiryId(call.id("enquiry_id"))
    why = call.query_as(Reading).why

    async def look(work: Work) -> Record:
        return await looking.at_enquiry(work, enquiry_id, person_of(call), why)

    found = await call.workshop.run([], look, call.cause)
    return Answer(200, shown(found), etag(found.enquiry.version))


def shown(found: Record) -> EnquiryShown:
    enquiry = found.enquiry
    citizen = found.citizen
    return EnquiryShown(
        **dict(EnquiryLine.model_validate(enquiry, from_attributes=True)),
        text=enquiry.text,
        place=enquiry.place,
        citizen=CitizenLine.model_validate(citizen, from_attributes=True) if citizen is not None else None,
        identified_by=enquiry.identified_by,
        suggestions=[SuggestionShown.model_validate(each, from_attributes=True) for each in found.suggestions],
        contacts=[ContactShown.model_validate(each, from_attributes=True) for each in found.contacts],
        tasks=[TaskShown.model_validate(each, from_attributes=True) for each in found.tasks],
        links=[LinkShown.model_validate(each, from_attributes=True) for each in found.links],
        timeline=[EntryShown.model_validate(each, from_attributes=True) for each in found.timeline],
    )


SERVES = (
    route(
        "GET",
        "/v1/enquiries",
        get_enquiries,
        who=rows.SEE_ENQUIRIES,
        query=Listing,
        gives={200: EnquiryList},
        refuses=(404, 422),
        summary="List the newest enquiries of one state, or find one by its reference; every line counts as a look.",
    ),
    route(
        "GET",
        "/v1/enquiries/{enquiry_id}",
        get_enquiry,
        who=rows.SEE_ENQUIRIES,
        query=Reading,
        gives={200: EnquiryShown},
        refuses=(404,),
        summary="Show everything known of an enquiry; that you looked is written down.",
    ),
)
