"""Alpha and beta in a process of their own, which ends or stands still in the middle of handling one event."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from shared.bus.local import LocalBus
from shared.bus.port import Bus
from shared.bus.rabbit import RabbitBus
from shared.runtime import Replica, topology_of
from shared.settings import HouseSettings
from shared.work import Work
from tests.faults.letters import GAMMA, beta_with
from tests.integration.kernel.toys import ALPHA, ToyThrown, note
from tests.parts.waiting import pause, until

DEADLY = 13
STILL = 77


async def handle(event: ToyThrown, work: Work) -> None:
    """The thirteenth ends the process. At the seventy-seventh it says so, and waits to be stopped."""
    if event.number == DEADLY:
        os._exit(DEADLY)
    await note(event, work)
    if event.number == STILL:
        await asyncio.to_thread(Path(sys.argv[3]).touch)
        await pause(2)


def a_bus(url: str) -> Bus:
    return LocalBus() if url == "local" else RabbitBus(url)


async def main() -> None:
    """Arguments: the database, the broker (or `local`: then all three services run here), a file to touch, a prefix."""
    database, broker, _, prefix = sys.argv[1:]
    services = [beta_with(handle)]
    everybody = [ALPHA, GAMMA, *services]
    topology = topology_of(everybody, prefix)
    bus = a_bus(broker)
    await bus.declare(topology)
    here = everybody if broker == "local" else services
    for replica in [Replica(service, HouseSettings(), database, bus, topology) for service in here]:
        await replica.start()
    await until(lambda: False, within=120, what="an end from outside")


if __name__ == "__main__":
    asyncio.run(main())
