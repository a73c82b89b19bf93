"""Routing at work for the council of Anytown."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.routing.app import SERVICE
from shared.settings import HouseSettings
from shared.work import Workshop
from tests.builders import Ear, a_client, a_workshop, an_ear
from tests.integration.offering import council_of
from tests.integration.routing.people import People
from tests.parts.councils import anytown


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    async with a_workshop(database, SERVICE) as ready:
        await council_of(ready, anytown())
        yield ready


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


@pytest.fixture
async def people(workshop: Workshop, tmp_path: Path) -> AsyncIterator[People]:
    house = HouseSettings(data=tmp_path)
    async with a_client(workshop, SERVICE, house) as client:
        yield People(client, house)
