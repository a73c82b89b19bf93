"""
Two replicas of routing on one database, and advisers who accept, refuse, pick, transfer, fall silent and die.

After each step everything is compared with what must always be so: no task is offered twice at a time, nobody has more
in hand than they have room for, among equals none overtakes one that came earlier, what somebody free may take does
not wait, and no offer outlives its lease. At the end everybody works off what is left: nothing may be stuck.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import asyncpg

from services.routing import timers
from services.routing.actions import choosing, holding, offering, presence, queueing, taking_up
from services.routing.actions.holding import Transfer
from services.routing.actions.queueing import Asked
from services.routing.app import SERVICE
from services.routing.domain.choosing import Candidate, choose
from services.routing.domain.tasks import Task
from services.routing.settings import settings
from services.routing.store import choosing as store
from shared.db import Connection, Database, Row
from shared.errors import Refused, Unavailable
from shared.migrate import migrate
from shared.said import PARTITIONS
from shared.timers import TimerLoop
from shared.timesource import TimeSource
from shared.vocabulary import AdviserId, EnquiryId, Presence, QueueId, adviser_subject, enquiry_subject, new_id
from shared.work import Cause, Work, Workshop
from tests.faults.staff import NAMES, QUEUES, council_file
from tests.integration.offering import BROKEN, council_of
from tests.parts.postgres import private_postgres
from tests.parts.waiting import pause

MOST_OPEN = 30
A_MOMENT = timedelta(seconds=1)
TASKS = "SELECT * FROM tasks WHERE state IN ('waiting', 'offered', 'assigned') ORDER BY task_id"
LIVE = "SELECT o.*, t.enquiry_id FROM offers o JOIN tasks t USING (task_id) WHERE o.state = 'live' ORDER BY o.offer_id"
OVERDUE = "SELECT offer_id::text FROM offers WHERE state = 'live' AND lease_until <= $1"
TOLD = """
SELECT data->>'task_id' AS task_id, name, data->>'offer_id' AS offer_id FROM said
 WHERE name ~ '^(task|offer)' ORDER BY subject, sequence
"""
ENDS = "SELECT state, count(*) AS how_many FROM offers GROUP BY state"
MOVES = {
    "ask": 7, "accept": 8, "refuse": 2, "complete": 6, "presence": 2, "pick": 2, "give back": 1,
    "transfer": 1, "transfer to adviser": 1, "resolve": 1, "nothing": 3,
    "council": 2,
}  # fmt: skip


@dataclass(slots=True)
class Offers:
    """What a run did, and what it found broken."""

    seed: int
    steps: int
    moves: Counter[str] = field(default_factory=Counter)
    deaths: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


class Death(ConnectionError):
    """The process is gone in the midst of a transaction, and nobody is left to try again."""


def dying(action: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Does everything, and dies just before the commit."""

    async def act(work: Work, *rest: Any) -> None:
        await action(work, *rest)
        connection: Any = work.db
        connection.terminate()
        raise Death

    return act


async def run_offers(database_url: str, steps: int, seed: int) -> Offers:
    """On a migrated database, which is filled with a council, tasks and offers of its own."""
    found = Offers(seed, steps)
    async with replicas(database_url) as (one, other):
        await council_of(one, council_file())
        machine = Machine(Random(seed), (one, other), found)
        for _ in range(steps):
            await machine.step()
            if found.violations:
                break
        else:
            await machine.work_off()
        await machine.look_back()
    return found


async def run_alone(steps: int, seed: int) -> Offers:
    """On a server of its own."""
    with private_postgres() as server:
        await migrate(server.url, [SERVICE.schema])
        return await run_offers(server.url, steps, seed)


@asynccontextmanager
async def replicas(url: str) -> AsyncIterator[tuple[Workshop, Workshop]]:
    databases = [Database(url, SERVICE.name, size=6) for _ in range(2)]
    for database in databases:
        await database.open()
    try:
        one, other = (Workshop(database, TimeSource()) for database in databases)
        yield one, other
    finally:
        for database in databases:
            await database.close()


