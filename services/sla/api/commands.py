"""Due times that people set: a date agreed with the citizen, and further time for a clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from services.sla.actions import setting
from services.sla.actions.settling import ByHand
from services.sla.domain.clocks import Clock, State
from services.sla.store import clocks
from shared.vocabulary import AdviserId, ClockId, EnquiryId, Role, enquiry_subject
from shared.web import Answer, Body, Call, Shown, etag, route
from shared.work import Work

Why = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000),
    Field(description="The reason, for whoever asks later."),
]


class AgreedDate(Body):
    """When the citizen has agreed to have their answer."""

    due_at: AwareDatetime
    why: Why


class Extension(Body):
    """Another due time for a clock: the moment itself, or so many further working days."""

    due_at: AwareDatetime | None = None
    further_days: int | None = Field(
        None, ge=1, le=1_000, description="Working days of its calendar, after its due time."
    )
    why: Why

    @model_validator(mode="after")
    def check_one(self) -> Extension:
        if (self.due_at is None) == (self.further_days is None):
            raise ValueError("say either due_at or further_days")
        return self


class DueTime(Shown):
    """The clock as it stands now; `due_at` is missing while it is paused."""

    clock_id: UUID
    enquiry_id: UUID
    standard: str
    state: State
    due_at: datetime | None
    version: int


def shown(clock: Clock) -> Answer:
    body = DueTime(
        clock_id=clock.clock_id,
        enquiry_id=clock.enquiry_id,
        standard=clock.key.standard,
        state=clock.state,
        due_at=clock.due_at,
        version=clock.version,
    )
    return Answer(200, body, etag(clock.version))


async def post_agreed_date(call: Call[AgreedDate]) -> Answer:
    enquiry_id = EnquiryId(call.id("enquiry_id"))

    async def act(work: Work) -> Answer:
        return shown(await setting.agree(work, enquiry_id, call.body.due_at, by_hand(call, call.body.why)))

    return await call.command([enquiry_subject(enquiry_id)], act)


async def post_extension(call: Call[Extension]) -> Answer:
    clock_id = ClockId(call.id("clock_id"))
    async with call.workshop.reading() as db:
        clock = await clocks.clock(db, clock_id)
    if clock is None:
        raise setting.no_such_clock()
    until = call.body.due_at or call.body.further_days or 0

    async def act(work: Work) -> Answer:
        return shown(await setting.extend(work, clock_id, call.if_match, until, by_hand(call, call.body.why)))

    return await call.command([enquiry_subject(clock.enquiry_id)], act)


def by_hand(call: Call[AgreedDate] | Call[Extension], why: str) -> ByHand:
    return ByHand(AdviserId(call.caller.name), why)


SERVES = (
    route(
        "POST",
        "/v1/enquiries/{enquiry_id}/agreed-date",
        post_agreed_date,
        who=(Role.ADVISER, Role.OFFICER, Role.MANAGER),
        takes=AgreedDate,
        gives={200: DueTime},
        refuses=(404, 409),
        command=True,
        summary="Run a clock until a date that was agreed with the citizen; another date moves it.",
    ),
    route(
        "POST",
        "/v1/clocks/{clock_id}/extension",
        post_extension,
        who=(Role.MANAGER,),
        takes=Extension,
        gives={200: DueTime},
        refuses=(404, 409),
        command=True,
        versioned=True,
        summary="Give a clock further time, with the reason.",
    ),
)
