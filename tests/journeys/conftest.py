"""The house for journeys: in this process on the local bus, and as two replicas of each service on RabbitMQ."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from tests.conftest import outside_the_loop
from tests.parts.house import House, ProcessHouse, house_in_this_process
from tests.parts.postgres import create_database, drop_database
from tests.parts.scratch import scratch


@pytest.fixture(scope="module")
def two_of_each(postgres: str, rabbit_url: str) -> Iterator[ProcessHouse]:
    """Four services in two replicas each, on a database and mailboxes of their own. Leave it as you found it."""
    database_url = outside_the_loop(create_database(postgres))
    with scratch("house") as folder:
        house = ProcessHouse(database_url, rabbit_url, folder, f"house-{uuid4().hex[:8]}")
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
