"""Reading mailboxes when something is wrong: it is told in a sentence, tried again, and holds up nothing else."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.intake.channels.email import fetching, imap
from services.intake.domain.mail.fetching import Listed
from shared.telemetry import MAIL_MISSING
from shared.work import Workshop
from tests.builders import a_workshop
from tests.conftest import StartDovecot
from tests.integration.intake.desk import rows
from tests.integration.intake.fetching import (
    PASSWORD,
    USER,
    Reading,
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
from tests.parts.ports import free_port
from tests.parts.proxy import Proxy
from tests.parts.waiting import until

WRONG = {"password": "wrong"}
FROM_A_FILE = {"password": None, "password_file": "secret"}


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
    for name, seconds in {
        "TAKE_EVERY": 0.2,
        "RENEW_EVERY": 0.2,
        "WATCH_FILE_EVERY": 0.1,
        "FIRST_REST": 0.1,
        "LONGEST_REST": 0.5,
    }.items():
        monkeypatch.setattr(fetching, name, seconds)


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


async def test_a_mail_that_the_server_cannot_give_is_missing_and_tried_again_and_holds_up_nothing(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dovecot ends the connection over a file that it cannot read, each time."""
    server.put(USER, letters(5), date=soon())
    broken = sorted((server.folder / "mail" / USER / "Maildir").glob("*/*S=*"))[2]
    broken.chmod(0)
    async with reading(town, file, monkeypatch) as reader:
        await until_kept(town, 4)
        await until_up(reader)
        position = await until_read(town, 5)
        server.put(USER, letters(1, about="lamp"))
        await until_kept(town, 5)
        assert (position["missing"], shown_missing()) == (1, 1.0)
        broken.chmod(0o644)
        monkeypatch.setattr(fetching, "RECONCILE_EVERY", 0.0)
        server.put(USER, letters(1, about="bulb"))
        await until_kept(town, 7)
        await until(lambda: shown_missing() == 0.0, what="the end of the alarm")
    [position] = await rows(town, "mail_positions")
    assert position["missing"] == 0


async def test_a_mail_whose_size_the_server_cannot_tell_is_missing_and_tried_again_and_holds_up_nothing(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dovecot ends the connection as soon as it is to list it."""
    server.put(USER, letters(5), date=soon())
    broken = without_size(server, 2)
    broken.chmod(0)
    async with reading(town, file, monkeypatch) as reader:
        await until_kept(town, 4, within=40)
        await until_up(reader)
        server.put(USER, letters(1, about="lamp"))
        await until_kept(town, 5)
        await until_read(town, 6)
        assert (await missing_in(town), shown_missing()) == (1, 1.0)
        broken.chmod(0o644)
        monkeypatch.setattr(fetching, "RECONCILE_EVERY", 0.0)
        server.put(USER, letters(1, about="bulb"))
        await until_kept(town, 7)
        await until(lambda: shown_missing() == 0.0, what="the end of the alarm")
        assert await missing_in(town) == 0


def without_size(server: PrivateDovecot, nth: int) -> Path:
    """Of the mails in their order, one whose file says no more how large it is: it must be opened to tell."""
    server.stop()
    place = server.folder / "mail" / USER / "Maildir"
    file = sorted(place.glob("*/*S=*"))[nth]
    bare = file.rename(file.with_name(f"{file.name.partition(',S=')[0]}:2,"))
    for written_down in place.glob("dovecot*"):
        written_down.unlink()
    server.start()
    return bare


def shown_missing() -> float:
    """As Prometheus reads it."""
    return float(MAIL_MISSING.labels("intake", "enquiries", "INBOX")._value.get())


async def test_a_gap_is_an_alarm_until_it_is_filled(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A position that went on without its mails, as no code of ours should ever bring about."""
    server.put(USER, letters(4), date=soon())
    async with reading(town, file, monkeypatch):
        await until_kept(town, 4)
    async with town.database.transaction() as db:
        await db.execute("DELETE FROM mail_uids WHERE uid IN (2, 3)")
        await db.execute("DELETE FROM mail_pieces WHERE mail_id NOT IN (SELECT mail_id FROM mail_uids)")
        await db.execute("DELETE FROM mails WHERE mail_id NOT IN (SELECT mail_id FROM mail_uids)")
    alarms: list[int] = []
    show = fetching.Reader.show_missing

    def noted(self: fetching.Reader, missing: int | None) -> None:
        alarms.extend([] if missing is None else [missing])
        show(self, missing)

    monkeypatch.setattr(fetching.Reader, "show_missing", noted)
    async with reading(town, file, monkeypatch) as reader:
        await until_kept(town, 4)
        await until_up(reader)
    assert alarms[:2] == [2, 0]


async def test_a_mail_that_the_server_leaves_out_of_its_list_is_missing_until_it_is_there(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As no Dovecot does of itself: it answers, and says nothing of one mail."""
    server.put(USER, letters(3), date=soon())
    sizes, left_out = imap.Connection.sizes, {2}

    def without(self: imap.Connection, uids: Sequence[int]) -> list[Listed]:
        return [each for each in sizes(self, uids) if each.uid not in left_out]

    monkeypatch.setattr(imap.Connection, "sizes", without)
    async with reading(town, file, monkeypatch) as reader:
        await until_kept(town, 2)
        await until_up(reader)
        assert (await missing_in(town), shown_missing()) == (1, 1.0)
        left_out.clear()
        monkeypatch.setattr(fetching, "RECONCILE_EVERY", 0.0)
        server.put(USER, letters(1, about="bulb"))
        await until_kept(town, 4)
        await until(lambda: shown_missing() == 0.0, what="the end of the alarm")
        assert await missing_in(town) == 0


async def test_a_mail_that_is_deleted_while_it_is_looked_for_is_not_missing(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(3), date=soon())
    sizes, shown = imap.Connection.sizes, []
    show = fetching.Reader.show_missing

    def deleted_before(self: imap.Connection, uids: Sequence[int]) -> list[Listed]:
        if 2 in uids:
            server.expunge(USER, [2])
        return sizes(self, uids)

    def noted(self: fetching.Reader, missing: int | None) -> None:
        shown.append(missing)
        show(self, missing)

    monkeypatch.setattr(imap.Connection, "sizes", deleted_before)
    monkeypatch.setattr(fetching.Reader, "show_missing", noted)
    async with reading(town, file, monkeypatch) as reader:
        await until_kept(town, 2)
        await until_up(reader)
        assert await missing_in(town) == 0
    assert {*shown} == {0, None}


async def missing_in(workshop: Workshop) -> int:
    [position] = await rows(workshop, "mail_positions")
    return int(position["missing"])


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
