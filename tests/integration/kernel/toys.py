"""Two toy services: alpha says `toy.thrown`, beta hears it and writes it down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

from shared.bus.local import LocalBus
from shared.bus.port import Bus
from shared.contracts.base import Event
from shared.db import Database, Row
from shared.hearing import Hears, on
from shared.runtime import Replica, Service, topology_of
from shared.settings import HouseSettings, ServiceSettings
from shared.timers import When
from shared.timesource import TimeSource
from shared.vocabulary import new_id
from shared.work import Cause, Work, Workshop
from tests.parts.waiting import until

MIGRATIONS = Path(__file__).with_name("migrations")
NOTE = "INSERT INTO handled (subject, number, causation) VALUES ($1, $2, $3)"
HANDLED = "SELECT subject, number FROM handled ORDER BY handled_id"


class ToyThrown(Event):
    """A toy was thrown."""

    name: ClassVar[str] = "toy.thrown"
    speaker: ClassVar[str] = "alpha"

    toy: str
    number: int

    @property
    def subject(self) -> str:
        return f"toy/{self.toy}"


Handle = Callable[[ToyThrown, Work], Awaitable[None]]


async def note(event: ToyThrown, work: Work) -> None:
    await work.db.execute(NOTE, event.subject, event.number, work.cause.causation_id)


def toy_service(name: str, *, hears: Sequence[Hears[Any]] = (), timers: Sequence[When] = ()) -> Service:
    return Service(
        name=name,
        about="A toy.",
        serves=(),
        hears=hears,
        says=(ToyThrown,) if name == "alpha" else (),
        timers=timers,
        migrations=MIGRATIONS,
        settings=ServiceSettings,
    )


ALPHA = toy_service("alpha")


def beta(handle: Handle = note) -> Service:
    return toy_service("beta", hears=(on(ToyThrown, handle),))


def a_cause() -> Cause:
    return Cause("machine/test", new_id())


async def throw(workshop: Workshop, toy: str, *numbers: int) -> None:
    """Says one event a number, in one work."""

    async def action(work: Work) -> None:
        for number in numbers:
            work.say(ToyThrown(toy=toy, number=number))

    await workshop.run([f"toy/{toy}"], action, a_cause())


@asynccontextmanager
async def a_workshop(url: str, service: str = "alpha") -> AsyncIterator[Workshop]:
    database = Database(url, service)
    await database.open()
    try:
        yield Workshop(database, TimeSource())
    finally:
        await database.close()


@asynccontextmanager
async def replicas_of(
    url: str, *services: Service, bus: Bus | None = None, prefix: str = "accesspoint"
) -> AsyncIterator[list[Replica]]:
    """Each service running, on the local bus unless another is given."""
    topology = topology_of(services, prefix)
    carrier = bus or LocalBus()
    await carrier.declare(topology)
    running = [Replica(service, HouseSettings(), url, carrier, topology) for service in services]
    try:
        for replica in running:
            await replica.start()
        await until(lambda: all(replica.health.ready()[0] for replica in running), what="every replica ready")
        yield running
    finally:
        await asyncio.gather(*(replica.stop() for replica in reversed(running)))
        if bus is None:
            await carrier.close()


async def handled(workshop: Workshop) -> list[Row]:
    async with workshop.reading() as db:
        return await db.fetch(HANDLED)
