"""What sla can do. Each action reads, decides, writes, then says so."""

from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from services.sla import domain, store
from services.sla.domain import Clock, Entry, Line
from services.sla.settings import sla_settings
from shared.contracts.sla import (
    ACKNOWLEDGEMENT,
    ClockBreached,
    ClockCorrected,
    ClockMet,
    ClockStarted,
    Verdict,
)
from shared.errors import Early
from shared.timers import cancel_timer, set_timer
from shared.vocabulary import AnswerKind, ClockId, EnquiryId, enquiry_subject, new_id
from shared.work import Work

CLOCK_DUE = "clock-due"


async def promise_acknowledgement(work: Work, enquiry_id: EnquiryId) -> None:
    """From the moment the enquiry was received, however late that is heard here."""
    clock = Clock(
        clock_id=ClockId(new_id()),
        enquiry_id=enquiry_id,
        standard=ACKNOWLEDGEMENT,
        started_at=work.occurred_at,
        due_at=domain.due(work.occurred_at, sla_settings().acknowledge_within_seconds),
    )
    if not await store.start(work.db, clock):
        return
    await record(work, clock, Entry.STARTED, work.occurred_at)
    await set_timer(work, CLOCK_DUE, str(clock.clock_id), enquiry_subject(enquiry_id), clock.due_at)
    work.say(ClockStarted(**about(clock), started_at=clock.started_at))


async def hear_answer(work: Work, enquiry_id: EnquiryId, kind: AnswerKind) -> None:
    if domain.stops(kind):
        await stop_acknowledgement(work, enquiry_id)


async def stop_acknowledgement(work: Work, enquiry_id: EnquiryId) -> None:
    """Early while the enquiry itself has not been heard of: crm may be quicker than intake."""
    clock = await store.clock_of(work.db, enquiry_id, ACKNOWLEDGEMENT)
    if clock is None:
        raise Early(enquiry_subject(enquiry_id))
    stopped = domain.stop(clock, work.occurred_at)
    await turn(work, clock, stopped)
    if clock.state is domain.State.RUNNING:
        await cancel_timer(work, CLOCK_DUE, str(clock.clock_id))


async def judge(work: Work, clock_id: ClockId) -> None:
    """Looks again: what has stopped the clock in the meantime leaves nothing to judge."""
    clock = await store.clock(work.db, clock_id)
    if clock is not None:
        await turn(work, clock, domain.fall_due(clock))


async def turn(work: Work, before: Clock, after: Clock) -> None:
    """Writes the change, and says of it what was not said before."""
    if before == after:
        return
    await store.change(work.db, after)
    entry = domain.entry_for(before, after)
    if entry is None:
        return
    occurred_at = domain.occurred_at(entry, after, work.occurred_at)
    note = await record(work, after, entry, occurred_at)
    then = work.because(replace(work.cause, occurred_at=occurred_at))
    if entry is Entry.MET:
        then.say(ClockMet(**about(after), stopped_at=occurred_at))
    elif entry is Entry.BREACHED:
        then.say(ClockBreached(**about(after)))
    else:
        then.say(
            ClockCorrected(**about(after), verdict=Verdict(after.state), stopped_at=after.stopped_at, because=note)
        )


async def record(work: Work, clock: Clock, entry: Entry, occurred_at: datetime) -> str:
    """Adds a line to the ledger and gives back its note."""
    line = Line(
        version=clock.version,
        entry=entry,
        occurred_at=occurred_at,
        recorded_at=work.now,
        actor=work.cause.actor,
        note=domain.note_for(entry, clock),
    )
    await store.add_line(work.db, clock.clock_id, line, work.cause.causation_id)
    return line.note


class About(TypedDict):
    """What every event about a clock carries."""

    clock_id: ClockId
    enquiry_id: EnquiryId
    standard: str
    due_at: datetime


def about(clock: Clock) -> About:
    return {
        "clock_id": clock.clock_id,
        "enquiry_id": clock.enquiry_id,
        "standard": clock.standard,
        "due_at": clock.due_at,
    }
