"""Mails: accepted by SMTP, turned into contacts, heard of by everybody; and what one large mail takes of memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from services.cli.house import SERVICES
from shared.migrate import migrate
from tests.bench import houses, senders
from tests.bench.ends import WRITTEN, Witness, witness
from tests.bench.figures import Goal, middle, percentile
from tests.bench.plan import Bench
from tests.bench.processes import accesspoint
from tests.bench.senders import Orders, Run
from tests.bench.taking import cpu_seconds, family, forget_peak, peak, resident
from tests.parts.councils import anytown, take_up
from tests.parts.ports import free_port
from tests.parts.postgres import create_database, private_postgres
from tests.parts.rabbit import private_rabbit
from tests.parts.waiting import pause

CONNECTIONS = (1, 8)
GOAL_CONNECTIONS = 8
GOAL_ACCEPTED = Goal(300)
GOAL_PLACED = Goal(150)
GOAL_PEAK = Goal(200, at_least=False)
PERCENTS = (50, 95, 99)
FILE_BYTES = 18_200_000
"""Packed as base64 with its line ends, the mail is 25 MB."""
LOOK_EVERY = 0.2
DONE_WITHIN = 600.0
RECEIPTS_LATER = {"intake_receipt_after_seconds": 3_600}
"""They are owed in the same transaction; that they go out meanwhile would be counted to mails that come in."""

WAITING = """
SELECT (SELECT count(*) FROM intake.mails WHERE state IN ('kept', 'reading'))
     + (SELECT count(*) FROM intake.unplaced)
"""
PLACED = """
SELECT count(*) AS mails, min(kept_at) AS first_kept, min(placed_at) AS first, max(placed_at) AS last
  FROM intake.mails WHERE state = 'placed' AND kept_at > $1
