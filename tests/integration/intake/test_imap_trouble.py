"""Reading mailboxes when something is wrong: it is told in a sentence, tried again, and holds up nothing else."""

import asyncio
import time
from pathlib import Path

import pytest

from services.intake.channels.email import fetching, imap
from services.intake.domain.mail.fetching import Folder
from shared.work import Workshop
from tests.builders import a_workshop
from tests.conftest import StartDovecot
from tests.integration.intake.desk import rows
from tests.integration.intake.fetching import (
    USER,
    Reading,
    accounts_file,
    letters,
    reading,
    soon,
    until_kept,
    until_read,
)
from tests.parts.dovecot import PrivateDovecot
from tests.parts.ports import free_port
from tests.parts.proxy import Proxy
from tests.parts.waiting import until

WRONG = {"password": "wrong"}
FROM_A_FILE = {"password": None, "password_file": "secret"}


pytestmark = pytest.mark.usefixtures("often")


async def until_told(reader: Reading, *words: str) -> str:
    return await until(
        lambda: reader.told if all(word in reader.told for word in words) else None, what=f"/ready says {words}"
    )


async def until_up(reader: Reading) -> None:
    await until(lambda: reader.is_up, within=20, what="the account is read")


async def test_a_wrong_password_is_told_and_a_corrected_file_is_read_at_once(
    town: Workshop, server: PrivateDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(1))
    async with reading(town, accounts_file(data, server.port, **WRONG), monkeypatch) as reader:
        told = await until_told(reader, "does not accept the user and password")
        assert f"127.0.0.1:{server.port}" in told
        assert "wrong" not in told
        accounts_file(data, server.port)
        await until_kept(town, 1)
        await until_up(reader)


