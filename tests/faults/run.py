"""One run: citizens and advisers at work, the storm over them, then quiet, then the count."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from random import Random

import aiohttp
import asyncpg

from shared.auth import sign
from shared.vocabulary import Role
from tests.faults import records, verdict
from tests.faults.advisers import Adviser, Deeds
from tests.faults.calling import Caller, Tally, a_session
from tests.faults.citizens import Citizens
from tests.faults.figures import Figures, measured
from tests.faults.house import House, embedded_house, four_processes, until_ready
from tests.faults.records import records_of
from tests.faults.storm import Storm
from tests.faults.verdict import Verdict
from tests.parts.waiting import pause, until

QUIET_WITHIN = 180.0
LOOKS = 3

HOUSES: dict[str, Callable[[], AbstractAsyncContextManager[House]]] = {
    "four processes": four_processes,
    "embedded": embedded_house,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is to be: the same plan makes the same citizens, advisers and kills."""

    seed: int
    enquiries: int
    rounds: int
    per_second: float
    advisers: int
    house: str = "four processes"
    work_off: float = 60.0


def short_plan(seed: int, house: str) -> Plan:
    return Plan(seed=seed, enquiries=120, rounds=1, per_second=10, advisers=6, house=house, work_off=20)


def long_plan(seed: int, house: str) -> Plan:
    """Three rounds where only two things can be killed, so that each still dies often enough to mean something."""
    rounds = 2 if house == "four processes" else 3
    return Plan(seed=seed, enquiries=2000, rounds=rounds, per_second=20, advisers=16, house=house)


@dataclass(slots=True)
class Outcome:
    """What became of it."""

    plan: Plan
    storm: Storm
    citizens: Citizens
    deeds: Deeds
    tally: Tally
    verdict: Verdict
    figures: Figures
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def violations(self) -> list[str]:
        return self.verdict.violations


Report = Callable[[str, int, int], None]
"""Called with what is going on, how many are done, and how many there are."""


async def run(plan: Plan, report: Report) -> Outcome:
    report("starting the house", 0, plan.enquiries)
    async with HOUSES[plan.house]() as house, a_session() as session:
        try:
            await until_ready(house)
            outcome = await Run(plan, house, session, report).whole()
        except BaseException:
            house.keep_logs()
            raise
        if outcome.violations:
            house.keep_logs()
        return outcome


class Run:
    """One under way."""

    def __init__(self, plan: Plan, house: House, session: aiohttp.ClientSession, report: Report) -> None:
        self.plan = plan
        self.house = house
        self.session = session
        self.report = report
        self.tally = Tally()
        self.deeds = Deeds()
        self.going = asyncio.Event()
        self.citizens = Citizens(self.caller("citizens"), self.dice("posting"), plan.per_second)
        self.storm = Storm(house, self.dice("storm"), plan.rounds, lambda: self.tally.open)

    def dice(self, whose: str) -> Random:
        return Random(f"{self.plan.seed}/{whose}")

    def caller(self, name: str, token: str | None = None) -> Caller:
        return Caller(self.session, self.house, self.tally, self.dice(name), token)

    def adviser(self, name: str) -> Adviser:
        token = sign(self.house.settings, name, [Role.ADVISER])
        return Adviser(self.caller(name, token), self.deeds, self.going)

    async def whole(self) -> Outcome:
        seconds: dict[str, float] = {}
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for nth in range(self.plan.advisers):
                group.create_task(self.adviser(f"adviser-{nth}").work())
            await self.citizens_in_the_storm()
            seconds["storm"] = time.monotonic() - began
            self.report("the storm is over; advisers work off what waits", self.progress, self.plan.enquiries)
            await self.work_off()
            self.going.set()
        seconds["working off"] = time.monotonic() - began - sum(seconds.values())
        self.report("waiting until all is quiet", self.progress, self.plan.enquiries)
        await self.until_quiet()
        seconds["until quiet"] = time.monotonic() - began - sum(seconds.values())
        await self.citizens.repeat_some(min(50, len(self.citizens.accepted)))
        return await self.count(seconds)

    @property
    def progress(self) -> int:
        return len(self.citizens.accepted)

    async def citizens_in_the_storm(self) -> None:
        async with asyncio.TaskGroup() as group:
            posting = group.create_task(self.citizens.post_all(self.plan.enquiries))
            raging = group.create_task(self.storm.rage(lambda: self.progress / self.plan.enquiries, posting.done))
            showing = group.create_task(self.show())
            await asyncio.wait((posting, raging))
            showing.cancel()

    async def show(self) -> None:
        while True:
            self.report(f"{len(self.storm.kills)} kills", self.progress, self.plan.enquiries)
            await pause(0.2)

    async def work_off(self) -> None:
        """Until no task waits, or long enough: what waits then goes on waiting, as it should."""
        end = time.monotonic() + self.plan.work_off
        await until(lambda: self.nothing_waits(end), within=self.plan.work_off + 30, what="the end of the work")

    async def nothing_waits(self, end: float) -> bool:
        if time.monotonic() > end:
            return True
        open_tasks = "SELECT count(*) FROM routing.tasks WHERE state IN ('waiting', 'offered')"
        try:
            async with records_of(self.house.database) as found:
                return not await found.value(open_tasks) and not await records.restlessness(found)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    async def until_quiet(self) -> None:
        await until_ready(self.house)
        quiet = 0

        async def nothing_moves() -> bool:
            nonlocal quiet
            restless = await records.undelivered_now(self.house.database)
            quiet = quiet + 1 if restless == 0 else 0
            return quiet >= LOOKS

        try:
            await until(nothing_moves, within=QUIET_WITHIN, what="quiet")
        except AssertionError:
            async with records_of(self.house.database) as found:
                print(f"Not quiet: {dict(await records.restlessness(found))}")

    async def count(self, seconds: dict[str, float]) -> Outcome:
        found = Verdict()
        async with records_of(self.house.database) as read:
            found.look("everything came to rest", (await records.restlessness(read)).items())
            found.look("no post was refused", self.citizens.refused)
            found.look("a repeated post gets the first answer", self.citizens.differing)
            found.look("no request met a bug", self.tally.bugs)
            found.look("everything planned was killed", self.spared())
            await verdict.count_enquiries(read, self.citizens.accepted.values(), found)
            await verdict.count_positions(read, found)
            await verdict.count_hearing(read, found)
            await verdict.count_offers(read, found)
            await verdict.count_deeds(read, self.deeds, found)
            figures = await measured(read)
        return Outcome(self.plan, self.storm, self.citizens, self.deeds, self.tally, found, figures, seconds)

    def spared(self) -> list[str]:
        killed = [kill.victim for kill in self.storm.kills]
        return [
            f"{victim} {killed.count(victim)} times"
            for victim in self.house.victims
            if killed.count(victim) < self.plan.rounds
        ]
