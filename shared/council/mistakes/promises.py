"""Standards: something starts each, something stops it, and it can be kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from shared import worktime
from shared.contracts.sla import AGREED
from shared.council.lines import Path
from shared.council.mistakes.draft import Draft, Mistake, one_of
from shared.council.model import Calendar, From, Measure, Standard, To
from shared.errors import Invalid
from shared.vocabulary import Office

SOME_MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


def codes_that_are_taken(draft: Draft) -> Iterator[Mistake]:
    for path, standard in draft.standards:
        if standard.code == AGREED:
            yield Mistake(
                (*path, "code"), f'"{AGREED}" is the name of what is agreed with a citizen: write another code.'
            )


def ends_that_never_come(draft: Draft) -> Iterator[Mistake]:
    for path, standard in draft.standards:
        fitting = one_of([to for to in To if can_end(standard.starts, to)])
        for place, to in enumerate(standard.stops):
            if not can_end(standard.starts, to):
                yield Mistake(
                    (*path, "to", place),
                    f'What starts with "{standard.starts}" is never stopped by "{to}": write {fitting}.',
                )


def can_end(starts: From, stops: To) -> bool:
    """What runs on a task ends with the task, the rest with the enquiry; and nothing ends as it begins."""
    return starts.on_a_task is stops.on_a_task and starts.value != stops.value


def pauses_that_never_come(draft: Draft) -> Iterator[Mistake]:
    for path, standard in draft.standards:
        if standard.pauses and set(standard.stops) == {To.TASK_ASSIGNED}:
            yield Mistake(
                (*path, "pauses"),
                "Until somebody has taken the task, nobody waits for the citizen: take pauses away, "
                'or write to = ["task.completed"].',
            )


def warnings_out_of_order(draft: Draft) -> Iterator[Mistake]:
    for path, standard in draft.standards:
        for place, (before, after) in enumerate(pairwise(standard.warnings), start=1):
            if after < before:
                ordered = sorted(set(standard.warnings))
                yield Mistake((*path, "warnings", place), f"{after} comes after {before}: write {ordered}.")


def targets_beyond_reach(draft: Draft) -> Iterator[Mistake]:
    for path, standard in draft.standards:
        calendar = draft.calendars.having(standard.calendar)
        if calendar is not None and standard.measure.startswith("working_"):
            yield from beyond_reach(path, standard, reckoned(draft, calendar))


def reckoned(draft: Draft, calendar: Calendar) -> worktime.Calendar | None:
    """None while its zone or nation is a mistake."""
    about = draft.about
    zone = calendar.zone or (about.zone if about else None)
    nation = calendar.nation or (about.nation if about else None)
    if zone is None or (calendar.bank_holidays and nation is None):
        return None
    try:
        return calendar.reckoned(zone, nation or "")
    except ValueError:
        return None


def beyond_reach(path: Path, standard: Standard, calendar: worktime.Calendar | None) -> Iterator[Mistake]:
    if calendar is None:
        return
    try:
        if standard.measure is Measure.WORKING_DAYS:
            worktime.due_in_days(calendar, SOME_MONDAY, standard.target)
        else:
            worktime.due(calendar, SOME_MONDAY, standard.measure.unit * standard.target)
    except Invalid:
        yield Mistake(
            (*path, "target"),
            f'By calendar "{standard.calendar}" {standard.target} {standard.measure.replace("_", " ")} never come to '
            "an end: write a smaller target, or give the calendar hours.",
        )


def standards_for_nothing(draft: Draft) -> Iterator[Mistake]:
    """A list that asks for one thing, and another that rules it out."""
    for path, standard in draft.standards:
        about = standard.applies_to
        if about.offices and draft.queues.whole:
            yield from offices_without_queues(draft, path, about.offices)
        for place, code in enumerate(about.queues):
            queue = draft.queues.having(code)
            if queue and about.offices and queue.office not in about.offices:
                yield Mistake(
                    (*path, "applies_to", "queues", place),
                    f'"{code}" is none of the offices\' {", ".join(about.offices)}: add "{queue.office}" to '
                    "applies_to.offices, or take the queue away.",
                )


def offices_without_queues(draft: Draft, path: Path, offices: tuple[Office, ...]) -> Iterator[Mistake]:
    there = {queue.office for _, queue in draft.queues}
    for place, office in enumerate(offices):
        if office not in there:
            yield Mistake(
                (*path, "applies_to", "offices", place),
                f'No queue has office = "{office}": take it away, or add such a queue.',
            )
