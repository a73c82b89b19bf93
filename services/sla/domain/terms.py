"""What a standard promises, in the form in which clocks run under it: fixed for good, known by its content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.sla.domain.facts import Fact, Kind
from shared import worktime
from shared.council import Council, Pause, Standard, To, in_words
from shared.council.model import Override
from shared.vocabulary import AnswerKind, Channel, Office

AGREED = "agreed"

STOPS = {
    Kind.RESOLVED: To.RESOLVED,
    Kind.ASSIGNED: To.TASK_ASSIGNED,
    Kind.COMPLETED: To.TASK_COMPLETED,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """A standard with the calendar it counts in. The same content is the same `standard_id`, whatever it is called."""

    standard_id: UUID
    standard: Standard
    calendar: worktime.Calendar
    calendar_name: str
    reasons: dict[date, str]

    @property
    def code(self) -> str:
        return self.standard.code

    @property
    def starts(self) -> Kind:
        return Kind(self.standard.starts)

    @property
    def on_a_task(self) -> bool:
        return self.standard.on_a_task

    @property
    def pauses(self) -> bool:
        return Pause.AWAITING_CITIZEN in self.standard.pauses

    @property
    def warnings(self) -> tuple[int, ...]:
        return self.standard.warnings

    def stops(self, fact: Fact) -> bool:
        """Whether it is among the events named under `to`."""
        if fact.kind is Kind.ANSWERED:
            return self.standard.is_stopped_by(fact.answer)
        return STOPS.get(fact.kind) in self.standard.stops

    def fits(self, at: Place) -> bool:
        """Whether it is for such an enquiry or task; what it does not name does not matter."""
        wanted = self.standard.applies_to
        return (
            (not wanted.services or at.service in wanted.services)
            and (not wanted.queues or at.queue in wanted.queues)
            and (not wanted.offices or at.office in wanted.offices)
            and (not wanted.channels or at.channel in wanted.channels)
        )


@dataclass(frozen=True, slots=True)
class Agreed:
    """What stands in place of terms where a date was agreed: it ends with the full answer, and nothing pauses it."""

    code: str = AGREED
    starts: Kind = Kind.AGREED
    on_a_task: bool = False
    pauses: bool = False
    warnings: tuple[int, ...] = ()
    standard_id: None = None

    def stops(self, fact: Fact) -> bool:
        return fact.kind is Kind.ANSWERED and fact.answer is AnswerKind.FULL

    def fits(self, at: Place) -> bool:
        return True


BY_AGREEMENT = Agreed()


@dataclass(frozen=True, slots=True)
class Place:
    """What decides which standards are for an enquiry, or for a task of it, at one moment."""

    service: str | None = None
    queue: str | None = None
    office: Office | None = None
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class InForce:
    """Terms that hold now: with this content `since` one version of the council file, in any form `code_since` one."""

    terms: Terms
    since: int
    code_since: int
    applied_at: datetime


def terms_of(council: Council, standard: Standard) -> Terms:
    """As the council file has them, with everything they lean on."""
    calendar = council.calendars[standard.calendar]
    written = next(each for each in council.calendar if each.code == standard.calendar)
    return Terms(
        standard_id=identity(standard, calendar),
        standard=standard,
        calendar=calendar,
        calendar_name=in_words(written.name),
        reasons=dict(reason for each in written.override if (reason := reason_of(each))),
    )


def reason_of(override: Override) -> tuple[date, str] | None:
    return (override.date, in_words(override.reason)) if override.reason else None


def identity(standard: Standard, calendar: worktime.Calendar) -> UUID:
    """Of all that could change a due time or a verdict; names and promises in words may be put better."""
    content = standard.model_dump(mode="json", exclude={"name", "promise", "calendar"}, exclude_defaults=True)
    content = in_any_order(content)
    content["hours"] = hours_of(calendar)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()
    return UUID(bytes=digest[:16])


def in_any_order(value: Any) -> Any:
    """None of a standard's lists means anything else in another order."""
    if isinstance(value, dict):
        return {key: in_any_order(each) for key, each in value.items()}
    return sorted(value) if isinstance(value, list) else value


def hours_of(calendar: worktime.Calendar) -> dict[str, Any]:
    return {
        "zone": calendar.zone,
        "nation": calendar.nation,
        "week": [[[hours.start, hours.end] for hours in day] for day in calendar.week],
        "overrides": {
            day.isoformat(): [[hours.start, hours.end] for hours in several]
            for day, several in calendar.overrides.items()
        },
    }


def written(terms: Terms) -> str:
    """As JSON, to be kept for as long as any clock ran under it."""
    return json.dumps(
        {
            "standard": terms.standard.model_dump(mode="json", by_alias=True),
            "calendar": hours_of(terms.calendar),
            "calendar_name": terms.calendar_name,
            "reasons": {day.isoformat(): reason for day, reason in terms.reasons.items()},
        }
    )


def read(standard_id: UUID, text: str) -> Terms:
    """What `written` gave, by this release or by one that knows more."""
    found = json.loads(text)
    hours = found["calendar"]
    return Terms(
        standard_id=standard_id,
        standard=Standard.model_validate(found["standard"], extra="ignore"),
        calendar=worktime.Calendar(
            zone=hours["zone"],
            nation=hours["nation"],
            week=tuple(map(read_hours, hours["week"])),
            overrides={date.fromisoformat(day): read_hours(several) for day, several in hours["overrides"].items()},
        ),
        calendar_name=found["calendar_name"],
        reasons={date.fromisoformat(day): reason for day, reason in found["reasons"].items()},
    )


def read_hours(pairs: list[list[int]]) -> tuple[worktime.Hours, ...]:
    return tuple(worktime.Hours(start, end) for start, end in pairs)
