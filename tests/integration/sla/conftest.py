"""Sla at work, with its clock ten years ahead: whatever falls due, a test can have judged when it asks for it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.sla.app import SERVICE
from shared.work import Workshop
from tests.builders import Ear, a_workshop, an_ear


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    async with a_workshop(database, SERVICE, ahead=timedelta(days=3650)) as ready:
        yield ready


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)
