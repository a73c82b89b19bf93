"""Mails that are there and cannot be fetched: each is missing until it is here, and holds up nothing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from services.intake.actions.mail import keeping
from services.intake.channels.email import fetching, imap
from services.intake.domain.mail.fetching import Listed
from services.intake.domain.mail.model import Arrived, Identity
from services.intake.store.mail.keeping import Kept
from shared.telemetry import MAIL_MISSING
from shared.work import Work, Workshop
from tests.integration.intake.desk import rows
from tests.integration.intake.fetching import (
    USER,
    Reading,
    letters,
    reading,
    soon,
    until_kept,
    until_read,
)
from tests.parts.dovecot import PrivateDovecot
from tests.parts.waiting import until

pytestmark = pytest.mark.usefixtures("often")


async def until_up(reader: Reading) -> None:
    await until(lambda: reader.is_up, within=20, what="the account is read")


async def test_a_mail_that_no_row_takes_is_missing_and_holds_up_nothing(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is known that is like that: keeping is made to fail over one."""
    server.put(USER, letters(5), date=soon())
    keep = keeping.keep

    async def fails_over_one(work: Work, arrived: Sequence[Arrived], identity: Identity) -> list[Kept]:
        if b"bin 2" in arrived[0].raw:
            raise ValueError("a bug")
        return await keep(work, arrived, identity)

    monkeypatch.setattr(keeping, "keep", fails_over_one)
    async with reading(town, file, monkeypatch) as reader:
        await until_kept(town, 4)
        await until_up(reader)
        server.put(USER, letters(1, about="lamp"))
        await until_kept(town, 5)
        assert (await missing_in(town), shown_missing()) == (1, 1.0)


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
        await until(lambda: none_is_missing(town), what="the end of the alarm")


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
        await until(lambda: none_is_missing(town), what="the end of the alarm")


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


async def none_is_missing(workshop: Workshop) -> bool:
    return (await missing_in(workshop), shown_missing()) == (0, 0.0)


async def missing_in(workshop: Workshop) -> int:
    [position] = await rows(workshop, "mail_positions")
    return int(position["missing"])


def shown_missing() -> float:
    """As Prometheus reads it."""
    return float(MAIL_MISSING.labels("intake", "enquiries", "INBOX")._value.get())
