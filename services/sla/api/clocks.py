"""`GET /v1/clocks/{enquiry_id}`: what was promised on an enquiry, and line by line why it is due when it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from services.sla.domain.changes import Entry
from services.sla.domain.clocks import Clock, State
from services.sla.domain.terms import AGREED, BY_AGREEMENT, Agreed, Terms
from services.sla.domain.words import days_left_out, target_of
from services.sla.store import clocks, facts
from services.sla.store.clocks import Line
from services.sla.store.standards import terms_of
from shared.council import in_words
from shared.errors import NotFound
from shared.vocabulary import EnquiryId, Role
from shared.web import Answer, Call, Shown, route


class LedgerLine(Shown):
    """One change of a clock, and why."""

    version: int
    entry: Entry
    occurred_at: datetime
    recorded_at: datetime
    cause: UUID | None = Field(description="The event that brought it about, or the command by which a person did.")
    actor: str
    note: str
    reason: str | None = Field(description="What a person gave as their reason.")


class DayLeftOut(Shown):
    """A day on which other hours held than the week has."""

    day: date
    why: str


class ClockShown(Shown):
    """One promise on one enquiry. Send its `version` as If-Match when you extend it."""

    clock_id: UUID
    standard: str
    name: str
    target: str | None = Field(description="What was promised, in words.")
    council_version: int = Field(description="The version of the council file under which it was started.")
    task_id: UUID | None
    queue_id: str | None
    state: State
    at_risk: bool
    started_at: datetime
    due_at: datetime | None = Field(description="Nothing while it is paused.")
    paused_at: datetime | None
    stopped_at: datetime | None
    replaces: UUID | None
    version: int
    days_left_out: list[DayLeftOut] = Field(
        description="Bank holidays and days with hours of their own, until it is due."
    )
    ledger: list[LedgerLine]


class Clocks(Shown):
    """Everything promised on one enquiry."""

    enquiry_id: UUID
    clocks: list[ClockShown]


async def get_clocks(call: Call[None]) -> Answer:
    enquiry_id = EnquiryId(call.id("enquiry_id"))
    async with call.workshop.reading() as db:
        found = await clocks.clocks_of(db, enquiry_id)
        lines = await clocks.lines_of(db, enquiry_id)
        terms = await terms_of(db, {clock.standard_id for clock in found if clock.standard_id is not None})
        reasons = await facts.reasons(db, enquiry_id)
    if not found:
        raise NotFound("No promise runs on this enquiry: check its id, or look again in a moment.")
    shown = [
        show(clock, terms.get(clock.standard_id or clock.clock_id), lines.get(clock.clock_id, []), reasons)
        for clock in found
    ]
    return Answer(200, Clocks(enquiry_id=enquiry_id, clocks=shown))


def show(clock: Clock, under: Terms | None, lines: Sequence[Line], reasons: Mapping[UUID, str]) -> ClockShown:
    terms: Terms | Agreed | None = under or (BY_AGREEMENT if clock.key.standard == AGREED else None)
    return ClockShown(
        clock_id=clock.clock_id,
        standard=clock.key.standard,
        name=in_words(under.standard.name) if under else "Agreed date" if terms else clock.key.standard,
        target=target_of(terms) if terms else None,
        council_version=clock.council_version,
        task_id=clock.task_id,
        queue_id=clock.queue_id,
        state=clock.state,
        at_risk=clock.at_risk is not None,
        started_at=clock.started_at,
        due_at=clock.due_at,
        paused_at=clock.paused_at,
        stopped_at=clock.stopped_at,
        replaces=clock.replaces,
        version=clock.version,
        days_left_out=left_out(clock, terms),
        ledger=[show_line(line, reasons) for line in lines],
    )


def left_out(clock: Clock, terms: Terms | Agreed | None) -> list[DayLeftOut]:
    if terms is None:
        return []
    return [DayLeftOut(day=each.day, why=each.why) for each in days_left_out(terms, clock.started_at, clock.due_at)]


def show_line(line: Line, reasons: Mapping[UUID, str]) -> LedgerLine:
    return LedgerLine(
        version=line.version,
        entry=line.entry,
        occurred_at=line.occurred_at,
        recorded_at=line.recorded_at,
        cause=line.cause,
        actor=line.actor,
        note=line.note,
        reason=reasons.get(line.cause) if line.cause else None,
    )


SERVES = (
    route(
        "GET",
        "/v1/clocks/{enquiry_id}",
        get_clocks,
        who=(
            Role.ADVISER,
            Role.OFFICER,
            Role.MANAGER,
            Role.HEAD_OF_SERVICE,
            Role.ADMINISTRATOR,
            Role.AUDITOR,
        ),
        gives={200: Clocks},
        refuses=(404,),
        summary="Show what was promised on an enquiry, and line by line why it is due when it is.",
    ),
)
