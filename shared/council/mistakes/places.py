"""Time and place: zones and nations that exist, calendars that open."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones

from shared import worktime
from shared.council.lines import Path
from shared.council.mistakes.draft import ALWAYS_CLOSED, Draft, Mistake, the_nearest

SOME_ZONE = "UTC"


def zones_and_nations(draft: Draft) -> Iterator[Mistake]:
    for path, table in (*draft.tables("calendar"), *council_table(draft)):
        zone, nation = table.get("zone"), table.get("nation")
        if isinstance(zone, str) and zone not in zones():
            yield Mistake((*path, "zone"), f'There is no time zone "{zone}": {like(zone)}.')
        if isinstance(nation, str) and (why := unknown_nation(nation)):
            yield Mistake((*path, "nation"), why)


def council_table(draft: Draft) -> Iterator[tuple[Path, dict[str, object]]]:
    table = draft.raw.get("council")
    if isinstance(table, dict):
        yield ("council",), table


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


def like(zone: str) -> str:
    """The nearest of all, or two examples: they are too many to list."""
    found = the_nearest(zone, sorted(zones()))
    return f'write "{found}"' if found else 'write one such as "Europe/London" or "America/New_York"'


def unknown_nation(nation: str) -> str | None:
    try:
        worktime.Calendar(zone=SOME_ZONE, week=ALWAYS_CLOSED, nation=nation)
    except ValueError as error:
        return str(error)
    return None


def never_open(draft: Draft) -> Iterator[Mistake]:
    for path, calendar in draft.calendars:
        if not any(calendar.hours.days()):
            yield Mistake(
                (*path, "hours"), 'No day of the week is open: write for instance hours.monday = ["09:00-17:00"].'
            )


def days_told_twice(draft: Draft) -> Iterator[Mistake]:
    for path, calendar in draft.calendars:
        seen = set()
        for place, override in enumerate(calendar.override):
            if override.date in seen:
                yield Mistake(
                    (*path, "override", place, "date"),
                    f"{override.date} is there already: put all hours of a day into one override.",
                )
            seen.add(override.date)
