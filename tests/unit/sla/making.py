"""Standards and facts made in a line, and folded without a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from services.sla.domain.changes import Change, changes
from services.sla.domain.clocks import Clock, Standing, State
from services.sla.domain.facts import Fact, Kind
from services.sla.domain.folding import fold
from services.sla.domain.known import Known
from services.sla.domain.terms import InForce, Terms, terms_of
from shared.council import Council, read_council
from shared.vocabulary import AnswerKind, Channel, ClockId, EnquiryId, Office, QueueId, TaskId, new_id

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday, in winter: Greenwich and London show the same."""

CUT_OVER = MORNING + timedelta(days=100)
ENQUIRY = EnquiryId(UUID(int=1))
TASK = TaskId(UUID(int=2))
OTHER_TASK = TaskId(UUID(int=3))
FRONT: dict[str, Any] = {"queue_id": QueueId("general"), "office": Office.FRONT}
BACK: dict[str, Any] = {"queue_id": QueueId("highways"), "office": Office.BACK}

FILE = """
[council]
name = "Anytown"
zone = "Europe/London"
nation = "GB-ENG"
reference_prefix = "ANY"

[[calendar]]
code = "office"
name = "Office hours"
hours.monday = ["09:00-17:00"]
hours.tuesday = ["09:00-17:00"]
hours.wednesday = ["09:00-17:00"]
hours.thursday = ["09:00-17:00"]
hours.friday = ["09:00-16:30"]
override = [{ date = 2026-03-11, hours = ["09:00-12:00"], reason = "Staff day" },
            { date = 2026-03-12, hours = [] }]

[[queue]]
code = "general"
name = "General"
office = "front"
general = true

[[queue]]
code = "highways"
name = "Highways"
office = "back"

[[service]]
code = "57"
name = "Council tax"
queue = "general"

[[service]]
code = "99"
name = "Potholes"
queue = "highways"

[[adviser]]
code = "ada"
name = "Ada"
role = "adviser"
queues = ["general"]

[[adviser]]
code = "isambard"
name = "Isambard"
role = "officer"
queues = ["highways"]
"""


@cache
def council(standards: str) -> Council:
    return read_council(FILE + standards)


def a_standard(**fields: str) -> str:
    """As TOML; `code`, `to` and the rest are written as in a council file."""
    given = {
        "code": '"answer"',
        "name": '"Answer"',
        "from": '"enquiry.received"',
        "to": '["enquiry.answered.full"]',
        "target": "10",
        "measure": '"working_days"',
        "calendar": '"office"',
        "pauses": '["enquiry.awaiting_citizen"]',
        **fields,
    }
    return "[[standard]]\n" + "\n".join(f"{name.replace('__', '.')} = {value}" for name, value in given.items()) + "\n"


def terms(**fields: str) -> Terms:
    read = council(a_standard(**fields))
    return terms_of(read, read.standard[0])


def a_fact(kind: Kind, at: timedelta | datetime = timedelta(), **details: Any) -> Fact:
    """So long after `MORNING`."""
    occurred_at = at if isinstance(at, datetime) else MORNING + at
    return Fact(**{"fact_id": new_id(), "kind": kind, "occurred_at": occurred_at, "heard_under": 1, **details})


def received(at: timedelta | datetime = timedelta(), **details: Any) -> Fact:
    return a_fact(Kind.RECEIVED, at, **{"channel": Channel.WEB, **details})


def imported(due_at: timedelta | None = None, **details: Any) -> Fact:
    """Received at `MORNING`, and due so long after."""
    due = MORNING + due_at if due_at is not None else None
    return a_fact(Kind.IMPORTED, due_at=due, **{"channel": Channel.TELEPHONE, "cut_over": CUT_OVER, **details})


def answered(at: timedelta | datetime, kind: AnswerKind = AnswerKind.FULL) -> Fact:
    return a_fact(Kind.ANSWERED, at, answer=kind)


def queued(at: timedelta | datetime = timedelta(), **details: Any) -> Fact:
    return a_fact(Kind.QUEUED, at, **{"task_id": TASK, **FRONT, **details})


def known(
    facts: Iterable[Fact],
    *several: Terms,
    clocks: Sequence[Clock] = (),
    before: Sequence[Terms] = (),
    applied_at: datetime = MORNING,
) -> Known:
    """Under these standards; those from `before` were changed into them by the second version of the council file."""
    version = 2 if before else 1
    return Known(
        enquiry_id=ENQUIRY,
        council_version=version,
        facts=tuple(facts),
        clocks=tuple(clocks),
        in_force={each.code: InForce(each, since=version, code_since=1, applied_at=applied_at) for each in several},
        terms={each.standard_id: each for each in (*several, *before)},
    )


def folded(facts: Iterable[Fact], *several: Terms) -> list[Standing]:
    return fold(known(facts, *several))


def the_clock(facts: Iterable[Fact], *several: Terms) -> Standing:
    [standing] = folded(facts, *several)
    return standing


def changed(before: Known) -> list[Change]:
    return changes(before, MORNING, lambda: ClockId(new_id()))


def told(order: Iterable[Fact], *several: Terms, judged_up_to: datetime | None = None) -> tuple[Clock, ...]:
    """The clocks after these were heard one by one in this order, and then time was judged."""
    clocks: dict[ClockId, Clock] = {}
    heard: list[Fact] = []
    for fact in order:
        heard.append(fact)
        hear(clocks, known(heard, *several, clocks=list(clocks.values())))
    while judged_up_to is not None and (moment := next_moment(clocks.values())) and moment <= judged_up_to:
        hear(clocks, known(heard, *several, clocks=list(clocks.values())).judged(moment))
    return tuple(clocks.values())


def next_moment(clocks: Iterable[Clock]) -> datetime | None:
    return min((clock.next_moment for clock in clocks if clock.next_moment), default=None)


def hear(clocks: dict[ClockId, Clock], found: Known) -> list[Change]:
    several = changed(found)
    clocks |= {change.after.clock_id: change.after for change in several}
    return several


def stands(clock: Clock) -> tuple[object, ...]:
    """What must be the same whatever the order of hearing."""
    return clock.key, clock.state, clock.started_at, clock.due_at, clock.stopped_at, clock.at_risk


def ended_well(clocks: Iterable[Clock]) -> set[tuple[object, ...]]:
    return {stands(clock) for clock in clocks if clock.state is not State.SUPERSEDED}
