"""`accesspoint mail`: what a person at a terminal sees of mailboxes and mails, and does with them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.intake.app import SERVICE
from services.intake.settings import data_folder, settings
from shared.work import Workshop
from tests.builders import a_workshop
from tests.conftest import StartDovecot
from tests.integration.intake import fetching as folders
from tests.integration.intake.desk import rows
from tests.integration.intake.fetching import PASSWORD, USER, accounts_file, flags, letters, reading, until_read
from tests.integration.intake.post import MAILBOXES, a_mail
from tests.integration.intake.test_mails import Box
from tests.parts.councils import plain, take_up
from tests.parts.dovecot import PrivateDovecot
from tests.parts.mailing import simple_mail
from tests.parts.programs import environment, typed

CUT_OVER = "2026-01-05T08:00:00Z"


@dataclass(frozen=True, slots=True)
class Terminal:
    """Somebody who types, at a terminal of eighty columns."""

    told: Mapping[str, str]

    async def types(self, *words: str, fails: bool = False) -> str:
        knows = {**environment(self.told), "COLUMNS": "80"}
        done = await asyncio.to_thread(typed, ["mail", *words], knows)
        assert (done.returncode != 0) is fails, done.stderr
        return done.stderr if fails else done.stdout


@pytest.fixture(autouse=True)
def fresh_settings() -> None:
    settings.cache_clear()
    data_folder.cache_clear()


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    await take_up(database, plain() + MAILBOXES)
    async with a_workshop(database, SERVICE) as ready:
        yield ready


@pytest.fixture
def terminal(database: str, tmp_path: Path) -> Terminal:
    return Terminal(
        {
            "ACCESSPOINT_DATABASE_URL": database,
            "ACCESSPOINT_DATA": str(tmp_path),
            "ACCESSPOINT_INTAKE_MAIL_ACCOUNTS": str(tmp_path / "accounts.toml"),
        }
    )


@pytest.fixture
def server(dovecot: StartDovecot) -> PrivateDovecot:
    return dovecot({USER: PASSWORD}, lmtp=False)


@pytest.fixture
def box(workshop: Workshop) -> Box:
    return Box(workshop)


async def test_a_probe_shows_what_reading_would_do_and_writes_nothing(
    workshop: Workshop, server: PrivateDovecot, terminal: Terminal, tmp_path: Path
) -> None:
    server.put(USER, letters(3, about="old"), date=folders.LONG_AGO)
    never = datetime(1970, 1, 2, tzinfo=UTC)
    old = simple_mail(sender="jo@example.org", to="enquiries@anytown.example", date=folders.LONG_AGO)
    server.put(USER, [*letters(1), old], date=never)
    server.put(USER, letters(2), date=folders.soon())
    accounts_file(tmp_path, server.port, cut_over=None)
    before = flags(server)
    bare = await terminal.types("probe", "enquiries")
    assert f"UIDVALIDITY {server.uidvalidity(USER)}, the next UID is 8" in bare
    assert "7 mails, the oldest of 2020-01-01 08:00 UTC, the newest of" in bare
    assert "no cut-over, so nothing would be read" in bare
    told = await terminal.types("probe", "enquiries", "--cut-over", CUT_OVER)
    assert "4 mails before it: not fetched" in told
    assert "1 of these by the date written in them" in told
    assert '3 mails after it, 0.0 MB: taken in for mailbox "council"' in told
    assert "1 of these have no date that can be true" in told
    assert f"cut_over = {CUT_OVER}" in told
    assert "Nothing was written" in told
    assert flags(server) == before
    for table in ("mails", "mail_positions", "mail_uids"):
        assert await rows(workshop, table) == []


async def test_what_cannot_be_probed_is_told_in_a_sentence(
    server: PrivateDovecot, terminal: Terminal, tmp_path: Path
) -> None:
    assert "ACCESSPOINT_INTAKE_MAIL_ACCOUNTS" in await Terminal({"ACCESSPOINT_DATA": str(tmp_path)}).types(
        "probe", "enquiries", fails=True
    )
    assert "cannot be read" in await terminal.types("probe", "enquiries", fails=True)
    accounts_file(tmp_path, server.port, user="nobody")
    assert "does not accept the user and password" in await terminal.types("probe", "enquiries", fails=True)
    assert 'no account "enquires"' in await terminal.types("probe", "enquires", fails=True)
    assert "says no zone" in await terminal.types("probe", "enquiries", "--cut-over", "2026-01-05", fails=True)


async def test_accounts_shows_how_far_each_was_read(
    workshop: Workshop, server: PrivateDovecot, terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(2, about="old"), date=folders.LONG_AGO)
    server.put(USER, letters(3), date=folders.soon())
    file = accounts_file(tmp_path, server.port)
    assert "not been looked at yet" in await terminal.types("accounts")
    async with reading(workshop, file, monkeypatch):
        await until_read(workshop, 5)
    told = await terminal.types("accounts")
    assert 'enquiries, folder INBOX: for mailbox "council", cut-over 2026-01-05 08:00 UTC.' in told
    assert "Read up to UID 5: 3 kept, 2 passed over, none missing; looked at" in told
    accounts_file(tmp_path, server.port, folder="Archive", cut_over=None)
    told = await terminal.types("accounts")
    assert "accesspoint mail probe enquiries" in told
    assert "folder INBOX: not in the file any more. Read up to UID 5" in told


async def test_mails_are_listed_shown_written_out_and_deleted(box: Box, terminal: Terminal) -> None:
    assert "There are no such mails" in await terminal.types("list")
    assert "placed" not in await terminal.types("status")
    raw = a_mail("Zürich").replace("ü".encode(), b"\xfc")
    mail_id = str(await box.gets(raw))
    assert "1 mail waits to be placed, the oldest since 20" in await terminal.types("status")
    await box.places(box.kept[0])
    listed = await terminal.types("list", "--mailbox", "council")
    assert mail_id in listed
    assert "ordinary" in listed
    assert "noted" in listed
    shown = await terminal.types("show", mail_id, "--author", "ada")
    assert "From: Jo Miller <jo@example.org>" in shown
    assert "The green bin was not emptied." in shown
    assert "Note: One part had an unknown charset." in shown
    written_out = await terminal.types("raw", mail_id, "--author", "ada")
    assert written_out.encode(errors="surrogateescape") == raw
    accesses = await rows(box.workshop, "mail_accesses")
    assert [(row["who"], row["what"]) for row in accesses] == [("person/ada", "text"), ("person/ada", "raw")]
    deleted = ("delete", mail_id, "--reason", "They asked for it.", "--author", "ada", "--yes")
    assert "deleted" in await terminal.types(*deleted)
    assert "by person/ada: They asked for it." in await terminal.types("show", mail_id, "--author", "ada")
    assert "was deleted on" in await terminal.types("raw", mail_id, "--author", "ada", fails=True)


async def test_the_outbox_shows_what_was_sent_into_the_folder(terminal: Terminal, tmp_path: Path) -> None:
    assert "No mail has been sent" in await terminal.types("outbox")
    folder = tmp_path / "messages"
    folder.mkdir()
    for nth, subject in enumerate(["We have got it: ANY-7K3M-9QPX-2RT4", "Your bin (ANY-0000-1111-2222)"]):
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "Anytown <enquiries@anytown.example>", "jo@example.org", subject
        mail.set_content(f"Letter {nth}: thank you, Zoë.")
        path = folder / f"{nth}.eml"
        path.write_bytes(mail.as_bytes())
        os.utime(path, (1_700_000_000 + nth, 1_700_000_000 + nth))
    lines = [line for line in (await terminal.types("outbox")).splitlines() if "jo@example.org" in line]
    assert ["ANY-0000-1111-2222" in lines[0], "ANY-7K3M-9QPX-2RT4" in lines[1]] == [True, True]
    newest = await terminal.types("outbox", "--text")
    assert "To: jo@example.org" in newest
    assert "Letter 1: thank you, Zoë." in newest
    assert "Letter 0" not in newest


async def test_mail_is_stopped_and_started_again(workshop: Workshop, terminal: Terminal) -> None:
    assert "Mail goes out." in await terminal.types("status")
    await terminal.types("stop", "--reason", "  ", "--author", "ada", fails=True)
    stopped = await terminal.types("stop", "--reason", "Receipts go astray.", "--author", "ada")
    assert "by person/ada: Receipts go astray." in stopped
    assert await terminal.types("status") == stopped
    assert len(await rows(workshop, "stopped")) == 1
    assert "Mail goes out." in await terminal.types("start", "--author", "ada")
    [kept] = await rows(workshop, "stopped")
    assert kept["started_by"] == "person/ada"
