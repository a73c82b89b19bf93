"""Intake with a database and a data folder of its own, somebody who calls it, and the events it hears."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.intake.actions import sending
from services.intake.app import SERVICE
from services.intake.gateways.carriers import Carriers
from services.intake.settings import data_folder, settings
from shared.auth import sign
from shared.settings import HouseSettings
from shared.vocabulary import Role
from shared.work import Workshop
from tests.builders import Ear, a_client, a_workshop, an_ear
from tests.integration.intake.carrying import Unwilling
from tests.integration.intake.desk import Desk
from tests.integration.intake.importing import Importer


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this test's files and messages are. Settings are read once, so here they are read again."""
    monkeypatch.setenv("ACCESSPOINT_DATA", str(tmp_path))
    data_folder.cache_clear()
    settings.cache_clear()
    yield tmp_path
    data_folder.cache_clear()
    settings.cache_clear()


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    async with a_workshop(database, SERVICE) as ready:
        yield ready


@pytest.fixture
async def desk(workshop: Workshop, data: Path) -> AsyncIterator[Desk]:
    house = HouseSettings(data=data)
    async with a_client(workshop, SERVICE, house) as client:
        yield Desk(client, house, sign(house, "mary", [Role.ADVISER]))


@pytest.fixture
def importer(desk: Desk) -> Importer:
    return Importer(desk)


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch) -> Unwilling:
    unwilling = Unwilling([])
    monkeypatch.setattr(sending, "carriers", lambda: Carriers(unwilling, unwilling))
    return unwilling
