"""Opening hours as people write them, `09:00-17:00`, and as working time is reckoned in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.worktime import Hours

FORM = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")
DAY = 24 * 60


def read_interval(text: str) -> Hours:
    """`09:00-17:00`; a day ends at 24:00. Raises `ValueError` with what to write instead."""
    found = FORM.fullmatch(text)
    if found is None:
        raise ValueError(f'"{text}" is no time of the day: write it as "09:00-17:00"')
    hours, minutes, until_hours, until_minutes = map(int, found.groups())
    start, end = hours * 60 + minutes, until_hours * 60 + until_minutes
    if minutes > 59 or until_minutes > 59 or end > DAY:  # noqa: PLR2004  an hour has sixty minutes
        raise ValueError(f'"{text}" is no time of the day: hours end at 24:00, minutes at :59')
    if start == end:
        raise ValueError(f'"{text}" ends as it begins: leave it out, and nothing is open then')
    if start > end:
        raise ValueError(
            f'"{text}" ends before it begins: for a night write "22:00-24:00", and "00:00-06:00" the day after'
        )
    return Hours(start, end)


def read_hours(texts: Sequence[str]) -> tuple[Hours, ...]:
    return tuple(sorted(map(read_interval, texts), key=lambda hours: hours.start))


def check_hours(texts: tuple[str, ...]) -> tuple[str, ...]:
    intervals = read_hours(texts)
    for before, after in pairwise(intervals):
        if after.start < before.end:
            raise ValueError(f"Two of these overlap: {', '.join(texts)}. Join them, or part them")
    return texts


HoursOfDay = Annotated[
    tuple[str, ...],
    AfterValidator(check_hours),
    Field(description='a list of hours, such as ["09:00-12:30", "13:30-17:00"]; [] is closed'),
]


class Week(BaseModel):
    """The hours of each day; a day that is left out is closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    monday: HoursOfDay = ()
    tuesday: HoursOfDay = ()
    wednesday: HoursOfDay = ()
    thursday: HoursOfDay = ()
    friday: HoursOfDay = ()
    saturday: HoursOfDay = ()
    sunday: HoursOfDay = ()

    def days(self) -> tuple[tuple[str, ...], ...]:
        """Monday first."""
        return (
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        )
