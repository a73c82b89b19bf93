"""All that was heard of one enquiry, folded by when it happened into the clocks that should stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.sla.domain.clocks import Clock, Key, Standing
from services.sla.domain.facts import FIRST_WORDS, Fact, Kind, in_order
from services.sla.domain.known import Known
from services.sla.domain.runs import Run, begun, follow, places_of
from services.sla.domain.terms import AGREED, BY_AGREEMENT, Agreed, Place, Terms
from shared.vocabulary import Channel, EnquiryId, TaskId

STARTED_BY = {
    Kind.QUEUED: frozenset({Kind.QUEUED, Kind.TRANSFERRED}),
    Kind.AGREED: frozenset({Kind.AGREED, Kind.IMPORTED}),
}
"""
What starts a standard besides the event it names: a task that is transferred waits anew, and a date that came from an
older system was agreed there.
"""


def fold(known: Known) -> list[Standing]:
    """The order in which the facts were heard makes no difference."""
    facts = in_order(known.facts)
    written = {clock.key: clock for clock in known.clocks}
    places: dict[tuple[TaskId | None, Channel | None], list[Place]] = {}
    found = []
    for several in by_code(known).values():
        last: dict[TaskId | None, Run] = {}
        for nth, key, terms in starts(known, facts, written, several):
            start = facts[nth]
            task_id = start.task_id if terms.on_a_task else None
            if is_one_running(last.get(task_id), nth, start):
                continue
            where = (task_id, start.channel)
            if where not in places:
                places[where] = places_of(facts, task_id, start)
            run = last[task_id] = begun(terms, key, start, task_id)
            follow(run, facts, places[where], nth)
            standing = run.standing(judged(written.get(key), terms, start))
            if standing is not None and may_stand(known, written.get(key), standing, start):
                found.append(standing)
    return found


def by_code(known: Known) -> dict[str, list[Terms | Agreed]]:
    """Every form of each standard that matters here: the one in force, and those of clocks that have ended."""
    found: dict[str, list[Terms | Agreed]] = {AGREED: [BY_AGREEMENT]}
    for code, holds in known.in_force.items():
        found.setdefault(code, [holds.terms])
    for clock in known.clocks:
        several = found.setdefault(clock.key.standard, [])
        if not clock.state.is_open and all(terms.standard_id != clock.standard_id for terms in several):
            several.append(known.terms_by(clock.standard_id))
    return found


def starts(
    known: Known, facts: Sequence[Fact], written: Mapping[Key, Clock], several: Iterable[Terms | Agreed]
) -> Iterator[tuple[int, Key, Terms | Agreed]]:
    """Which facts start a clock, in order: each under the terms on which it ended, else those that hold."""
    kinds = [(terms, STARTED_BY.get(terms.starts, frozenset({terms.starts}))) for terms in several]
    told: set[UUID] = set()
    for nth, fact in enumerate(facts):
        started = start_id(known.enquiry_id, fact)
        for terms, started_by in kinds:
            key = Key(terms.code, started)
            if is_start(fact, started_by) and started not in told and runs_under(known, written.get(key), terms):
                yield nth, key, terms
        told.add(started)


def is_start(fact: Fact, started_by: frozenset[Kind]) -> bool:
    return fact.kind in started_by and (fact.kind is not Kind.IMPORTED or fact.due_at is not None)


def start_id(enquiry_id: EnquiryId, fact: Fact) -> UUID:
    """An enquiry comes once, and a task is queued once, in however many words; all else starts anew each time."""
    if fact.kind is Kind.QUEUED and fact.task_id is not None:
        return fact.task_id
    return enquiry_id if fact.kind in FIRST_WORDS else fact.fact_id


def is_one_running(run: Run | None, nth: int, start: Fact) -> bool:
    """
    One wait is one promise, however often it is begun; but each contact has its own.

    A date that was agreed after another was broken is a promise of its own too: the broken one cannot be moved.
    """
    if run is None or start.kind is Kind.CONTACT or not run.is_under_way(nth):
        return False
    return start.kind is not Kind.AGREED or not run.is_broken_before(start.occurred_at)


def runs_under(known: Known, clock: Clock | None, terms: Terms | Agreed) -> bool:
    """A clock is judged by the terms under which it ended, else by those that hold now, if any do."""
    if clock is not None and not clock.state.is_open:
        return clock.standard_id == terms.standard_id
    if terms.code == AGREED:
        return True
    holds = known.in_force.get(terms.code)
    return holds is not None and holds.terms.standard_id == terms.standard_id


def judged(clock: Clock | None, terms: Terms | Agreed, start: Fact) -> datetime | None:
    """What was imported is judged up to the cut-over; a clock that replaces another anew, at its own times."""
    if clock is None or clock.standard_id != terms.standard_id or clock.judged_up_to is None:
        return start.cut_over
    return max(clock.judged_up_to, start.cut_over or clock.judged_up_to)


def may_stand(known: Known, clock: Clock | None, standing: Standing, start: Fact) -> bool:
    """
    A standard is for what is heard while it holds.

    When it changes, what was heard before gets a clock only where one would still be open, and was so when the change
    was applied, and none at all from a standard that is altogether new: nobody can have broken a promise that was not
    made.
    """
    holds = known.in_force.get(standing.key.standard)
    if clock is not None or holds is None or start.heard_under >= holds.since:
        return True
    was_open = standing.due_at is None or standing.due_at > holds.applied_at
    return start.heard_under >= holds.code_since and standing.state.is_open and was_open
