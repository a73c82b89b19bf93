"""What sla serves: what was promised on an enquiry, and how all promises stand."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.sla import store
from services.sla.domain import Clock, Entry, Line, State
from shared.errors import NotFound
from shared.vocabulary import EnquiryId, Role
from shared.web import Answer, Call, Shown, route


class LedgerLine(Shown):
    """One change of a clock, and why."""

    version: int
    entry: Entry
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    note: str


class ClockShown(Shown):
    """One promise on one enquiry."""

    clock_id: UUID
    standard: str
    state: State
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    version: int
    ledger: list[LedgerLine]


class Clocks(Shown):
    """Everything promised on one enquiry."""

    enquiry_id: UUID
    clocks: list[ClockShown]


class Now(Shown):
    """How all promises stand at this moment."""

    at: datetime
    running: int
    met: int
    breached: int
    longest_running_seconds: float | None = Field(description="The age of the oldest clock that runs.")


async def get_clocks(call: Call[None]) -> Answer:
    enquiry_id = EnquiryId(call.id("enquiry_id"))
    async with call.workshop.reading() as db:
        clocks = await store.clocks_of(db, enquiry_id)
        lines = await store.lines_of(db, enquiry_id)
    if not clocks:
        raise NotFound("No promise runs on this enquiry: check its id, or look again in a moment.")
    shown = [show(clock, lines.get(clock.clock_id, [])) for clock in clocks]
    return Answer(200, Clocks(enquiry_id=enquiry_id, clocks=shown))


def show(clock: Clock, lines: list[Line]) -> ClockShown:
    return ClockShown(
        clock_id=clock.clock_id,
        standard=clock.standard,
        state=clock.state,
        started_at=clock.started_at,
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        version=clock.version,
        ledger=[
            LedgerLine(
                version=line.version,
                entry=line.entry,
                occurred_at=line.occurred_at,
                recorded_at=line.recorded_at,
                actor=line.actor,
                note=line.note,
            )
            for line in lines
        ],
    )


async def get_now(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        figures = await store.figures(db)
        now = await call.workshop.timesource.now(db)
    oldest = figures.oldest_started_at
    shown = Now(
        at=now,
        running=figures.running,
        met=figures.met,
        breached=figures.breached,
        longest_running_seconds=(now - oldest).total_seconds() if oldest else None,
    )
    return Answer(200, shown)


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
        summary="Show what was promised on an enquiry, and every change of it.",
    ),
    route(
        "GET",
        "/v1/now",
        get_now,
        who=(Role.MANAGER, Role.HEAD_OF_SERVICE, Role.ADMINISTRATOR, Role.AUDITOR),
        gives={200: Now},
        summary="Show how all promises stand at this moment.",
    ),
)
