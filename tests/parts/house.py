"""All four services, in this process or as processes of their own in several replicas: for tests and for programs."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol
from unittest.mock import patch

from services.cli.embedded import EmbeddedPostgres
from services.cli.house import SERVICES
from services.cli.running import running, until_ready
from services.intake.settings import data_folder
from services.intake.settings import settings as intake_settings
from services.routing.settings import settings as routing_settings
from shared.auth import sign
from shared.settings import HouseSettings
from shared.vocabulary import Role
from tests.parts.councils import plain, written
from tests.parts.ports import free_port
from tests.parts.programs import ACCESSPOINT, Program

NAMES = tuple(service.name for service in SERVICES)


class House(Protocol):
    """The product running somewhere."""

    @property
    def database_url(self) -> str: ...
    @property
    def settings(self) -> HouseSettings: ...
    def url(self, service: str) -> str:
        """Where a service listens; each time another replica, where there are several."""


def token_in(house: House, name: str, *roles: Role) -> str:
    return sign(house.settings, name, roles or (Role.ADVISER,))


class OneAddress:
    """A house whose services all listen at one address."""

    def __init__(self, database_url: str, settings: HouseSettings, address: str) -> None:
        self.database_url = database_url
        self.settings = settings
        self._address = address

    def url(self, service: str) -> str:
        assert service in NAMES
        return self._address


@asynccontextmanager
async def house_in_this_process(
    database_url: str, data: Path, told: Mapping[str, str] | None = None
) -> AsyncIterator[OneAddress]:
    """On the local bus and a database that is migrated already. `told` is its environment, as far as it matters."""
    settings = HouseSettings(database_url=database_url, data=data, port=free_port(), amqp_url=None)
    with surroundings({"ACCESSPOINT_DATA": str(data), **(told or {})}):
        async with running(SERVICES, settings, database_url, declare=True) as replicas:
            missing = await until_ready(replicas, asyncio.Event())
            assert missing == {}
            yield OneAddress(database_url, settings, f"http://127.0.0.1:{settings.port}")


@contextmanager
def surroundings(told: Mapping[str, str]) -> Iterator[None]:
    """For services in this process, which read theirs once and keep it."""
    with patch.dict(os.environ, told):
        forget_settings()
        yield
    forget_settings()


def forget_settings() -> None:
    for kept in (intake_settings, data_folder, routing_settings):
        kept.cache_clear()


class EmbeddedHouse(OneAddress):
    """`accesspoint up`: one process with a database of its own. Call `start`, then `until_ready`."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        command: Sequence[str] = ACCESSPOINT,
        council: str | None = None,
    ) -> None:
        data = folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        begins_with = {"ACCESSPOINT_COUNCIL": str(written(folder, council or plain()))}
        self.smtp_port = free_port()
        doors = {"ACCESSPOINT_SMTP_PORT": str(self.smtp_port)}
        told = {"ACCESSPOINT_DATA": str(data), **begins_with, **doors, **(settings or {})}
        self.program = Program("up", [*command, "up", "--no-demo"], told, folder)
        self._postgres = EmbeddedPostgres(data / "database")
        super().__init__(self._postgres.url, HouseSettings(data=data), self.program.url)

    def start(self) -> None:
        self.program.start()

    async def until_ready(self) -> None:
        await self.program.until_ready()

    def close(self) -> None:
        """Also ends a database that a killed process has left running."""
        self.program.stop()
        self._postgres.stop()

    def last_words(self) -> str:
        return self.program.last_words()


class ProcessHouse:
    """
    Each service as processes of their own, on one database and one broker.

    It begins with the plain council, or the one given. Call `migrate` once, then `start` for each replica (or
    `start_all`), then `until_ready`, at the end `close`.
    """

    def __init__(
        self,
        database_url: str,
        amqp_url: str,
        folder: Path,
        prefix: str,
        *,
        settings: Mapping[str, str] | None = None,
        council: str | None = None,
    ) -> None:
        data = folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        self.database_url = database_url
        self.settings = HouseSettings(data=data)
        self.replicas: dict[str, list[Program]] = {name: [] for name in NAMES}
        self._folder = folder
        self._turn = count()
        self.environment = {
            "ACCESSPOINT_DATABASE_URL": database_url,
            "ACCESSPOINT_AMQP_URL": amqp_url,
            "ACCESSPOINT_AMQP_PREFIX": prefix,
            "ACCESSPOINT_DATA": str(data),
            "ACCESSPOINT_COUNCIL": str(written(folder, council or plain())),
            **(settings or {}),
        }

    def migrate(self) -> None:
        program = Program("migrate", [*ACCESSPOINT, "migrate"], self.environment, self._folder)
        program.start()
        assert program.wait() == 0, program.last_words()

    def start(self, service: str) -> Program:
        """One more replica."""
        name = f"{service}-{len(self.replicas[service]) + 1}"
        program = Program(name, [*ACCESSPOINT, "serve", service], self.environment, self._folder)
        self.replicas[service].append(program)
        program.start()
        return program

    def start_all(self, replicas: int = 1) -> None:
        for _ in range(replicas):
            for service in NAMES:
                self.start(service)

    async def until_ready(self) -> None:
        for program in self.running():
            await program.until_ready(f"/{program.name.split('-')[0]}/ready")

    def running(self, service: str | None = None) -> list[Program]:
        """Those that have not been killed or stopped."""
        names = NAMES if service is None else (service,)
        return [program for name in names for program in self.replicas[name] if program.is_running]

    def url(self, service: str) -> str:
        there = self.running(service)
        assert there, f"no replica of {service} is running"
        return there[next(self._turn) % len(there)].url

    def close(self) -> None:
        """All are told first, then waited for."""
        for program in self.running():
            program.thaw()
        for program in self.running():
            program.terminate()
        for program in self.programs():
            program.wait()

    def programs(self) -> list[Program]:
        return [program for programs in self.replicas.values() for program in programs]

    def last_words(self) -> str:
        return "\n".join(program.last_words() for program in self.programs())
