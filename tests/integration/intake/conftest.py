"""Intake with a database and a data folder of its own, somebody who calls it, and the events it hears."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.intake.actions import sending
from services.intake.app import SERVICE
from services.intake.channels.email import fetching
from services.intake.gateways.carriers import Carriers
from services.intake.settings import data_folder, settings
from shared.auth import sign
from shared.settings import HouseSettings
from shared.vocabulary import Role
from shared.work import Workshop
from tests.builders import Ear, a_client, a_workshop, an_ear
from tests.conftest import StartDovecot, StartPostfix
from tests.integration.intake.by_smtp import SENT, Copying, Setting, sends_copies
from tests.integration.intake.carrying import Unwilling
from tests.integration.intake.desk import Desk
from tests.integration.intake.fetching import PASSWORD, USER, accounts_file
from tests.integration.intake.importing import Importer
from tests.integration.intake.outbox import Outbox
from tests.integration.intake.post import MAILBOXES
from tests.parts.councils import plain, take_up
from tests.parts.dovecot import PrivateDovecot
from tests.parts.fickle import FickleServer, fickle_server


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


@pytest.fixture
async def outbox(workshop: Workshop, data: Path) -> Outbox:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return Outbox(workshop, data)


@pytest.fixture
async def fickle() -> AsyncIterator[FickleServer]:
    async with fickle_server() as server:
        yield server


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Setting:
    return Setting(monkeypatch)


@pytest.fixture
def copying(postfix: StartPostfix, dovecot: StartDovecot, setting: Setting, tmp_path: Path) -> Copying:
    """A mail server by which everything is sent, and a mailbox that gets a copy of it."""
    copies = dovecot({SENT: "secret"})
    server = postfix({"copies.example": (copies.lmtp_port, "lmtp")})
    sends_copies(setting, server, copies, tmp_path)
    return server, copies


@pytest.fixture
async def enquiry(desk: Desk) -> dict[str, Any]:
    return await desk.asks()


@pytest.fixture
async def town(workshop: Workshop) -> Workshop:
    """With mailboxes, for mail that is fetched."""
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return workshop


@pytest.fixture
def server(dovecot: StartDovecot) -> PrivateDovecot:
    """From which mail is fetched."""
    return dovecot({USER: PASSWORD}, lmtp=False)


@pytest.fixture
def file(server: PrivateDovecot, data: Path) -> Path:
    """Of accounts, with the server's one."""
    return accounts_file(data, server.port)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a minute in a test."""
    for name, seconds in {
        "TAKE_EVERY": 0.2,
        "RENEW_EVERY": 0.2,
        "WATCH_FILE_EVERY": 0.1,
        "FIRST_REST": 0.1,
        "LONGEST_REST": 0.5,
    }.items():
        monkeypatch.setattr(fetching, name, seconds)
