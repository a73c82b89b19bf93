"""A database with the two toy services' schemas in it."""

import pytest

from shared.migrate import migrate
from tests.integration.kernel.toys import ALPHA, beta


@pytest.fixture
async def toys(bare_database: str) -> str:
    await migrate(bare_database, [ALPHA.schema, beta().schema])
    return bare_database
