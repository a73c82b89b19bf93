"""The schemas of three toy services, and ways to hear with one of them."""

from collections.abc import AsyncIterator

import pytest

from shared import cursors
from shared.hearing import Hearing
from shared.migrate import migrate
from shared.work import Workshop
from tests.faults.letters import beta_with
from tests.integration.kernel.toys import ALPHA, a_workshop, toy_service


@pytest.fixture
async def toys(bare_database: str) -> str:
    await migrate(bare_database, [ALPHA.schema, beta_with().schema, toy_service("gamma").schema])
    return bare_database


@pytest.fixture
async def beta(toys: str) -> AsyncIterator[Workshop]:
    async with a_workshop(toys, "beta") as workshop:
        async with workshop.reading() as db:
            await cursors.make(db, ["alpha", "gamma"])
        yield workshop


@pytest.fixture
def hearing(beta: Workshop) -> Hearing:
    return Hearing(beta, beta_with().hears)
