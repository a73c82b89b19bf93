"""One run: strangers send, the house and its database are killed under their mails, then quiet, then the count."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import asyncpg

from tests.faults import records
from tests.faults.house import until_ready
from tests.faults.mails import verdict
from tests.faults.mails.strangers import Sent, a_mail
from tests.faults.mails.town import AWAY, Town, Way, address, town, until_quiet
from tests.faults.mails.verdict import Figures
from tests.faults.storm import DOWN_FOR, Kill
from tests.faults.verdict import Verdict
from tests.parts.mailing import send_many
from tests.parts.waiting import pause, until

KEPT = "SELECT count(*) FROM intake.mails"
KEPT_WITHIN = 60.0
SOON = 1.0
"""So many seconds at most after some began to send, something is killed under their mails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is to be: the same plan sends the same mails and kills the same things in the same order."""

    seed: int
    mails: int
    kills: int
    by: Way


@dataclass(slots=True)
class Outcome:
    """What became of it."""

    plan: Plan
    verdict: Verdict
    figures: Figures
    kills: Sequence[Kill]
    replayed: int
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def violations(self) -> list[str]:
        return self.verdict.violations


Report = Callable[[str, int, int], None]
"""Called with what is going on, how many mails are kept, and how many there are."""


async def run(plan: Plan, report: Report) -> Outcome:
    report("starting the house", 0, plan.mails)
    async with town(reads=plan.by is Way.IMAP) as there:
        try:
            await until_ready(there.house)
            outcome = await Run(plan, there, report).whole()
        except BaseException:
            there.house.keep_logs()
            raise
        if outcome.violations:
            there.house.keep_logs()
        return outcome


@dataclass(slots=True)
class Kept:
    """How many mails the house has kept, as far as its database tells."""

    url: str
    count: int = 0
    db: asyncpg.Connection[asyncpg.Record] | None = None

    async def look(self) -> int:
        try:
            if self.db is None:
                self.db = await asyncpg.connect(self.url, timeout=2, command_timeout=5)
            self.count = await self.db.fetchval(KEPT)
        except AWAY:
            self.hang_up()
        return self.count

    def hang_up(self) -> None:
        if self.db is not None:
            with suppress(*AWAY):
                self.db.terminate()
        self.db = None


class Run:
    """One under way."""

    def __init__(self, plan: Plan, there: Town, report: Report) -> None:
        self.plan = plan
        self.there = there
        self.report = report
        self.chance = Random(f"{plan.seed}/{plan.by}")
        self.sent = [a_mail(plan.seed, nth, address(plan.by)) for nth in range(plan.mails)]
        self.given = 0
        self.kept = Kept(there.database)
        self.kills: list[Kill] = []
        self.began = time.monotonic()

    async def whole(self) -> Outcome:
        seconds: dict[str, float] = {}
        try:
            await self.kill_while_mails_come()
            seconds["storm"] = time.monotonic() - self.began
            await self.until_kept(self.plan.mails)
            seconds["until all are kept"] = time.monotonic() - self.began - sum(seconds.values())
        finally:
            self.kept.hang_up()
        self.report("waiting until all is quiet", self.kept.count, self.plan.mails)
        replayed = await until_quiet(self.there)
        seconds["until quiet"] = time.monotonic() - self.began - sum(seconds.values())
        found, figures = await verdict.after_kills(self.there, self.sent)
        killed = Counter(kill.victim for kill in self.kills)
        found.look("everything planned was killed", [killed] if killed != Counter(self.victims()) else [])
        return Outcome(self.plan, found, figures, self.kills, replayed, seconds)

    def victims(self) -> list[str]:
        """Turn about, in an order of this seed's."""
        there = sorted(self.there.house.victims)
        return [there[(nth + self.plan.seed) % len(there)] for nth in range(self.plan.kills)]

    async def kill_while_mails_come(self) -> None:
        """A share of the mails for each kill, and one more: the next is sent while those before still come in."""
        turns = self.plan.kills + 1
        bounds = [self.plan.mails * nth // turns for nth in range(turns + 1)]
        kept_first = 0
        async with asyncio.TaskGroup() as group:
            for nth, victim in enumerate(self.victims()):
                await self.until_kept(kept_first)
                await until_ready(self.there.house)
                group.create_task(self.post(self.sent[bounds[nth] : bounds[nth + 1]]))
                await pause(self.chance.uniform(0, SOON))
                group.create_task(self.bring_back(victim, await self.kill(victim)))
                kept_first = self.kept.count + round(self.chance.uniform(0.1, 1) * (bounds[nth + 1] - self.kept.count))
            await self.post(self.sent[bounds[-2] :])

    async def post(self, some: Sequence[Sent]) -> None:
        """Strangers are never refused: their server is not killed."""
        self.given += len(some)
        answers = await asyncio.to_thread(
            send_many, self.there.postfix.port, [copy for each in some for copy in each.copies]
        )
        assert not any(answers), [answer for answer in answers if answer]

    async def until_kept(self, how_many: int) -> None:
        async def kept() -> bool:
            count = await self.kept.look()
            self.report(f"{len(self.kills)} kills", count, self.plan.mails)
            return count >= how_many

        await until(kept, within=KEPT_WITHIN, what=f"{how_many} mails being kept")

    async def kill(self, victim: str) -> Kill:
        undelivered = await records.undelivered_now(self.there.database)
        on_the_way = self.given - await self.kept.look()
        when = time.monotonic()
        await asyncio.to_thread(self.there.house.victims[victim].kill)
        self.kills.append(Kill(victim, when - self.began, max(0, on_the_way), undelivered))
        return self.kills[-1]

    async def bring_back(self, victim: str, kill: Kill) -> None:
        began = time.monotonic()
        await pause(self.chance.uniform(*DOWN_FOR))
        await asyncio.to_thread(self.there.house.victims[victim].start)
        kill.outage = time.monotonic() - began
