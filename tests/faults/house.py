"""The product as processes that can be killed: four services with a broker and a database, or the embedded whole."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import aiohttp
import psutil

from services.cli.embedded import EmbeddedPostgres
from services.cli.house import SERVICES
from shared.settings import HouseSettings
from tests.faults import witness
from tests.parts.councils import plain, written
from tests.parts.postgres import private_postgres
from tests.parts.programs import Program, carry_out
from tests.parts.rabbit import private_rabbit
from tests.parts.scratch import scratch
from tests.parts.waiting import until

NAMES = tuple(service.name for service in SERVICES)
# Short leases, so that advisers who vanish are seen to lose their offers within the run.
PACE = {"ACCESSPOINT_ROUTING_LEASE_SECONDS": "3", "ACCESSPOINT_ROUTING_PAUSE_SECONDS": "2"}
READY_WITHIN = 60.0


class Victim(Protocol):
    """Something that is killed without warning and started again."""

    def kill(self) -> None: ...

    def start(self) -> None: ...


def command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.faults.witness", *arguments)


class House:
    """What the world needs to know of it: where each service listens, where its records are, and what can be killed."""

    def __init__(
        self, database: str, addresses: Mapping[str, str], settings: HouseSettings, victims: Mapping[str, Victim]
    ) -> None:
        self.database = database
        self.addresses = addresses
        self.settings = settings
        self.victims = victims

    def keep_logs(self) -> None:
        """For whoever has to find out what went wrong: the folder of the house goes when it ends."""
        folder = Path(tempfile.mkdtemp(prefix="accesspoint-faults-logs-"))
        for victim in self.victims.values():
            if isinstance(victim, Program):
                shutil.copy(victim.log, folder)
        print(f"The logs of the services are kept in {folder}.")

    def address_of(self, path: str) -> str:
        return self.addresses[path.split("/")[1]] + path


@asynccontextmanager
async def four_processes() -> AsyncIterator[House]:
    """Each service alone, on a real broker and a database that keeps what it was given, both to be killed as well."""
    with scratch("house") as folder, private_rabbit() as broker, private_postgres() as postgres:
        common = {
            "ACCESSPOINT_DATA": str(folder / "data"),
            "ACCESSPOINT_DATABASE_URL": postgres.url,
            "ACCESSPOINT_AMQP_URL": broker.url,
            **PACE,
            "ACCESSPOINT_COUNCIL": str(written(folder, plain())),
        }
        carry_out(["migrate"], common)
        await witness.make_tables(postgres.url, NAMES)
        services = {name: Program(name, command("serve", name), common, folder) for name in NAMES}
        house = House(
            postgres.url,
            {name: service.url for name, service in services.items()},
            HouseSettings(data=folder / "data"),
            {"broker": broker, "database": postgres, **services},
        )
        with running(list(services.values())):
            yield house


class EmbeddedDatabase:
    """The database of an embedded house, killed from outside. Bringing it back is that house's own business."""

    def __init__(self, data: Path) -> None:
        self._server = EmbeddedPostgres(data / "database")

    @property
    def url(self) -> str:
        return self._server.url

    def kill(self) -> None:
        pid = self._server.pid
        if pid is not None:
            server = psutil.Process(pid)
            for process in [server, *server.children(recursive=True)]:
                kill_if_there(process)
            psutil.wait_procs([server], timeout=10)

    def start(self) -> None:
        """Nothing: whoever runs the house has no other command than `accesspoint up`."""


@asynccontextmanager
async def embedded_house() -> AsyncIterator[House]:
    """`accesspoint up`, as one process with a database of its own."""
    with scratch("embedded") as folder, ExitStack() as stack:
        data = folder / "data"
        database = EmbeddedDatabase(data)
        prepared = EmbeddedPostgres(data / "database")
        prepared.start()
        await witness.migrate_first(prepared.url)
        prepared.stop()
        stack.callback(database.kill)
        council = {"ACCESSPOINT_COUNCIL": str(written(folder, plain()))}
        process = Program("up", command("up", "--no-demo"), {"ACCESSPOINT_DATA": str(data), **PACE, **council}, folder)
        house = House(
            database.url,
            dict.fromkeys(NAMES, process.url),
            HouseSettings(data=data),
            {"house": process, "database": database},
        )
        with running([process]):
            yield house


@contextmanager
def running(programs: Sequence[Program]) -> Iterator[None]:
    """Told to stop at the end, all at once."""
    for program in programs:
        program.start()
    try:
        yield
    finally:
        for program in programs:
            program.terminate()
        for program in programs:
            program.wait()


def kill_if_there(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


async def until_ready(house: House, within: float = READY_WITHIN) -> None:
    """Every service says so itself."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session:
        for address in dict.fromkeys(house.addresses.values()):
            url = f"{address}/ready"
            await until(partial(says_ready, session, url), within=within, what=f"a ready answer of {url}")


async def says_ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == HTTPStatus.OK
    except (aiohttp.ClientError, TimeoutError):
        return False
