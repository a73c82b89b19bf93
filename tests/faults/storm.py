"""The storm: at seeded moments, something is killed while work is in flight, and started again a little later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from tests.faults import records
from tests.faults.house import House
from tests.parts.waiting import pause, until

DOWN_FOR = (0.1, 2.5)
FIRST, LAST = 0.05, 0.92
IN_FLIGHT_WITHIN = 60.0
TURN_WITHIN = 600.0


@dataclass(slots=True)
class Kill:
    """One of them. `undelivered` is missing when the database could not be asked, being down itself."""

    victim: str
    when: float
    open_requests: int
    undelivered: int | None
    outage: float = 0.0


@dataclass(slots=True)
class Storm:
    """Kills everything so many times, one moment after another; what is still down is not killed again."""

    house: House
    chance: Random
    rounds: int
    in_flight: Callable[[], int]
    began: float = field(default_factory=time.monotonic)
    kills: list[Kill] = field(default_factory=list)
    down: set[str] = field(default_factory=set)

    def plan(self) -> list[tuple[float, str]]:
        """At which share of the enquiries who is killed: everybody once, then everybody once more."""
        moments = len(self.house.victims) * self.rounds
        span = (LAST - FIRST) / moments
        order: list[str] = []
        for _ in range(self.rounds):
            order += self.chance.sample(sorted(self.house.victims), len(self.house.victims))
        return [(FIRST + span * (nth + self.chance.random()), victim) for nth, victim in enumerate(order)]

    async def rage(self, progress: Callable[[], float], ended: Callable[[], bool]) -> None:
        async with asyncio.TaskGroup() as group:
            for moment, victim in self.plan():
                due = partial(self.is_due, victim, moment, progress, ended)
                await until(due, within=TURN_WITHIN, what=f"{moment:.0%} of the enquiries, and {victim} standing")
                await self.kill(victim)
                group.create_task(self.bring_back(victim, self.kills[-1]))

    def is_due(self, victim: str, moment: float, progress: Callable[[], float], ended: Callable[[], bool]) -> bool:
        return victim not in self.down and (progress() >= moment or ended())

    async def kill(self, victim: str) -> None:
        """Never at rest: waits for a moment at which something is under way."""
        undelivered = await records.undelivered_now(self.house.database) if "database" not in self.down else None
        await until(lambda: self.in_flight() > 0, within=IN_FLIGHT_WITHIN, what="work in flight")
        open_requests = self.in_flight()
        self.down.add(victim)
        when = time.monotonic()
        await asyncio.to_thread(self.house.victims[victim].kill)
        self.kills.append(Kill(victim, when - self.began, open_requests, undelivered))

    async def bring_back(self, victim: str, kill: Kill) -> None:
        began = time.monotonic()
        await pause(self.chance.uniform(*DOWN_FOR))
        await asyncio.to_thread(self.house.victims[victim].start)
        self.down.discard(victim)
        kill.outage = time.monotonic() - began
