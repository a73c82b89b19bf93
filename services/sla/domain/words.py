"""What is said of clocks in plain English: the notes of the ledger, targets, and the days that did not count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.sla.domain.changes import Change, Entry, Step
from services.sla.domain.clocks import State
from services.sla.domain.terms import Agreed, Terms
from shared import worktime

LONGEST_SPAN = 400


@dataclass(frozen=True, slots=True)
class Closed:
    """A day on which other hours held than the week has, and why."""

    day: date
    why: str


def target_of(terms: Terms | Agreed) -> str:
    """`10 working days in the calendar “Office hours”`."""
    if isinstance(terms, Agreed):
        return "the date that was agreed"
    standard = terms.standard
    unit = standard.measure.replace("_", " ")
    amount = f"{standard.target} {unit if standard.target != 1 else unit.removesuffix('s')}"
    return f"{amount} in the calendar “{terms.calendar_name}”" if unit.startswith("working") else amount


def when(at: datetime | None, terms: Terms | Agreed) -> str:
    """As the clock on the council's wall shows it."""
    if at is None:
        return "no time yet"
    zone = UTC if isinstance(terms, Agreed) else ZoneInfo(terms.calendar.zone)
    return f"{at.astimezone(zone):%A %-d %B %Y at %H:%M}{' UTC' if isinstance(terms, Agreed) else ''}"


def note(change: Change, step: Step, council_version: int) -> str:
    """Why this line was written."""
    return NOTES[step.entry](change, step, council_version)


def started(change: Change, step: Step, council_version: int) -> str:
    clock, terms = change.after, change.terms
    if clock.is_brought:
        return f"It came from an older system with a due time of its own: {when(clock.due_at, terms)}."
    follows = "It takes the place of a clock whose standard has changed. " if clock.replaces else ""
    by = f"Started by {terms.starts} on {when(clock.started_at, terms)}: "
    by_hand = ", the due time that a person had set" if clock.replaces and clock.set_by else ""
    until = f"due on {when(clock.due_at, terms)}" if clock.due_at else "due once it is no longer paused"
    return f"{follows}{by}{target_of(terms)} (council file version {council_version}), {until}{by_hand}."


def paused(change: Change, step: Step, council_version: int) -> str:
    return f"Paused on {when(step.occurred_at, change.terms)}: the citizen was asked, and no time counts until then."


def resumed(change: Change, step: Step, council_version: int) -> str:
    why = f" by {change.standing.cause}" if change.standing else ""
    due = when(change.after.due_at, change.terms)
    return f"Runs again since {when(step.occurred_at, change.terms)}{why}: the pause moved the due time to {due}."


def extended(change: Change, step: Step, council_version: int) -> str:
    if change.after.due_at is None:
        return "A person set another due time; it holds once the clock is no longer paused."
    return f"A person set another due time: {when(change.after.due_at, change.terms)}."


def at_risk(change: Change, step: Step, council_version: int) -> str:
    due = when(change.after.due_at, change.terms)
    used = f"{change.after.at_risk} per cent of its time were used on {when(step.occurred_at, change.terms)}"
    return f"{used} and it had not been stopped: it is due on {due}."


def judged(change: Change, step: Step, council_version: int) -> str:
    clock, due = change.after, when(change.after.due_at, change.terms)
    if clock.state is State.BREACHED:
        return f"It had not been stopped when it fell due on {due}."
    by = f" by {change.standing.cause}" if change.standing else ""
    return f"It was stopped on {when(clock.stopped_at, change.terms)}{by}, in time: it was due on {due}."


def corrected(change: Change, step: Step, council_version: int) -> str:
    clock, due = change.after, when(change.after.due_at, change.terms)
    if clock.state is State.PAUSED:
        return f"It is paused since {when(clock.paused_at, change.terms)}, which was heard of late."
    if clock.stopped_at is None:
        return f"It is due on {due}, because of what was heard of late."
    stopped = when(clock.stopped_at, change.terms)
    if clock.state is State.BREACHED:
        return f"It was stopped on {stopped}, too late: it was due on {due}."
    return f"It was stopped on {stopped}, in time for {due}, which was heard of late."


def superseded(change: Change, step: Step, council_version: int) -> str:
    if change.after.retired:
        return f"Its standard was changed by version {council_version} of the council file: it runs no more."
    if change.standing is None:
        return "What was heard of late shows that its standard never applied."
    by, since = change.standing.cause, when(step.occurred_at, change.terms)
    return f"Its standard no longer applies since {by} on {since}: it ends without a verdict."


NOTES = {
    Entry.STARTED: started,
    Entry.PAUSED: paused,
    Entry.RESUMED: resumed,
    Entry.EXTENDED: extended,
    Entry.AT_RISK: at_risk,
    Entry.MET: judged,
    Entry.BREACHED: judged,
    Entry.CORRECTED: corrected,
    Entry.SUPERSEDED: superseded,
}


def days_left_out(terms: Terms | Agreed, begin: datetime, end: datetime | None) -> list[Closed]:
    """Bank holidays, and days with hours of their own, between start and due time: what the week does not show."""
    if isinstance(terms, Agreed) or end is None or not terms.standard.measure.startswith("working"):
        return []
    zone = ZoneInfo(terms.calendar.zone)
    first, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    days = [first + timedelta(days=nth) for nth in range(min((last - first).days, LONGEST_SPAN) + 1)]
    return [Closed(day, why) for day in days if (why := why_other_hours(terms, day))]


def why_other_hours(terms: Terms, day: date) -> str | None:
    calendar = terms.calendar
    if day in calendar.overrides:
        reason = terms.reasons.get(day, "Other hours")
        hours = " and ".join(map(str, calendar.overrides[day]))
        return f"{reason}: {f'open {hours}' if hours else 'closed'}"
    if calendar.nation is not None and calendar.week[day.weekday()]:
        return worktime.bank_holidays(calendar.nation, day.year).get(day)
    return None
