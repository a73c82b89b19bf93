"""Replicas and their HTTP side in one process: started, announced, and stopped on a signal without losing work."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from services.cli.house import bus_of, topology
from shared.auth import Gatekeeper
from shared.errors import Unavailable
from shared.runtime import Replica, Service, stop_all
from shared.settings import HouseSettings
from shared.web.app import Mount, http_app

READY_WITHIN = 60.0
HTTP_STOP_SECONDS = 8.0
LOOK_EVERY = 0.05


@asynccontextmanager
async def running(
    services: Sequence[Service], settings: HouseSettings, url: str, *, declare: bool
) -> AsyncIterator[list[Replica]]:
    """
    The services' replicas, serving HTTP. `declare` tells the bus who hears whom, for whoever runs the whole house.

    At the end HTTP stops first, then what begins work, then the relays, then what finishes what has arrived.
    """
    bus = bus_of(settings)
    if declare:
        await bus.declare(topology(settings))
    replicas = [
        Replica(service, settings, settings.database_url_of(service.name) or url, bus, topology(settings))
        for service in services
    ]
    app = http_app(mounts(replicas), settings, Gatekeeper(settings))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=HTTP_STOP_SECONDS)
    await runner.setup()
    try:
        await listen(runner, settings)
        for replica in replicas:
            await replica.start()
        yield replicas
    finally:
        await runner.cleanup()
        await stop_all(replicas)
        await bus.close()


def mounts(replicas: Sequence[Replica]) -> list[Mount]:
    return [
        Mount(replica.service.name, replica.service.about, replica.service.serves, replica.workshop, replica.health)
        for replica in replicas
    ]


async def listen(runner: web.AppRunner, settings: HouseSettings) -> None:
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as error:
        raise Unavailable(
            f"Nothing can listen on {settings.host}:{settings.port} ({error.strerror}): "
            "stop what uses that port, or set ACCESSPOINT_PORT to another."
        ) from error


async def until_ready(replicas: Sequence[Replica], stopping: asyncio.Event) -> dict[str, str]:
    """What is still not ready after a minute; nothing when all is."""
    waited = 0.0
    while True:
        missing = {
            f"{replica.service.name} {part}": why
            for replica in replicas
            for part, why in replica.health.ready()[1].items()
        }
        if not missing or waited > READY_WITHIN or stopping.is_set():
            return missing
        await asyncio.sleep(LOOK_EVERY)
        waited += LOOK_EVERY


def told_to_stop() -> asyncio.Event:
    """Set by SIGTERM or Ctrl-C."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping
