"""When a council works: the week, the dates on which it is otherwise, and the nation whose holidays it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.worktime.bankholidays import check_nation, is_bank_holiday

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MINUTES_OF_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """From one minute of the local day until before another: 0 is its first midnight, 1440 its last."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= MINUTES_OF_DAY:
            raise ValueError(f"Hours end after they start, between 00:00 and 24:00; {self} do not.")

    def __str__(self) -> str:
        return f"{self.start // 60:02}:{self.start % 60:02}–{self.end // 60:02}:{self.end % 60:02}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    It is open exactly while the clock on its wall shows an open minute.

    So when clocks go forward, what begins among the skipped hours begins at the change; when they go back, an hour
    shown twice is worked twice. By this rule alone hours can never overlap, and 09:00–17:00 means the same whether
    it is written as one piece or as two.
    An override beats a bank holiday, which beats the week; an override without hours is a closed day.
    """

    zone: str
    week: tuple[tuple[Hours, ...], ...]
    nation: str | None = None
    overrides: Mapping[date, tuple[Hours, ...]] = field(default_factory=dict)
    hashed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        overrides = dict(self.overrides)
        check_zone(self.zone)
        check_week(self.week)
        check_overrides(overrides)
        if self.nation is not None:
            check_nation(self.nation)
        object.__setattr__(self, "overrides", MappingProxyType(overrides))
        object.__setattr__(self, "hashed", hash((self.zone, self.week, self.nation, frozenset(overrides.items()))))

    def __hash__(self) -> int:
        return self.hashed

    def __reduce__(self) -> tuple[Any, ...]:
        return Calendar, (self.zone, self.week, self.nation, dict(self.overrides))

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        if day in self.overrides:
            return self.overrides[day]
        if self.nation is not None and is_bank_holiday(self.nation, day):
            return ()
        return self.week[day.weekday()]


def check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"There is no time zone {zone!r}; they are named as in Europe/London.") from error


def check_week(week: Sequence[Sequence[Hours]]) -> None:
    if len(week) != len(WEEK):
        raise ValueError(f"A week has seven days, Monday first; this one has {len(week)}.")
    for name, several in zip(WEEK, week, strict=True):
        check_order(name, several)


def check_overrides(overrides: Mapping[date, Sequence[Hours]]) -> None:
    for day, several in overrides.items():
        if isinstance(day, datetime):
            raise ValueError(f"An override is for a day; {day} is a moment.")  # noqa: TRY004  as every refusal here
        check_order(f"{day}", several)


def check_order(name: str, several: Sequence[Hours]) -> None:
    for earlier, later in pairwise(several):
        if later.start < earlier.end:
            raise ValueError(f"Hours of a day stand in order and do not overlap; on {name} {earlier}, {later} do not.")
