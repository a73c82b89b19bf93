"""A figure as it is written down: a value, what it is compared with, and the goal it should reach."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """What the value, or its ratio to the floor, should reach."""

    number: float
    at_least: bool = True
    of_ratio: bool = False

    def reached_by(self, value: float, ratio: float | None) -> bool:
        given = ratio if self.of_ratio else value
        if given is None:
            return False
        return given >= self.number if self.at_least else given <= self.number

    def __str__(self) -> str:
        return f"{'ratio ' if self.of_ratio else ''}{'>=' if self.at_least else '<='} {self.number:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the report. The floor is what the bare machine reaches at it; `earlier` what the frame reached."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    goal: Goal | None = None
    earlier: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        return self.goal.reached_by(self.value, self.ratio) if self.goal else None

    def written(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": round(self.value, 2),
            "unit": self.unit,
            "floor": round(self.floor, 2) if self.floor is not None else None,
            "ratio": round(self.ratio, 3) if self.ratio is not None else None,
            "goal": str(self.goal) if self.goal else None,
            "earlier": self.earlier,
            "met": self.met,
        }


def percentile(values: Sequence[float], percent: float) -> float:
    """What so many percent of the values do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]


def middle(values: Iterable[float]) -> float:
    """The median of the rounds, so that one disturbed round decides nothing."""
    return float(median(values))


def write(figures: Sequence[Figure], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([figure.written() for figure in figures], indent=1) + "\n")
