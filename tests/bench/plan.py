"""How much is measured, and what every part of the bench is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.figures import Figure, Goal
from tests.bench.load import Orders, Run, generate

CLIENTS = (1, 8, 32)
WARM_UP_SECONDS = 1.5
ENQUIRIES = "/intake/v1/enquiries"
STEADY_RATE = 50.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Rounds are for the median; everything else bounds the time a run takes."""

    rounds: int = 3
    seconds: float = 3.0
    enquiries: int = 2_000
    steady_seconds: float = 10.0


QUICK = Plan(rounds=1, seconds=1.5, enquiries=400, steady_seconds=4.0)


@dataclass(slots=True)
class Bench:
    """One run: what to measure, where to keep things meanwhile, and the figures so far."""

    plan: Plan
    parts: frozenset[str]
    folder: Path
    bodies: Path
    report: Callable[[str], None]
    figures: list[Figure] = field(default_factory=list)
    earlier: Mapping[str, float] = field(default_factory=dict)

    def wants(self, *parts: str) -> bool:
        return not self.parts.isdisjoint(parts)

    def note(self, name: str, value: float, unit: str, *, floor: float | None = None, goal: Goal | None = None) -> None:
        earlier = self.earlier.get(name)
        self.figures.append(Figure(name=name, value=value, unit=unit, floor=floor, goal=goal, earlier=earlier))

    async def load(self, url: str, clients: int) -> Run:
        """As fast as answered, for one round."""
        return await generate(Orders(url=url, bodies=str(self.bodies), clients=clients, seconds=self.plan.seconds))

    async def warm_up(self, url: str) -> None:
        await generate(Orders(url=url, bodies=str(self.bodies), clients=8, seconds=WARM_UP_SECONDS))

    async def burst(self, url: str) -> Run:
        """So many enquiries, posted as fast as they are accepted."""
        return await generate(Orders(url=url, bodies=str(self.bodies), clients=8, count=self.plan.enquiries))

    async def steady(self, url: str) -> Run:
        return await generate(
            Orders(url=url, bodies=str(self.bodies), clients=16, seconds=self.plan.steady_seconds, rate=STEADY_RATE)
        )
