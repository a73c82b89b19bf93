"""The local times of an older system as moments: also in the hours that a change of the clocks skips or repeats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

ISO = "iso"
"""Instead of a format: 2015-01-31T09:30:00, with or without a zone."""
NOT_IN_THE_FORM = ("time data", "unconverted data", "Invalid isoformat")
LONGEST_SHOWN = 60
YEARS = ("%Y", "%y", "%G", "%c", "%x")


class RepeatedHour(StrEnum):
    """Which of the two times is meant by one that the clocks showed twice."""

    FIRST = "first"
    SECOND = "second"
    REJECT = "reject"


class NoTime(ValueError):
    """Its text says why, as a sentence."""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How times are written in a file."""

    zone: str
    formats: Sequence[str]
    repeated_hour: RepeatedHour

    def moment(self, written: str) -> datetime:
        """In UTC. `NoTime` when nobody can say which moment is meant."""
        local = self.read(written)
        try:
            return (self.placed(local, written) if local.tzinfo is None else local).astimezone(UTC)
        except OverflowError:
            raise NoTime(f"{shown(written)} lies outside of all calendars: correct the year.") from None

    def read(self, written: str) -> datetime:
        no_such_day = False
        for form in self.formats:
            try:
                return datetime.fromisoformat(written) if form == ISO else datetime.strptime(written, form)  # noqa: DTZ007  its zone is the map's
            except ValueError as error:
                no_such_day |= not str(error).startswith(NOT_IN_THE_FORM)
        if no_such_day:
            raise NoTime(f"{shown(written)} is no day or time of any calendar: correct it.")
        forms = " or ".join(f'"{form}"' for form in self.formats)
        raise NoTime(f"{shown(written)} is not written in the form {forms}: correct it, or add its form to the map.")

    def placed(self, local: datetime, written: str) -> datetime:
        zone = ZoneInfo(self.zone)
        first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
        if first.utcoffset() == second.utcoffset():
            return first
        if is_skipped(local, first, zone):
            raise NoTime(
                f"{shown(written)} never was: the clocks of {self.zone} went forward over it. Write what was meant."
            )
        if self.repeated_hour is RepeatedHour.REJECT:
            raise NoTime(
                f"{shown(written)} was twice, for the clocks of {self.zone} went back: write it with its offset, "
                'or say in the map which is meant, with repeated_hour = "first" or "second".'
            )
        return first if self.repeated_hour is RepeatedHour.FIRST else second


def is_skipped(local: datetime, placed: datetime, zone: tzinfo) -> bool:
    return placed.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != local.replace(fold=0)


def shown(written: str) -> str:
    return f'"{written}"' if len(written) <= LONGEST_SHOWN else f'"{written[:LONGEST_SHOWN]}…"'


EXAMPLE = datetime(2015, 1, 31, 21, 45, tzinfo=UTC)
NAME_OF_A_ZONE = "%Z"
"""Python reads one, and forgets it."""


def is_form(form: str) -> bool:
    """Whether a day can be told from what is written in it."""
    return form == ISO or ((read := example_read_back(form)) is not None and read.date() == EXAMPLE.date())


def tells_afternoon(form: str) -> bool:
    """Where it has a time of day at all."""
    return form == ISO or ((read := example_read_back(form)) is not None and read.hour in (0, EXAMPLE.hour))


def example_read_back(form: str) -> datetime | None:
    if not any(year in form for year in YEARS):
        return None  # Python warns of a day without its year
    try:
        return datetime.strptime(EXAMPLE.strftime(form), form)  # noqa: DTZ007  it may be one without an offset
    except (ValueError, re.error):  # the second for what stands in it twice
        return None
