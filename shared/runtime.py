"""A service declared, and a replica of it: started, kept going, drained and stopped without losing work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from shared import telemetry
from shared.announcing import Announcer
from shared.bus.port import Bus, Topology
from shared.contracts.base import Event
from shared.council import TakeUp, current
from shared.db import Database, Meaning, meaning_of
from shared.entrances import Doorway, Entrance
from shared.errors import AppError, Refused, Unavailable
from shared.health import Health
from shared.hearing import Hearing, Hears
from shared.migrate import Schema, missing_migrations
from shared.owners import Owners
from shared.relay import Relay
from shared.said import PARTITIONS
from shared.settings import HouseSettings, ServiceSettings
from shared.timers import Every, SweepLoop, TimerLoop, When, every
from shared.timesource import TimeSource
from shared.web.idempotency import forget_old_keys
from shared.web.routes import Route
from shared.work import Workshop

log = structlog.get_logger()

BOOT_AGAIN_AFTER = 1.0
LOOK_AT_BUS_EVERY = 5.0
RESTART_AFTER = 1.0
STOP_SECONDS = 8.0

HOUSEKEEPING = (every(3600.0, "forget-idempotency-keys", forget_old_keys),)

STORED_PARTITIONS = "SELECT value FROM constants WHERE name = 'partitions'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, declared. Reading one of these is reading its table of contents."""

    name: str
    about: str
    serves: Sequence[Route]
    hears: Sequence[Hears[Any]]
    says: Sequence[type[Event]]
    timers: Sequence[When] = ()
    sweeps: Sequence[Every] = ()
    entrances: Sequence[Entrance] = ()
    takes_up: TakeUp | None = None
    migrations: Path
    settings: type[ServiceSettings]

    @property
    def schema(self) -> Schema:
        return self.schema_in(None)

    def schema_in(self, own_url: str | None) -> Schema:
        """`own_url` where the service signs in by itself."""
        return Schema(self.name, self.migrations, own_url)


def topology_of(services: Sequence[Service], prefix: str) -> Topology:
    """Who hears whom, read from the manifests."""
    heard = {service.name: tuple(sorted({h.event.speaker for h in service.hears})) for service in services}
    names = frozenset(h.event.name for service in services for h in service.hears)
    return Topology(prefix=prefix, speakers_heard=heard, partitions=PARTITIONS, names_heard=names)


