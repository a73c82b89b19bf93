"""Both carriers of the bus for tests, and small ways of publishing and hearing that end in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import aio_pika

from shared.bus.local import LocalBus
from shared.bus.mailboxes import dead, seal
from shared.bus.port import Bus, Delivery, Subscription, Topology
from shared.bus.rabbit import RabbitBus
from shared.errors import Unavailable

SOON = 15.0
HEADERS = {"content-type": "text/plain", "speaker": "intake"}


def small_topology(**changes: tuple[str, ...]) -> Topology:
    """Two listeners, four partitions; nobody hears what sla says."""
    heard = {"crm": ("intake", "routing"), "routing": ("intake",)} | changes
    return Topology(f"test-{uuid4().hex[:12]}", heard, partitions=4)


@dataclass
class Carrier:
    """One kind of bus. `join` gives what another service has: on the broker, connections of its own."""

    broker: str | None
    topology: Topology = field(default_factory=small_topology)
    _buses: list[Bus] = field(default_factory=list)

    @property
    def keeps(self) -> bool:
        """Whether a message is safe before its listener has heard it."""
        return self.broker is not None

    async def join(self) -> Bus:
        if self.broker is None and self._buses:
            return self._buses[0]
        bus: Bus = LocalBus() if self.broker is None else RabbitBus(self.broker)
        self._buses.append(bus)
        await bus.declare(self.topology)
        return bus

    async def close(self) -> None:
        await asyncio.gather(*(bus.close() for bus in self._buses))
        if self.broker is not None:
            await forget(self.broker, self.topology)


async def forget(broker: str, topology: Topology) -> None:
    """Leaves a broker that tests share as it was."""
    async with await aio_pika.connect(broker) as connection:
        channel = await connection.channel()
        for queue in (dead(topology), *(topology.mailbox(*key) for key in topology.mailboxes())):
            await channel.queue_delete(queue)
        for exchange in (topology.prefix, f"{topology.prefix}.events", dead(topology), seal(topology)):
            await channel.exchange_delete(exchange)


@dataclass
class Publisher:
    """Publishes in order; a publish that waits for its listeners goes on beside the test."""

    bus: Bus
    keeps: bool
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def say(self, *bodies: str, speaker: str = "intake", partition: int = 0) -> None:
        for body in bodies:
            task = asyncio.create_task(self.bus.publish(speaker, partition, body.encode(), HEADERS))
            self.tasks.append(task)
            if self.keeps:
                await asyncio.wait_for(asyncio.shield(task), SOON)
            else:
                await asyncio.sleep(0)

    async def done(self) -> None:
        await asyncio.wait_for(asyncio.gather(*self.tasks), SOON)


@asynccontextmanager
async def publishing(bus: Bus, *, keeps: bool) -> AsyncIterator[Publisher]:
    publisher = Publisher(bus, keeps)
    try:
        yield publisher
    finally:
        for task in publisher.tasks:
            task.cancel()
        await asyncio.gather(*publisher.tasks, return_exceptions=True)


async def hear(subscription: Subscription) -> Delivery:
    return await asyncio.wait_for(subscription.next(), SOON)


async def hear_all(subscription: Subscription, count: int) -> list[str]:
    """The next so many, each acknowledged."""
    bodies = []
    for _ in range(count):
        delivery = await hear(subscription)
        bodies.append(delivery.body.decode())
        await delivery.acknowledge()
    return bodies


async def publish_at_last(bus: Bus, body: bytes, *, speaker: str = "intake", partition: int = 0) -> None:
    """As the relay does: the same message again until it is confirmed. The bus itself slows this down."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await bus.publish(speaker, partition, body, HEADERS)
            except Unavailable:
                continue
