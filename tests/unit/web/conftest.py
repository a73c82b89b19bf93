"""The tiny service, listening."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from shared.settings import HouseSettings
from tests.unit.web.tiny import client_of, house_in


@pytest.fixture
def house(tmp_path: Path) -> HouseSettings:
    return house_in(tmp_path)


@pytest.fixture
async def client(house: HouseSettings) -> AsyncIterator[TestClient[Any, Any]]:
    async with client_of(house) as ready:
        yield ready