class Machine:
    """One run under way: everybody moves at once, then all is quiet, and everything is looked at."""

    def __init__(self, chance: Random, replicas: Sequence[Workshop], found: Offers) -> None:
        self.chance = chance
        self.replicas = replicas
        self.found = found
        self.tasks: list[Row] = []
        self.offers: list[Row] = []

    async def step(self) -> None:
        self.tasks, self.offers = await self.rows(TASKS), await self.rows(LIVE)
        moves = [self.move() for _ in range(self.chance.randint(1, 4))]
        fitting = [timers.fit(each) for each in self.replicas if self.chance.random() < 0.3]
        await asyncio.gather(*(self.choose(each) for each in self.replicas), *fitting, *moves)
        if self.chance.random() < 0.15:
            self.go_on(settings().lease if self.chance.random() < 0.5 else settings().pause / 3)
        await asyncio.gather(*(self.fire(each) for each in self.replicas))
        await timers.fit(self.replicas[0])
        if self.chance.random() < 0.5:
            await self.choose_in_order()
        await self.look()

    async def rows(self, statement: str, *values: Any) -> list[Row]:
        async with self.replicas[0].reading() as db:
            return await db.fetch(statement, *values)

    def go_on(self, later: timedelta) -> None:
        for workshop in self.replicas:
            workshop.timesource = TimeSource(workshop.timesource.offset + later)

    async def move(self) -> None:
        """Something that somebody might do at one of the replicas. What is refused changes nothing."""
        kind = self.chance.choices(list(MOVES), list(MOVES.values()))[0]
        self.found.moves[kind] += 1
        if kind == "council":
            await self.change_the_council()
            return
        planned = getattr(self, kind.replace(" ", "_"))()
        if planned is None:
            return
        subject, action = planned
        with suppress(Refused):
            await self.do(self.chance.choice(self.replicas), subject, action)

    async def change_the_council(self) -> None:
        """Everybody gets more room, or less, while they have tasks in hand; what was heavy is light, or the reverse."""
        with suppress(Refused):
            file = council_file(self.chance.choice((0, 0, 1, 2)), self.chance.choice((2, 2, 1)))
            await council_of(self.chance.choice(self.replicas), file)

    async def do(self, workshop: Workshop, subject: str, action: Callable[[Work], Awaitable[Any]]) -> None:
        cause = Cause("machine/test", new_id())
        if self.chance.random() < 0.05:
            await self.die(workshop.once([subject], dying(action), cause))
        else:
            await workshop.run([subject], action, cause)

    async def die(self, last: Awaitable[Any]) -> None:
        with suppress(Death, Unavailable, asyncpg.InterfaceError, asyncpg.PostgresError):
            await last
        self.found.deaths += 1

    async def choose(self, workshop: Workshop) -> None:
        """Now and then the replica stops to think between looking and offering, or dies in the midst of it."""
        fate = self.chance.random()
        if fate > 0.4:
            await timers.choose(workshop)
            return
        async with workshop.reading() as db:
            queues = await choosing.queues_to_choose_for(db)
        last = choosing.Choosing(queues, workshop.timesource)

        async def think(db: Connection) -> Sequence[str]:
            subjects = await last.claim(db)
            await pause(self.chance.uniform(0, 0.01))
            return subjects

        cause = Cause("routing", new_id())
        if fate < 0.05:
            await self.die(workshop.once([], dying(last.offer), cause, claim=think))
        else:
            await workshop.run([], last.offer, cause, claim=think)

    async def fire(self, workshop: Workshop) -> None:
        if self.chance.random() < 0.05:
            kinds = [type(each)(each.name, dying(each.action), each.judging) for each in SERVICE.timers]
            await self.die(TimerLoop(workshop, kinds, lambda: range(PARTITIONS)).fire_due())
        for _ in range(2):
            await TimerLoop(workshop, SERVICE.timers, lambda: range(PARTITIONS)).fire_due()

    def ask(self) -> Any:
        if len(self.tasks) >= MOST_OPEN:
            return None
        asked = Asked(enquiry_id=EnquiryId(new_id()), request_id=new_id(), service_code=self.chance.choice(QUEUES))
        return enquiry_subject(asked.enquiry_id), lambda work: queueing.take_in(work, asked)

    def accept(self) -> Any:
        return self.with_offer(accept)

    def refuse(self) -> Any:
        return self.with_offer(refuse)

    def with_offer(self, action: Callable[[Row, Work], Awaitable[Any]]) -> Any:
        """Of those that were live a moment ago."""
        if not self.offers:
            return None
        offer = self.chance.choice(self.offers)
        return enquiry_subject(offer["enquiry_id"]), partial(action, offer)

    def presence(self) -> Any:
        name = self.chance.choice(NAMES)
        state = self.chance.choice((Presence.READY, Presence.READY, Presence.READY, Presence.AWAY))
        return adviser_subject(name), lambda work: presence.set_presence(work, name, state)

    def pick(self) -> Any:
        name = self.chance.choice(NAMES)
        return self.with_task("waiting", lambda work, task: holding.pick(work, task["task_id"], name))

    def complete(self) -> Any:
        return self.with_task("assigned", lambda work, task: complete(task, work))

    def give_back(self) -> Any:
        return self.with_task(
            "assigned", lambda work, task: holding.return_task(work, task["task_id"], task["assigned_to"], "Not mine.")
        )

    def transfer(self) -> Any:
        to = QueueId(self.chance.choice(QUEUES))
        return self.with_task("assigned", lambda work, task: self.pass_on(work, task, to_queue=to))

    def transfer_to_adviser(self) -> Any:
        to = self.chance.choice(NAMES)
        return self.with_task("assigned", lambda work, task: self.pass_on(work, task, to_adviser=to))

    async def pass_on(self, work: Work, task: Row, **to: Any) -> None:
        await holding.transfer(work, task["task_id"], Transfer(by=task["assigned_to"], note="Yours.", **to))

    def resolve(self) -> Any:
        state = self.chance.choice(("waiting", "offered", "assigned"))
        return self.with_task(state, lambda work, task: queueing.withdraw(work, task["enquiry_id"]))

    def nothing(self) -> None:
        """Somebody is silent."""

    def with_task(self, state: str, action: Callable[[Work, Row], Awaitable[Any]]) -> Any:
        """Of those that were in that state a moment ago."""
        tasks = [task for task in self.tasks if task["state"] == state]
        if not tasks:
            return None
        task = self.chance.choice(tasks)
        return enquiry_subject(task["enquiry_id"]), lambda work: action(work, task)

    async def choose_in_order(self) -> None:
        """Nobody else moves, so that whoever is passed over can be seen."""
        before = {each["offer_id"] for each in await self.rows(LIVE)}
        await asyncio.gather(*(timers.choose(each) for each in self.replicas))
        made = [each for each in await self.rows(LIVE) if each["offer_id"] not in before]
        async with self.replicas[0].reading() as db:
            now = await self.replicas[0].timesource.now(db)
            queues = [QueueId(queue) for queue in QUEUES]
            left = await store.candidates(db, queues, frozenset({"welsh"}), now, 1000)
            free = await store.free_advisers(db, queues)
            tasks = {each["task_id"]: each for each in await db.fetch(TASKS)}
        for pair in choose(left, free):
            self.broken(f"{pair.task.task_id} waits although {pair.adviser_id} may take it")
        for offer in made:
            taken = tasks[offer["task_id"]]
            for each in left:
                if comes_before(each.task, taken) and could_go_to(each, offer["adviser_id"]):
                    self.broken(f"{offer['task_id']} was offered to {offer['adviser_id']} before {each.task.task_id}")

    async def look(self) -> None:
        for row in await self.rows(BROKEN):
            self.broken(f"{row['what']}: {row['which']}")
        async with self.replicas[0].reading() as db:
            now = await self.replicas[0].timesource.now(db)
            for task_id in await taking_up.misfits(db, now):
                self.broken(f"a task does not fit the council file: {task_id}")
        for row in await self.rows(OVERDUE, now - A_MOMENT):
            self.broken(f"an offer outlives its lease: {row['offer_id']}")

    def broken(self, what: str) -> None:
        self.found.violations.append(f"step {self.found.moves.total()}: {what}")

    async def work_off(self) -> None:
        """Everybody comes and takes what they are offered: in the end nothing is left."""
        for _ in range(40):
            for name in NAMES:
                await self.do_surely(adviser_subject(name), partial(come, name))
            await timers.choose(self.replicas[0])
            for offer in await self.rows(LIVE):
                await self.do_surely(enquiry_subject(offer["enquiry_id"]), partial(accept, offer))
            self.tasks = await self.rows(TASKS)
            for task in self.tasks:
                await self.do_surely(enquiry_subject(task["enquiry_id"]), partial(complete, task))
            if not self.tasks:
                return
            self.go_on(settings().for_one / 4)
            await TimerLoop(self.replicas[0], SERVICE.timers, lambda: range(PARTITIONS)).fire_due()
        self.broken(f"{len(self.tasks)} tasks are stuck")

    async def do_surely(self, subject: str, action: Callable[[Work], Awaitable[Any]]) -> None:
        with suppress(Refused):
            await self.replicas[0].run([subject], action, Cause("machine/test", new_id()))

    async def look_back(self) -> None:
        """As it was told: no task is offered while an offer of it is open."""
        is_open: defaultdict[str, bool] = defaultdict(bool)
        for row in await self.rows(TOLD):
            if row["name"] == "task.offered" and is_open[row["task_id"]]:
                self.broken(f"{row['task_id']} was offered twice at a time")
            is_open[row["task_id"]] = row["name"] == "task.offered"
        self.found.ends = {row["state"]: row["how_many"] for row in await self.rows(ENDS)}


async def come(name: AdviserId, work: Work) -> None:
    await presence.set_presence(work, name, Presence.READY)


async def accept(offer: Row, work: Work) -> None:
    await offering.accept(work, offer["offer_id"], offer["adviser_id"])


async def refuse(offer: Row, work: Work) -> None:
    await offering.refuse(work, offer["offer_id"], offer["adviser_id"])


async def complete(task: Row, work: Work) -> None:
    await holding.complete(work, task["task_id"], task["assigned_to"])


def comes_before(waiting: Task, taken: Row) -> bool:
    """Equal in all that counts, and older."""
    equal = (waiting.queue_id, waiting.skills, waiting.weight) == (
        taken["queue_id"], frozenset(taken["skills"]), taken["weight"],
    )  # fmt: skip
    same_promise = waiting.urgent_at - waiting.enqueued_at == taken["urgent_at"] - taken["enqueued_at"]
    return equal and same_promise and waiting.enqueued_at < taken["enqueued_at"]


def could_go_to(waiting: Candidate, adviser_id: AdviserId) -> bool:
    return adviser_id not in waiting.spared and waiting.kept_for in (None, adviser_id)
