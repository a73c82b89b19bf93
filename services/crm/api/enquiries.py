"""Looking at enquiries: the list of one state, and the whole record of one."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from services.crm.actions import looking
from services.crm.actions.looking import Record
from services.crm.api.shapes import (
    CitizenLine,
    ContactShown,
    EnquiryLine,
    EnquiryShown,
    EntryShown,
    LinkShown,
    PerhapsAbout,
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
RowId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Listing(Query):
    """Which enquiries to list, and after which one to go on."""

    state: EnquiryState = Field(
        EnquiryState.OPEN, description="With reference, row_id or unreached: in any unless you name one."
    )
    reference: Reference | None = Field(None, description="Finds that enquiry, as in ANY-7K3M-9QPX-2RT4.")
    row_id: RowId | None = Field(None, description="Finds what an older system called so; in any state, likewise.")
    unreached: bool = Field(False, description="Only those whose citizen the last that was sent did not reach.")
    limit: int = Field(50, ge=1, le=100)
    after: UUID | None = Field(None, description="The last enquiry of the list before this one.")

    @model_validator(mode="after")
    def looks_for_one_thing(self) -> Listing:
        if self.reference is not None and self.row_id is not None:
            raise ValueError("send either reference or row_id")
        if self.unreached and (self.reference is not None or self.row_id is not None):
            raise ValueError("send unreached without reference and row_id")
        return self


class EnquiryList(Shown):
    """The newest first."""

    enquiries: list[EnquiryLine]
    after: UUID | None = Field(description="Send this as `after` for the next ones; null when there are none.")


async def get_enquiries(call: Call[None]) -> Answer:
    asked = call.query_as(Listing)
    after = EnquiryId(asked.after) if asked.after is not None else None

    async def look(work: Work) -> list[Enquiry]:
        state = asked.state if "state" in asked.model_fields_set else None
        if asked.reference is not None:
            return await looking.for_reference(work, person_of(call), asked.reference, state)
        if asked.row_id is not None:
            return await looking.for_row_id(work, person_of(call), asked.row_id, state)
        if asked.unreached:
            return await looking.at_unreached(work, person_of(call), state, asked.limit, after)
        return await looking.at_newest(work, person_of(call), asked.state, asked.limit, after)

    found = await call.workshop.run([], look, call.cause)
    goes_on = asked.reference is None and asked.row_id is None and len(found) == asked.limit
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
        perhaps_about=perhaps_about(found.perhaps_about),
        timeline=[EntryShown.model_validate(each, from_attributes=True) for each in found.timeline],
    )


def perhaps_about(other: Enquiry | None) -> PerhapsAbout | None:
    if other is None:
        return None
    words = f"It may belong to enquiry {other.reference}: who wrote it is not known there."
    return PerhapsAbout(enquiry_id=other.enquiry_id, reference=other.reference, in_words=words)


SERVES = (
    route(
        "GET",
        "/v1/enquiries",
        get_enquiries,
        who=rows.SEE_ENQUIRIES,
        query=Listing,
        gives={200: EnquiryList},
        refuses=(404, 422),
        summary="List the newest enquiries of one state, or find one by reference or row id; each line is a look.",
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