class Replica:
    """One service running in this process."""

    def __init__(
        self,
        service: Service,
        settings: HouseSettings,
        url: str,
        bus: Bus,
        topology: Topology,
        timesource: TimeSource | None = None,
    ) -> None:
        self.service = service
        self.settings = settings
        self.bus = bus
        self.topology = topology
        self.health = Health()
        own_login = settings.own_database_url_of(service.name) is not None
        self.database = Database(url, service.name, size=settings.pool_size, own_login=own_login)
        self.workshop = Workshop(self.database, timesource or TimeSource())
        self.hearing = Hearing(self.workshop, service.hears)
        announcer = Announcer(bus, service.says, settings.council_domain) if settings.announce else None
        self.relay = Relay(self.workshop, bus, settings.council_domain, self.health, announcer)
        self.relay.awaited = topology.names_heard
        self.owners = Owners(self.hearing, bus)
        self.timers = TimerLoop(self.workshop, service.timers, self.owners.judged)
        self.sweeps = {sweep.name: SweepLoop(self.workshop, sweep) for sweep in (*service.sweeps, *HOUSEKEEPING)}
        self.workshop.on_said = self.relay.wake
        self.workshop.on_wake = self.wake
        self.stop_acting = asyncio.Event()
        self.stop_relay = asyncio.Event()
        self.stop_hearing = asyncio.Event()
        self.acting: list[asyncio.Task[None]] = []
        self.relaying: list[asyncio.Task[None]] = []
        self.listening: list[asyncio.Task[None]] = []
        self.addresses: dict[str, str] = {}
        self.expect_parts()

    def expect_parts(self) -> None:
        for part in ("database", "migrations", "council", "relay"):
            self.health.expect(part)
        self.health.watch("bus", lambda: None if self.bus.connected else "the broker is not connected")
        self.health.watch("consumers", self.owners.not_ready)

    def wake(self, sweep: str) -> None:
        self.sweeps[sweep].woken.set()

    async def start(self) -> None:
        """Returns at once; `/ready` tells when everything is up. What is away is tried until it is there."""
        self.keep_going("start", self.boot, self.stop_acting, self.acting)

    async def boot(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self.open_database()
                break
            except AppError as error:
                log.warning("not started yet", service=self.service.name, why=str(error))
            await self.rest(stopping, BOOT_AGAIN_AFTER)
        else:
            return
        self.keep_going("bus", self.find_topology, self.stop_acting, self.acting)
        self.keep_going("relay", self.relay.run, self.stop_relay, self.relaying)
        self.keep_going("relay calls", self.relay.tell_others, self.stop_relay, self.relaying)
        self.keep_going("hearing", self.owners.run, self.stop_hearing, self.listening)
        self.keep_going("tending", self.owners.tend, self.stop_acting, self.acting)
        self.keep_going("timers", self.timers.run, self.stop_acting, self.acting)
        for name, sweep in self.sweeps.items():
            self.keep_going(f"sweep {name}", sweep.run, self.stop_acting, self.acting)
        for entrance in self.service.entrances:
            self.keep_going(f"entrance {entrance.name}", self.through(entrance), self.stop_acting, self.acting)

    def through(self, entrance: Entrance) -> Callable[[asyncio.Event], Awaitable[None]]:
        async def keep_open(stopping: asyncio.Event) -> None:
            doorway = Doorway(self.workshop, self.settings, self.health, stopping, self.addresses.__setitem__)
            await entrance.keep_open(doorway)

        return keep_open

    async def open_database(self) -> None:
        try:
            if self.database.pool is None:
                await self.database.open()
            self.health.up("database")
        except AppError as error:
            self.health.down("database", str(error))
            raise
        try:
            await self.check_schema()
            self.health.up("migrations")
        except AppError as error:
            self.health.down("migrations", str(error))
            raise
        try:
            await self.check_council()
            self.health.up("council")
        except AppError as error:
            self.health.down("council", str(error))
            raise

    async def check_schema(self) -> None:
        async with self.workshop.reading() as db:
            missing = await missing_migrations(db, self.service.schema)
            if missing:
                names = ", ".join(f"{migration.part}/{migration.file}" for migration in missing)
                raise Refused(f"These migrations are missing: {names}. Run `accesspoint migrate`.")
            stored = int(await db.fetchval(STORED_PARTITIONS))
        if stored != PARTITIONS:
            raise Refused(
                f"This database was made for {stored} partitions and this release has {PARTITIONS}: "
                "order would be lost. Start the release that made it."
            )

    async def check_council(self) -> None:
        """A service that reads the council file cannot work before there is one."""
        if self.service.takes_up is not None:
            async with self.workshop.reading() as db:
                await current(db)

    async def find_topology(self, stopping: asyncio.Event) -> None:
        """The broker must have been told who hears whom; until then nothing is published or heard."""
        known = False
        while not stopping.is_set():
            try:
                if known:
                    # Who hears and says nothing at the moment finds out in this way that the broker is back.
                    await self.bus.reach()
                    await self.look_for_dead_letters()
                else:
                    await self.bus.check(self.topology)
                    known = True
            except AppError as error:
                log.info("the bus is not ready", service=self.service.name, why=str(error))
            await self.rest(stopping, LOOK_AT_BUS_EVERY if known else BOOT_AGAIN_AFTER)

    async def look_for_dead_letters(self) -> None:
        dead = await self.bus.dead_letters()
        telemetry.DEAD_LETTERS.labels(self.service.name).set(dead)
        if dead:
            log.error("the broker has given up on messages: resend them", service=self.service.name, how_many=dead)

    def keep_going(
        self,
        name: str,
        run: Callable[[asyncio.Event], Awaitable[None]],
        stopping: asyncio.Event,
        tasks: list[asyncio.Task[None]],
    ) -> None:
        """Runs until told to stop; a bug in it is logged, shown in `/ready`, and it is begun again."""

        trouble = f"{name} restart"

        async def keep() -> None:
            while not stopping.is_set():
                try:
                    await run(stopping)
                except Exception as error:
                    if not isinstance(error, Unavailable) and meaning_of(error) is Meaning.BUG:
                        log.error("a part failed", service=self.service.name, part=name, exc_info=error)
                    self.health.down(trouble, f"it failed and is begun again ({type(error).__name__})")
                    await self.rest(stopping, RESTART_AFTER)
                    self.health.forget(trouble)
                else:
                    return

        tasks.append(asyncio.create_task(keep(), name=f"{self.service.name} {name}"))

    async def rest(self, stopping: asyncio.Event, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), seconds)

    async def stop(self) -> None:
        await stop_all([self])


async def stop_all(replicas: Sequence[Replica]) -> None:
    """Those that begin work first, then the relays, then those that finish what has arrived; then the database."""
    for phase in ("acting", "relaying", "listening"):
        for replica in replicas:
            stops = {"acting": replica.stop_acting, "relaying": replica.stop_relay, "listening": replica.stop_hearing}
            stops[phase].set()
        tasks = [task for replica in replicas for task in getattr(replica, phase)]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                log.warning("a part did not stop in time", part=task.get_name())
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
    closed = await asyncio.gather(*(replica.database.close() for replica in replicas), return_exceptions=True)
    for error in filter(None, closed):
        log.warning("a database was not closed in order", exc_info=error)