async def test_a_password_with_letters_beyond_ascii_is_as_good_as_another(
    town: Workshop, dovecot: StartDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = dovecot({USER: "Straße 街"}, lmtp=False)
    server.change_uidvalidity(USER)
    secret = data / "secret"
    secret.write_text("Straße 街\n", "utf-8")
    file = accounts_file(data, server.port, **FROM_A_FILE)
    async with reading(town, file, monkeypatch) as reader:
        await until_up(reader)


async def test_an_unknown_folder_is_told_with_those_there_are(
    town: Workshop, server: PrivateDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(1), folder="Archive")
    async with reading(town, accounts_file(data, server.port, folder="Archiv"), monkeypatch) as reader:
        told = await until_told(reader, 'The folder "Archiv"', "cannot be read")
        assert "Archive" in told.partition("There are:")[2]
        assert "INBOX" in told.partition("There are:")[2]


async def test_a_server_that_is_away_or_speaks_no_tls_is_told(
    town: Workshop, server: PrivateDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(town, accounts_file(data, free_port()), monkeypatch) as reader:
        await until_told(reader, "cannot be reached", "Connection refused")
        accounts_file(data, server.port, tls="implicit")
        await until_told(reader, "No private connection")
        accounts_file(data, server.port, tls="starttls")
        await until(lambda: reader.told and "private" not in reader.told, what="another word")
        accounts_file(data, server.port)
        await until_up(reader)


async def test_a_mailbox_that_the_council_has_not_is_told(
    town: Workshop, server: PrivateDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(town, accounts_file(data, server.port, mailbox="parks"), monkeypatch) as reader:
        told = await until_told(reader, 'the mailbox "parks"', "which the council file has not")
        assert "council, waste" in told


async def test_a_broken_file_is_told_with_its_line_and_read_once_it_is_mended(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = accounts_file(file.parent, 0)
    async with reading(town, broken, monkeypatch) as reader:
        told = await until(lambda: reader.health.ready()[1].get("accounts"), what="a word about the file")
        assert "line 4" in told
        accounts_file(file.parent, server.port)
        await until_up(reader)


async def test_a_server_that_is_started_again_is_read_on(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(2), date=soon())
    async with reading(town, file, monkeypatch) as reader:
        await until_kept(town, 2)
        for nth in range(3, 6):
            await asyncio.to_thread(server.kill)
            await until_told(reader, "account")
            await asyncio.to_thread(server.start)
            server.put(USER, letters(1, about=f"bin {nth}"))
            await until_kept(town, nth)
        await until_read(town, 5)


async def test_a_connection_that_is_held_up_is_given_up(
    town: Workshop, server: PrivateDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap.PATIENCE, "read", 1.0)
    monkeypatch.setenv("ACCESSPOINT_INTAKE_IMAP_LOOK_SECONDS", "1")
    async with (
        Proxy("127.0.0.1", server.port) as proxy,
        reading(town, accounts_file(data, proxy.port), monkeypatch) as reader,
    ):
        await until_up(reader)
        proxy.hold_answers()
        await until_told(reader, "lost")
        proxy.let_answers_through()
        server.put(USER, letters(1))
        await until_kept(town, 1)


async def test_stopping_is_not_held_up_by_a_server_that_says_nothing(
    town: Workshop, server: PrivateDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`reading` gives it three seconds."""
    async with Proxy("127.0.0.1", server.port) as proxy:
        async with reading(town, accounts_file(data, proxy.port), monkeypatch) as reader:
            await until_up(reader)
            proxy.hold_answers()
        async with reading(town, accounts_file(data, proxy.port), monkeypatch):
            await until(lambda: proxy.sent, what="a call that nobody answers")


async def test_of_two_replicas_one_reads_and_the_other_takes_over(
    town: Workshop, database: str, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections: list[str] = []
    opened = imap.Connection.open

    async def counted(self: imap.Connection) -> None:
        connections.append(self.account.name)
        await opened(self)

    monkeypatch.setattr(imap.Connection, "open", counted)
    server.put(USER, letters(3), date=soon())
    async with a_workshop(database, "intake") as other, reading(other, file, monkeypatch) as one:
        await until_kept(town, 3)
        async with reading(town, file, monkeypatch) as another:
            await until(lambda: one.is_up and another.is_up, what="both are well")
            assert connections == ["enquiries"]
            one.stopping.set()
            server.put(USER, letters(1, about="lamp"))
            await until_kept(town, 4)
            await until(lambda: len(connections) == 2, what="the other takes over")
            await until_read(town, 4)


async def test_whoever_was_taken_for_lost_writes_nothing_any_more(
    town: Workshop, database: str, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica that was stopped and woke up: its position is another's by now."""
    server.put(USER, letters(1), date=soon())
    async with reading(town, file, monkeypatch) as reader:
        await until_kept(town, 1)
        await until_up(reader)
        async with town.database.transaction() as db:
            await db.execute(
                "UPDATE mail_positions SET held_by = gen_random_uuid(), held_until = clock_timestamp() + interval '2 s'"
            )
        server.put(USER, letters(1, about="lamp"))
        [before] = await rows(town, "mail_positions")
        await until_kept(town, 2)
        [after] = await rows(town, "mail_positions")
    assert before["held_by"] != after["held_by"]
    assert (await rows(town, "mails"))[1]["kept_at"] >= before["held_until"]


async def test_a_server_that_never_stops_telling_is_looked_at_now_and_then(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made to tell something at once whenever it is asked to."""
    looks: list[float] = []
    look = imap.Connection.look

    async def noted(self: imap.Connection) -> Folder:
        looks.append(time.monotonic())
        return await look(self)

    monkeypatch.setattr(imap.Connection, "look", noted)
    monkeypatch.setattr(imap.Connection, "idled", lambda self, seconds: True)
    async with reading(town, file, monkeypatch):
        await until(lambda: len(looks) >= 8, what="some looks")
        server.put(USER, letters(1))
        await until_kept(town, 1, within=5)
    assert looks[7] - looks[1] > 5 * fetching.LOOKS_APART
