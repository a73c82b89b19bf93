"""Mailboxes that move to another server, and whatever the move forgot: nothing is lost and nothing doubled."""

from pathlib import Path

import pytest

from services.intake.channels.email import fetching
from shared.work import Workshop
from tests.conftest import StartDovecot
from tests.integration.intake.desk import rows
from tests.integration.intake.fetching import (
    LONG_AGO,
    PASSWORD,
    USER,
    accounts_file,
    letters,
    reading,
    soon,
    until_kept,
    until_read,
)
from tests.integration.intake.post import MAILBOXES
from tests.parts.councils import plain, take_up
from tests.parts.dovecot import PrivateDovecot
from tests.parts.waiting import until


@pytest.fixture
async def town(workshop: Workshop) -> Workshop:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return workshop


@pytest.fixture
def server(dovecot: StartDovecot) -> PrivateDovecot:
    return dovecot({USER: PASSWORD}, lmtp=False)


@pytest.fixture
def file(server: PrivateDovecot, data: Path) -> Path:
    return accounts_file(data, server.port)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a minute in a test."""
    for name in ("TAKE_EVERY", "RENEW_EVERY", "WATCH_FILE_EVERY", "FIRST_REST"):
        monkeypatch.setattr(fetching, name, 0.2)


async def test_a_changed_uidvalidity_doubles_nothing(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(2, about="old"), date=LONG_AGO)
    server.put(USER, letters(5), date=soon())
    server.expunge(USER, [4])
    async with reading(town, file, monkeypatch):
        before = await until_read(town, 7)
        server.change_uidvalidity(USER)
        server.put(USER, letters(1, about="new"))
        kept = await until_kept(town, 5, within=30)
        after = await until_read(town, 7)
    assert before["uid_validity"] != after["uid_validity"] == server.uidvalidity(USER)
    seen = await rows(town, "mail_uids")
    assert {row["uid_validity"] for row in seen} == {after["uid_validity"]}
    assert sorted(row["mail_id"] for row in seen if row["mail_id"]) == sorted(mail["mail_id"] for mail in kept)


async def test_another_server_under_the_same_name_is_read_from_its_beginning(
    town: Workshop, dovecot: StartDovecot, server: PrivateDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both number their mails alike, and give the same UIDVALIDITY."""
    server.put(USER, letters(4, about="here"), date=soon())
    other = dovecot({USER: PASSWORD}, lmtp=False)
    other.put(USER, letters(5, about="elsewhere"), date=soon())
    other.change_uidvalidity(USER, to=server.uidvalidity(USER))
    assert other.uidvalidity(USER) == server.uidvalidity(USER)
    async with reading(town, accounts_file(data, server.port), monkeypatch):
        await until_read(town, 4)
        accounts_file(data, other.port)
        await until_read(town, 5)
    async with reading(town, accounts_file(data, other.port), monkeypatch) as reader:
        await until(lambda: reader.is_up, what="the account is read")
    assert (len(await rows(town, "mails")), len(await rows(town, "mail_uids"))) == (9, 5)
