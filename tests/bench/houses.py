"""The two ways the product is run: four processes with a broker, and one process with everything in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from services.cli.embedded import EmbeddedPostgres
from services.cli.house import SERVICES, topology
from shared.bus.rabbit import RabbitBus
from shared.migrate import migrate
from shared.settings import HouseSettings
from tests.bench import accepting, through
from tests.bench.ends import Witness, witness
from tests.bench.figures import Goal
from tests.bench.plan import Bench
from tests.bench.processes import Running, accesspoint, module
from tests.bench.taking import family, pss
from tests.parts.councils import anytown, take_up
from tests.parts.postgres import create_database, private_postgres
from tests.parts.rabbit import private_rabbit

# Everything else is as the product sets it, fsync included; this tells when a row's transaction was committed.
TELLING = {"track_commit_timestamp": "on"}
PREFIX = "bench"
SETTLE_SECONDS = 3.0
GOAL_PROCESS = Goal(120, at_least=False)
GOAL_ALL = Goal(400, at_least=False)
OTHERS = ("routing", "crm", "sla")


async def on_the_broker(bench: Bench) -> None:
    """Parts a, b, c, and e of four processes."""
    bench.report("starting PostgreSQL and RabbitMQ")
    with private_postgres(TELLING) as server, private_rabbit() as broker:
        await migrate(server.url, [service.schema for service in SERVICES])
        await take_up(server.url, anytown())
        await declare(broker.url)
        settings = {
            "database_url": server.url,
            "amqp_url": broker.url,
            "amqp_prefix": PREFIX,
            "data": bench.folder / "data",
        }
        async with AsyncExitStack() as stack:
            house = await witness(server.url)
            stack.push_async_callback(house.db.close)
            intake = await stack.enter_async_context(accesspoint("serve", "intake", folder=bench.folder, **settings))
            floors = await intake_alone(bench, server, intake) if bench.wants("a", "b") else None
            if not bench.wants("b", "c", "e"):
                return
            bench.report("starting routing, crm and sla")
            starting = [accesspoint("serve", name, folder=bench.folder, **settings) for name in OTHERS]
            others = [await stack.enter_async_context(one) for one in starting]
            await catch_up(bench, house)
            if bench.wants("e"):
                await four_at_rest(bench, [intake, *others], server)
            if bench.wants("b"):
                await accepting.with_all_running(bench, "all_four", intake, house, floors)
            if bench.wants("c"):
                pids = {one.name: one.process.pid for one in (intake, *others)}
                pids |= {"database": server.pid or 0, "rabbitmq": broker.pid or 0}
                await through.end_to_end(bench, through.House("broker", intake, house, pids))


async def declare(url: str) -> None:
    bus = RabbitBus(url)
    try:
        await bus.declare(topology(HouseSettings(amqp_url=url, amqp_prefix=PREFIX)))
    finally:
        await bus.close()


async def intake_alone(bench: Bench, server: EmbeddedPostgres, intake: Running) -> accepting.Rounds:
    """The broker keeps for the others what intake says; they have not been started."""
    beside = await create_database(server.url)
    await migrate(beside, [service.schema for service in SERVICES])
    await take_up(beside, anytown())
    async with module("tests.bench.floor", beside, folder=bench.folder) as floor:
        return await accepting.beside_the_floor(bench, floor, intake)


async def catch_up(bench: Bench, house: Witness) -> None:
    """What piled up while only intake ran, in the large batches that a backlog makes."""
    backlog = int(await house.db.fetchval("SELECT count(*) FROM intake.submissions"))
    bench.report(f"catching up with {backlog} enquiries")
    began = time.monotonic()
    await house.caught_up()
    if backlog:
        bench.note("broker.catch_up", backlog / (time.monotonic() - began), "per second")


async def four_at_rest(bench: Bench, running: Sequence[Running], server: EmbeddedPostgres) -> None:
    bench.report("memory of four processes at rest")
    await asyncio.sleep(SETTLE_SECONDS)
    sizes = {one.name: pss(one.process.pid) for one in running}
    for name, size in sizes.items():
        bench.note(f"memory.{name}", size, "MB", goal=GOAL_PROCESS)
    database = family(server.pid or 0, pss)
    bench.note("memory.four.database", database, "MB")
    bench.note("memory.four.in_all", sum(sizes.values()) + database, "MB")


async def embedded(bench: Bench) -> None:
    """Part d, and e of the one process: `accesspoint up`, its own PostgreSQL and the bus inside the process."""
    bench.report("starting accesspoint up")
    data = bench.folder / "embedded"
    server = await asyncio.to_thread(told_to_tell, data / "database")
    async with accesspoint("up", "--no-demo", folder=bench.folder, data=data) as up:
        house = await witness(server.url)
        try:
            if bench.wants("e"):
                await one_at_rest(bench, up, server, "at_rest")
            if bench.wants("d"):
                await accepting.with_all_running(bench, "embedded", up, house, None)
                pids = {"up": up.process.pid, "database": server.pid or 0}
                await through.end_to_end(bench, through.House("embedded", up, house, pids))
                await one_at_rest(bench, up, server, "after_load")
        finally:
            await house.db.close()


def told_to_tell(folder: Path) -> EmbeddedPostgres:
    """A cluster made before `accesspoint up` finds it, with the one setting that the bench needs besides."""
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        with (server.cluster / "postgresql.auto.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in TELLING.items())
    finally:
        server.stop()
    return server


async def one_at_rest(bench: Bench, up: Running, server: EmbeddedPostgres, when: str) -> None:
    bench.report(f"memory of accesspoint up, {when.replace('_', ' ')}")
    await asyncio.sleep(SETTLE_SECONDS)
    process = pss(up.process.pid)
    database = family(server.pid or 0, pss)
    goals = (GOAL_PROCESS, GOAL_ALL) if when == "at_rest" else (None, None)
    bench.note(f"memory.up.{when}", process, "MB", goal=goals[0])
    bench.note(f"memory.up.database.{when}", database, "MB")
    bench.note(f"memory.up.in_all.{when}", process + database, "MB", goal=goals[1])
