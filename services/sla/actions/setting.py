"""Due times that people set: dates agreed with citizens, and further time for a clock that runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from services.sla.actions.settling import ByHand, make_sense, settle
from services.sla.domain import reckoning
from services.sla.domain.clocks import Clock, State
from services.sla.domain.facts import Kind, is_resolved
from services.sla.domain.known import Known
from services.sla.domain.terms import AGREED, Agreed
from services.sla.store import clocks, facts
from services.sla.store.facts import Heard
from shared.errors import Conflict, Invalid, NotFound
from shared.vocabulary import ClockId, EnquiryId, new_id
from shared.work import Work

FARTHEST = timedelta(days=3_653)
RUNS_NO_MORE = "This clock runs no more, so its due time cannot change: look at the enquiry's clocks again."


async def agree(work: Work, enquiry_id: EnquiryId, due_at: datetime, by: ByHand) -> Clock:
    """The clock of the agreed date, new or with its new due time. `Conflict` when the enquiry is resolved."""
    check_ahead(work, due_at)
    fact = Heard(fact_id=new_id(), kind=Kind.AGREED, occurred_at=work.occurred_at, due_at=due_at)
    found = await facts.hear(work.db, enquiry_id, fact, work.now, by.because)
    if len(found.facts) == 1:
        raise NotFound("No such enquiry is known here: check its id, or try again in a moment.")
    if is_resolved(found.facts):
        raise Conflict("This enquiry is resolved: reopen it before you agree a date.")
    changed = await settle(work, await make_sense(work, enquiry_id, found), by)
    return set_by(changed, fact.fact_id)


async def extend(work: Work, clock_id: ClockId, seen: int | None, until: datetime | int, by: ByHand) -> Clock:
    """Until a moment, or for so many further days. `Conflict` when the clock is not the one `seen`, or has ended."""
    clock = await clocks.clock(work.db, clock_id)
    if clock is None:
        raise no_such_clock()
    check_open(clock, seen)
    known = await make_sense(work, clock.enquiry_id, await facts.known(work.db, clock.enquiry_id))
    due_at = until if isinstance(until, datetime) else further(known, clock, until)
    check_ahead(work, due_at)
    fact = Heard(
        fact_id=new_id(),
        kind=Kind.EXTENDED,
        occurred_at=work.occurred_at,
        standard=clock.key.standard,
        start_id=clock.key.start_id,
        due_at=due_at,
    )
    found = await facts.hear(work.db, clock.enquiry_id, fact, work.now, by.because)
    return set_by(await settle(work, await make_sense(work, clock.enquiry_id, found), by), fact.fact_id)


def no_such_clock() -> NotFound:
    return NotFound("There is no such clock: look at the enquiry's clocks again.")


def check_open(clock: Clock, seen: int | None) -> None:
    if clock.retired or not clock.state.is_open:
        raise Conflict(RUNS_NO_MORE)
    if seen is not None and seen != clock.version:
        raise Conflict(f"This clock has changed since version {seen}: look at it again, then decide.")
    if clock.key.standard == AGREED:
        raise Conflict("This date was agreed with the citizen: agree another one with them instead.")


def check_ahead(work: Work, due_at: datetime) -> None:
    if due_at <= work.now:
        raise Invalid("This due time is past already: name a moment that is still to come.")
    if due_at > work.now + FARTHEST:
        raise Invalid("This due time is more than ten years ahead: name an earlier one.")


def further(known: Known, clock: Clock, days: int) -> datetime:
    """So many days of its calendar after its due time."""
    terms = known.terms_by(clock.standard_id)
    if clock.state is State.PAUSED or clock.due_at is None or isinstance(terms, Agreed):
        raise Invalid("While it is paused this clock has no due time to count from: name the new due time itself.")
    return reckoning.further(terms, clock.due_at, days)


def set_by(changed: list[Clock], fact_id: UUID) -> Clock:
    """Nothing was set when the clock turned out to have ended just now; the work is then rolled back."""
    clock = next((clock for clock in changed if clock.set_by == fact_id), None)
    if clock is None or not clock.state.is_open:
        raise Conflict(RUNS_NO_MORE)
    return clock
