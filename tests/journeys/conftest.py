"""The house for journeys: in this process on the local bus, and as two replicas of each service on RabbitMQ."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.conftest import outside_the_loop
from tests.journeys.anytown import Anytown
from tests.parts.councils import anytown as anytown_file
from tests.parts.councils import take_up
from tests.parts.house import House, ProcessHouse, house_in_this_process
from tests.parts.postgres import create_database, drop_database, name_of
from tests.parts.scratch import scratch

SOON_LAPSED = {"ACCESSPOINT_ROUTING_LEASE_SECONDS": "6"}


@pytest.fixture(scope="module")
def two_of_each(postgres: str, migrated: str, rabbit_url: str) -> Iterator[ProcessHouse]:
    """Four services in two replicas each, on a database and mailboxes of their own. Leave it as you found it."""
    database_url = outside_the_loop(create_database(postgres, template=name_of(migrated)))
    with processes(database_url, rabbit_url, {}) as house:
        yield house


@pytest.fixture(scope="module")
def two_of_each_in_anytown(postgres: str, migrated: str, rabbit_url: str) -> Iterator[ProcessHouse]:
    database_url = outside_the_loop(create_database(postgres, template=name_of(migrated)))
    outside_the_loop(take_up(database_url, anytown_file()))
    with processes(database_url, rabbit_url, SOON_LAPSED) as house:
        yield house


@contextmanager
def processes(database_url: str, rabbit_url: str, settings: Mapping[str, str]) -> Iterator[ProcessHouse]:
    with scratch("house") as folder:
        house = ProcessHouse(database_url, rabbit_url, folder, f"house-{uuid4().hex[:8]}", settings=settings)
        try:
            house.migrate()
            house.start_all(replicas=2)
            outside_the_loop(house.until_ready())
            yield house
        finally:
            house.close()
    outside_the_loop(drop_database(database_url))


@pytest.fixture(params=["local", "rabbit"])
async def house(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> AsyncIterator[House]:
    """The same house on either carrier. The database is the local one's."""
    if request.param == "rabbit":
        yield request.getfixturevalue("two_of_each")
        return
    async with house_in_this_process(database, tmp_path) as here:
        yield here


@pytest.fixture(params=["local", "rabbit"])
async def anytown(
    request: pytest.FixtureRequest,
    database: str,
    tmp_path: Path,
    session: aiohttp.ClientSession,
) -> AsyncIterator[Anytown]:
    """The council of Anytown at work, on either carrier. Everybody goes home in the end."""
    if request.param == "rabbit":
        town = Anytown(request.getfixturevalue("two_of_each_in_anytown"), session)
        yield town
        await town.goes_home()
        return
    await take_up(database, anytown_file())
    async with house_in_this_process(database, tmp_path, SOON_LAPSED) as here:
        yield Anytown(here, session)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A journey that fails shows what the processes wrote."""
    report = yield
    arguments: dict[str, Any] = getattr(item, "funcargs", {})
    if report.failed:
        for house in arguments.values():
            if hasattr(house, "last_words"):
                report.sections.append(("what the processes wrote", house.last_words()))
    return report
