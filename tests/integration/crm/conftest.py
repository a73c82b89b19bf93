"""Crm at work on a database of the test's own, with an ear for events and a desk for people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.crm.app import SERVICE
from shared.settings import HouseSettings
from shared.vocabulary import EnquiryId
from shared.work import Workshop
from tests.builders import Ear, a_client, a_workshop, an_ear, an_enquiry_received
from tests.integration.crm.desk import Desk
from tests.parts.councils import anytown, take_up


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    async with a_workshop(database, SERVICE) as ready:
        yield ready


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


@pytest.fixture
async def desk(workshop: Workshop, tmp_path: Path) -> AsyncIterator[Desk]:
    house = HouseSettings(data=tmp_path)
    async with a_client(workshop, SERVICE, house) as client:
        yield Desk(client, house)


@pytest.fixture
async def in_anytown(database: str) -> None:
    """The council is Anytown's, with offices, a catalogue and a partner."""
    await take_up(database, anytown())


@pytest.fixture
async def enquiry_id(ear: Ear) -> EnquiryId:
    """Of an enquiry that has just been recorded, by somebody who said no more than their name."""
    event = an_enquiry_received(citizen_name="Jo")
    await ear.hears(event, actor="public")
    return event.enquiry_id