"""
LAST_HEARD = (
    "SELECT greatest("
    + ", ".join(f"max(pg_xact_commit_timestamp({service}.xmin))" for service in WRITTEN)
    + ") FROM intake.submissions s "
    + " ".join(f"JOIN {table} AS {service} USING (enquiry_id)" for service, table in WRITTEN.items())
    + " WHERE s.received_at > $1"
)


@dataclass(frozen=True, slots=True)
class Placed:
    """How many mails were placed, and when."""

    mails: int
    first_kept: datetime
    first: datetime
    last: datetime

    @property
    def rate(self) -> float:
        """Of placing alone, from one to the next."""
        return (self.mails - 1) / (self.last - self.first).total_seconds()

    def rate_until(self, moment: datetime) -> float:
        """Since the first was kept."""
        return self.mails / (moment - self.first_kept).total_seconds()


@dataclass(frozen=True, slots=True)
class PostOffice:
    """Intake with its listener for mail, and where to look at what became of a mail."""

    bench: Bench
    url: str
    port: int
    house: Witness
    pids: Mapping[str, int]

    def orders(self, connections: int, *, seconds: float | None = None, count: int | None = None) -> Orders:
        bodies = str(self.bench.bodies)
        return Orders(bodies=bodies, port=self.port, connections=connections, seconds=seconds, count=count)

    def cpu(self) -> dict[str, float]:
        return {name: family(pid, cpu_seconds) for name, pid in self.pids.items()}

    async def all_placed(self) -> None:
        async with asyncio.timeout(DONE_WITHIN):
            while await self.house.db.fetchval(WAITING):
                await pause(LOOK_EVERY)

    async def placed_since(self, moment: datetime) -> Placed:
        [row] = await self.house.db.fetch(PLACED, moment)
        return Placed(**dict(row))


@dataclass(slots=True)
class Costs:
    """Processor time for each process, in milliseconds for each mail, round by round."""

    rounds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, before: Mapping[str, float], after: Mapping[str, float], mails: int) -> None:
        for name, seconds in after.items():
            self.rounds.setdefault(name, []).append(1000 * (seconds - before[name]) / mails)

    def note(self, bench: Bench, name: str) -> None:
        for process, milliseconds in self.rounds.items():
            bench.note(f"{name}.cpu_per_mail.{process}", middle(milliseconds), "CPU ms")


async def measure(bench: Bench) -> None:
    """Intake alone first; for the whole house the other three are started beside it."""
    bench.report("starting PostgreSQL and RabbitMQ for mails")
    with private_postgres(houses.TELLING) as server, private_rabbit() as broker:
        await migrate(server.url, [service.schema for service in SERVICES])
        await take_up(server.url, anytown())
        await houses.declare(broker.url)
        settings = {"database_url": server.url, "amqp_url": broker.url, "amqp_prefix": houses.PREFIX}
        pids = {"database": server.pid or 0}
        if bench.wants("k"):
            async with post_office(bench, settings, pids) as office:
                await large_mail(office)
        if bench.wants("i", "j"):
            async with post_office(bench, settings, pids) as office:
                await senders.send(office.orders(GOAL_CONNECTIONS, count=200))
                await office.all_placed()
                if bench.wants("i"):
                    await accepted(office)
                if bench.wants("j"):
                    await placed(office)
                    await heard_by_all(office, settings)


@asynccontextmanager
async def post_office(bench: Bench, settings: Mapping[str, str], pids: Mapping[str, int]) -> AsyncIterator[PostOffice]:
    port, url = free_port(), settings["database_url"]
    data = bench.folder / "data"
    house = await witness(url)
    try:
        intake = accesspoint(
            "serve", "intake", folder=bench.folder, data=data, smtp_port=port, **RECEIPTS_LATER, **settings
        )
        async with intake as running:
            yield PostOffice(bench, url, port, house, {"intake": running.process.pid, **pids})
    finally:
        await house.db.close()


async def accepted(office: PostOffice) -> None:
    """In turns with the floor, round by round. Placing goes on beside it, as in life."""
    bench = office.bench
    beside = await create_database(office.url)
    await migrate(beside, [service.schema for service in SERVICES])
    costs = Costs()
    for connections in CONNECTIONS:
        floors: list[Run] = []
        runs: list[Run] = []
        for number in range(1, bench.plan.rounds + 1):
            bench.report(f"mails accepted, {connections} connections, round {number}")
            floors.append(await senders.send(floor(bench, beside, connections)))
            before = office.cpu()
            runs.append(await senders.send(office.orders(connections, seconds=bench.plan.seconds)))
            await office.all_placed()
            if connections == GOAL_CONNECTIONS:
                costs.add(before, office.cpu(), len(runs[-1].milliseconds))
        note_accepted(bench, connections, runs, floors)
    costs.note(bench, "mails.accepted_and_placed")


def floor(bench: Bench, url: str, connections: int) -> Orders:
    return Orders(bodies=str(bench.bodies), database=url, connections=connections, seconds=bench.plan.seconds)


def note_accepted(bench: Bench, connections: int, runs: Sequence[Run], floors: Sequence[Run]) -> None:
    name = f"{connections}_connection{'s' if connections > 1 else ''}"
    bench.note(
        f"mails.accepted.{name}",
        middle(run.rate for run in runs),
        "per second",
        floor=middle(run.rate for run in floors),
        goal=GOAL_ACCEPTED if connections == GOAL_CONNECTIONS else None,
    )
    for percent in PERCENTS:
        found = middle(percentile(run.milliseconds, percent) for run in runs)
        bench.note(f"mails.accepted.p{percent}.{name}", found, "ms")


async def placed(office: PostOffice) -> None:
    """What piled up while nobody looked: it appears in one transaction, so nothing but placing is measured."""
    bench, costs, rates = office.bench, Costs(), []
    mails = bench.plan.enquiries // 2
    for number in range(1, bench.plan.rounds + 1):
        bench.report(f"placing {mails} mails, round {number}")
        began = await office.house.now()
        before = office.cpu()
        await senders.send(Orders(bodies=str(bench.bodies), database=office.url, count=mails, at_once=True))
        await office.all_placed()
        rates.append((await office.placed_since(began)).rate)
        costs.add(before, office.cpu(), mails)
    bench.note("mails.placed", middle(rates), "per second", goal=GOAL_PLACED)
    costs.note(bench, "mails.placed")


async def heard_by_all(office: PostOffice, settings: Mapping[str, str]) -> None:
    """From the first mail at the door until routing, crm and sla have heard of the last one's enquiry."""
    bench, mails = office.bench, office.bench.plan.enquiries // 2
    async with AsyncExitStack() as stack:
        bench.report("starting routing, crm and sla")
        data = bench.folder / "data"
        starting = [accesspoint("serve", name, folder=bench.folder, data=data, **settings) for name in houses.OTHERS]
        for one in starting:
            await stack.enter_async_context(one)
        await office.house.caught_up()
        rates, through = [], []
        for number in range(1, bench.plan.rounds + 1):
            bench.report(f"{mails} mails through the whole house, round {number}")
            began = await office.house.now()
            await senders.send(office.orders(GOAL_CONNECTIONS, count=mails))
            await office.all_placed()
            await office.house.caught_up()
            found = await office.placed_since(began)
            through.append(found.rate_until(found.last))
            rates.append(found.rate_until(await office.house.db.fetchval(LAST_HEARD, began)))
        bench.note("mails.placed.whole_house", middle(through), "per second")
        bench.note("mails.heard.whole_house", middle(rates), "per second")
        await office.house.check_all_is_there()


async def large_mail(office: PostOffice) -> None:
    """A small one first, so that what any mail needs is there already. The database's share is not counted."""
    bench, pid = office.bench, office.pids["intake"]
    await senders.send(office.orders(1, count=20))
    await office.all_placed()
    bench.report("memory for a mail of 25 MB")
    forget_peak(pid)
    before = resident(pid)
    large = Orders(bodies=str(one_body(bench)), port=office.port, count=1, file_bytes=FILE_BYTES)
    run = await senders.send(large)
    on_arrival = peak(pid)
    await office.all_placed()
    bench.note("memory.large_mail.before", before, "MB")
    bench.note("memory.large_mail.accepted", on_arrival, "MB")
    bench.note("memory.large_mail.placed", peak(pid), "MB", goal=GOAL_PEAK)
    bench.note("memory.large_mail.growth", peak(pid) - before, "MB")
    bench.note("mails.large.answered", run.milliseconds[0], "ms")


def one_body(bench: Bench) -> Path:
    path = bench.folder / "one-body.json"
    path.write_text('[{"title": "Plan of my extension", "text": "The plan is attached."}]')
    return path
