"""Brings the clocks of one enquiry to where the facts want them: written, said, and with the next moment set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from services.sla.domain.changes import Change, Entry, Step, changes
from services.sla.domain.clocks import Clock, State
from services.sla.domain.known import Known
from services.sla.domain.terms import InForce
from services.sla.domain.words import note
from services.sla.store import clocks as clock_rows
from services.sla.store.clocks import Line
from services.sla.store.facts import Found
from services.sla.store.standards import terms_of
from shared.contracts.sla import (
    ClockAtRisk,
    ClockBreached,
    ClockCorrected,
    ClockExtended,
    ClockMet,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockSuperseded,
    Verdict,
)
from shared.errors import Unavailable
from shared.timers import cancel_timer, set_timer
from shared.vocabulary import AdviserId, ClockId, EnquiryId, QueueId, TaskId, enquiry_subject, new_id
from shared.work import Work

CLOCK_DUE = "clock-due"

VERDICTS = {State.MET: Verdict.MET, State.BREACHED: Verdict.BREACHED}


@dataclass(frozen=True, slots=True)
class ByHand:
    """Who has set a due time, and why."""

    adviser_id: AdviserId
    because: str


async def make_sense(work: Work, enquiry_id: EnquiryId, found: Found) -> Known:
    """What was found, under the standards it names. `Unavailable` while no council file has been applied."""
    if found.version is None:
        raise Unavailable("No council file has been applied yet: run `accesspoint council apply FILE`.")
    terms = await terms_of(work.db, found.standard_ids)
    return Known(
        enquiry_id=enquiry_id,
        council_version=found.version,
        facts=found.facts,
        clocks=found.clocks,
        in_force={
            each.code: InForce(terms[each.standard_id], each.since, each.code_since, applied_at)
            for each, applied_at in found.in_force
        },
        terms=terms,
    )


async def settle(work: Work, known: Known, by_hand: ByHand | None = None) -> list[Clock]:
    """The clocks that changed, as they stand now."""
    found = changes(known, work.occurred_at, lambda: ClockId(new_id()))
    if not found:
        return []
    notes = [[note(change, step, known.council_version) for step in change.steps] for change in found]
    lines = [line for change, several in zip(found, notes, strict=True) for line in lines_of(work, change, several)]
    await clock_rows.write(work.db, [change.after for change in found], lines)
    await set_next_moment(work, known, [change.after for change in found])
    for change, several in zip(found, notes, strict=True):
        for step, because in zip(change.steps, several, strict=True):
            if step.silent:
                continue
            say(work.because(replace(work.cause, occurred_at=step.occurred_at)), change, step, because, by_hand)
    return [change.after for change in found]


def lines_of(work: Work, change: Change, notes: Sequence[str]) -> Iterable[Line]:
    first = change.after.version - len(change.steps) + 1
    for nth, (step, because) in enumerate(zip(change.steps, notes, strict=True)):
        yield Line(
            clock_id=change.after.clock_id,
            version=first + nth,
            entry=step.entry,
            occurred_at=step.occurred_at,
            recorded_at=work.now,
            cause=change.after.set_by if is_by_hand(change, step) else work.cause.causation_id,
            actor=work.cause.actor,
            note=because,
        )


def is_by_hand(change: Change, step: Step) -> bool:
    """Whether it has the due time of a person, whose reason is then shown with it."""
    return step.entry in (Entry.STARTED, Entry.EXTENDED) and change.after.set_by is not None


async def set_next_moment(work: Work, known: Known, changed: Sequence[Clock]) -> None:
    """One timer for each enquiry: when the next of its clocks is at risk or falls due."""
    before = earliest(known.clocks)
    after = earliest({clock.clock_id: clock for clock in (*known.clocks, *changed)}.values())
    if before == after:
        return
    if before is not None:
        await cancel_timer(work, CLOCK_DUE, key_of(known.enquiry_id, before))
    if after is not None:
        subject = enquiry_subject(known.enquiry_id)
        await set_timer(work, CLOCK_DUE, key_of(known.enquiry_id, after), subject, after)


def earliest(clocks: Iterable[Clock]) -> datetime | None:
    return min((clock.next_moment for clock in clocks if clock.next_moment is not None), default=None)


def key_of(enquiry_id: EnquiryId, moment: datetime) -> str:
    return f"{enquiry_id}/{moment.isoformat()}"


def say(work: Work, change: Change, step: Step, because: str, by_hand: ByHand | None) -> None:
    """What the step is called among services."""
    clock = change.after
    if step.entry is Entry.STARTED:
        work.say(ClockStarted(**about(clock), started_at=clock.started_at, replaces=clock.replaces))
    elif step.entry is Entry.CORRECTED:
        verdict = VERDICTS.get(clock.state, Verdict.RUNNING)
        work.say(ClockCorrected(**about(clock), verdict=verdict, stopped_at=clock.stopped_at, because=because))
    elif step.entry is Entry.SUPERSEDED:
        work.say(ClockSuperseded(**about(clock), cause_id=work.cause.causation_id, because=because))
    elif step.entry is Entry.EXTENDED and by_hand is not None:
        work.say(ClockExtended(**about(clock), adviser_id=by_hand.adviser_id, because=by_hand.because))
    else:
        say_moment(work, clock, step)


def say_moment(work: Work, clock: Clock, step: Step) -> None:
    """What came true at one moment and needs no reason."""
    if step.entry is Entry.PAUSED:
        work.say(ClockPaused(**about(clock), paused_at=step.occurred_at))
    elif step.entry is Entry.RESUMED:
        work.say(ClockResumed(**about(clock), resumed_at=step.occurred_at))
    elif step.entry is Entry.AT_RISK:
        work.say(ClockAtRisk(**about(clock), used_percent=clock.at_risk or 0))
    elif step.entry is Entry.BREACHED:
        work.say(ClockBreached(**about(clock)))
    elif step.entry is Entry.MET:
        work.say(ClockMet(**about(clock), stopped_at=step.occurred_at))


class About(TypedDict):
    """What every event about a clock carries."""

    clock_id: ClockId
    enquiry_id: EnquiryId
    standard: str
    council_version: int
    task_id: TaskId | None
    queue_id: QueueId | None
    due_at: datetime | None


def about(clock: Clock) -> About:
    return {
        "clock_id": clock.clock_id,
        "enquiry_id": clock.enquiry_id,
        "standard": clock.key.standard,
        "council_version": clock.council_version,
        "task_id": clock.task_id,
        "queue_id": clock.queue_id,
        "due_at": clock.due_at,
    }
