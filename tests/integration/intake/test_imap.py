"""Mail that is fetched by IMAP: all of it and none twice, and nothing on the server changes by it."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from services.intake.actions.mail import keeping
from services.intake.channels.email.fetching import Reader
from services.intake.channels.email.imap import Connection
from services.intake.domain.mail.fetching import Folder
from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.model import Arrived, ArrivedBy
from services.intake.settings import settings
from services.intake.store.mail import positions
from shared.work import Work, Workshop
from tests.builders import a_cause, said_by
from tests.integration.intake.desk import rows
from tests.integration.intake.fetching import (
    CUT_OVER,
    JO,
    LONG_AGO,
    USER,
    Memory,
    accounts_file,
    filling,
    flags,
    letters,
    reading,
    soon,
    until_kept,
    until_read,
)
from tests.integration.intake.outbox import Outbox
from tests.integration.intake.post import TO_US, PostRoom
from tests.parts.dovecot import PrivateDovecot
from tests.parts.mailing import simple_mail
from tests.parts.waiting import until

pytestmark = pytest.mark.usefixtures("often")


async def test_what_a_folder_has_is_kept_byte_for_byte_in_its_order(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = letters(3)
    server.put(USER, sent, date=soon())
    async with reading(town, file, monkeypatch):
        kept = await until_kept(town, 3)
    pieces = {row["mail_id"]: bytes(row["bytes"]) for row in await rows(town, "mail_pieces")}
    assert [pieces[mail["mail_id"]] for mail in kept] == sent
    assert {(mail["mailbox"], mail["arrived_by"], mail["sent_to"]) for mail in kept} == {("council", "imap", TO_US)}
    seen = await rows(town, "mail_uids")
    assert {row["uid"]: row["mail_id"] for row in seen} == {nth + 1: mail["mail_id"] for nth, mail in enumerate(kept)}


async def test_a_mail_is_brought_within_a_second_or_two_of_its_arrival(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reading(town, file, monkeypatch) as reader:
        await until(lambda: reader.is_up, what="the account is read")
        for nth in range(1, 4):
            server.put(USER, letters(1, about=f"bin {nth}"))
            begun = time.monotonic()
            await until_kept(town, nth, within=5)
            print(f"by IDLE after {time.monotonic() - begun:.2f} s")
            assert time.monotonic() - begun < 2.5


async def test_a_server_that_cannot_tell_is_asked(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_before = server._settings()
    without_idle = f"{settings_before}imap_capability = IMAP4rev1 LITERAL+ MULTIAPPEND\n"
    monkeypatch.setattr(server, "_settings", lambda: without_idle)
    server.restart()
    monkeypatch.setenv("ACCESSPOINT_INTAKE_IMAP_LOOK_SECONDS", "1")
    async with reading(town, file, monkeypatch) as reader:
        await until(lambda: reader.is_up, what="the account is read")
        server.put(USER, letters(1))
        await until_kept(town, 1, within=5)


async def test_a_server_that_promises_to_tell_and_does_not_is_looked_at_all_the_same(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_IMAP_LOOK_SECONDS", "1")
    monkeypatch.setattr("imapclient.IMAPClient._poll_socket", lambda self, sock, timeout: Event().wait(timeout))
    async with reading(town, file, monkeypatch) as reader:
        await until(lambda: reader.is_up, what="the account is read")
        server.put(USER, letters(1))
        await until_kept(town, 1, within=5)


async def test_flags_stay_as_they_are(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(4), date=soon())
    with server.session(USER, "INBOX") as client:
        client.add_flags([2], [b"\\Seen"])
        client.add_flags([3], [b"\\Flagged", b"Important"])
    before = flags(server)
    async with reading(town, file, monkeypatch):
        await until_kept(town, 4)
    assert flags(server) == before == {1: (), 2: (b"\\Seen",), 3: (b"\\Flagged", b"Important"), 4: ()}


async def test_the_position_moves_with_the_mail_or_not_at_all(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off after the mails were written and before the commit: neither is there, and the next turn does it all."""
    server.put(USER, letters(3), date=soon())
    note_seen, cut_off = positions.note_seen, asyncio.Event()

    async def fail_once(*given: object) -> None:
        if not cut_off.is_set():
            cut_off.set()
            raise ConnectionResetError("cut off")
        await note_seen(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(positions, "note_seen", fail_once)
    seen_between: list[tuple[int, int]] = []
    once = town.once

    async def watched(*given: object, **named: object) -> object:
        try:
            return await once(*given, **named)  # type: ignore[arg-type]
        except ConnectionResetError:
            [position] = await rows(town, "mail_positions")
            seen_between.append((position["last_uid"], len(await rows(town, "mails"))))
            raise

    monkeypatch.setattr(town, "once", watched)
    async with reading(town, file, monkeypatch):
        await until_kept(town, 3)
        await until_read(town, 3)
    assert seen_between == [(0, 0)]


async def test_a_reader_that_was_stopped_at_any_moment_goes_on_where_it_was(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.domain.mail.fetching.MOST_MAILS", 5)
    server.put(USER, letters(60), date=soon())
    for stop_at in (1, 12, 31, 50):
        async with reading(town, file, monkeypatch):
            await until(lambda: more_than(town, stop_at), within=20, what=f"{stop_at} mails")  # noqa: B023
        [position] = await rows(town, "mail_positions")
        assert position["last_uid"] == len(await rows(town, "mails"))
    async with reading(town, file, monkeypatch):
        await until_kept(town, 60)


async def more_than(workshop: Workshop, how_many: int) -> bool:
    return len(await rows(workshop, "mails")) >= how_many


async def test_a_mail_that_arrives_between_two_looks_makes_the_folder_no_other(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said of the next UID is older then than what has been read."""
    server.put(USER, letters(3), date=soon())
    asked: list[int] = []
    searched, peeked = Connection.searched, Connection.peeked

    def later(self: Connection, above: int, folder: Folder) -> list[int]:
        if not asked:
            server.put(USER, letters(1, about="late"))
            self.client.noop()
        return searched(self, above, folder)

    def noted(self: Connection, uids: Sequence[int]) -> dict[int, bytes]:
        asked.extend(uids)
        return peeked(self, uids)

    monkeypatch.setattr(Connection, "searched", later)
    monkeypatch.setattr(Connection, "peeked", noted)
    async with reading(town, file, monkeypatch) as reader:
        await until(lambda: reader.is_up, what="the account is read")
        await until_kept(town, 4)
    assert asked == [1, 2, 3, 4]


async def test_a_mail_that_came_by_smtp_before_is_the_same_mail(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [raw] = letters(1)
    arrived = Arrived(mailbox="council", by=ArrivedBy.SMTP, sent_from="jo@example.org", sent_to=TO_US, raw=raw)

    async def keep(work: Work) -> None:
        await keeping.keep(work, [arrived], identity_of(raw))

    await town.run([], keep, a_cause())
    server.put(USER, [b"Received: from elsewhere; Mon, 2 Mar 2026 09:00:00 +0000\r\n" + raw])
    async with reading(town, file, monkeypatch):
        await until_read(town, 1)
    assert [mail["arrived_by"] for mail in await rows(town, "mails")] == ["smtp"]


@pytest.mark.timeout(600)
async def test_p11_of_ten_thousand_mails_before_the_cut_over_none_is_fetched_and_nothing_is_sent(
    town: Workshop, server: PrivateDovecot, file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes after it gets a receipt, so mail does go out here."""
    [old] = letters(1, about="old letter")
    server.put(USER, [old.replace(b"letter 0", b"letter %d" % nth) for nth in range(10_000)], date=LONG_AGO)
    asked: list[int] = []
    peeked = Connection.peeked

    def noted(self: Connection, uids: Sequence[int]) -> dict[int, bytes]:
        asked.extend(uids)
        return peeked(self, uids)

    monkeypatch.setattr(Connection, "peeked", noted)
    memory, begun = Memory(), time.monotonic()
    async with reading(town, file, monkeypatch) as reader:
        await until_read(town, 10_000, within=120)
        print(f"10,000 passed over in {time.monotonic() - begun:.1f} s, {memory.more / 1e6:.0f} MB more")
        await until(lambda: reader.is_up, within=60, what="the account is read")
        print(f"and reconciled after {time.monotonic() - begun:.1f} s")
        new = [f"new-{nth}@example.org" for nth in range(3)]
        server.put(USER, [simple_mail(sender=address, to=TO_US) for address in new])
        await until_kept(town, 3, within=10)
        assert memory.more < 60e6
    assert asked == [10_001, 10_002, 10_003]
    assert {mail["state"] for mail in await PostRoom(town).places()} == {"placed"}
    sent = await Outbox(town, data).sends(minutes=5)
    assert sorted(mail["To"].addresses[0].addr_spec for mail in sent) == new
    assert sorted(row["address"] for row in await rows(town, "messages")) == new
    assert Counter(each.name for each in await said_by(town)) == {"enquiry.received": 3, "message.delivered": 3}
    seen = await rows(town, "mail_uids")
    assert (len(seen), sum(row["mail_id"] is None for row in seen)) == (10_003, 10_000)


async def test_each_mail_is_before_the_cut_over_or_after_it_by_itself(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nth, date in enumerate([soon(), LONG_AGO, CUT_OVER, CUT_OVER - timedelta(seconds=1), soon()]):
        server.put(USER, letters(1, about=f"letter {nth}"), date=date)
    async with reading(town, file, monkeypatch):
        await until_read(town, 5)
    assert {row["uid"] for row in await rows(town, "mail_uids") if row["mail_id"]} == {1, 3, 5}


async def test_an_earlier_cut_over_brings_what_lies_between(
    town: Workshop, server: PrivateDovecot, file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(2, about="old"), date=LONG_AGO)
    server.put(USER, letters(2), date=soon())
    async with reading(town, file, monkeypatch):
        await until_kept(town, 2)
        accounts_file(data, server.port, cut_over=LONG_AGO)
        await until_kept(town, 4)
    assert sum(row["mail_id"] is None for row in await rows(town, "mail_uids")) == 0


async def test_an_account_without_a_cut_over_is_not_read_and_told_what_it_lacks(
    town: Workshop, server: PrivateDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(1))
    async with reading(town, accounts_file(data, server.port, cut_over=None), monkeypatch) as reader:
        told = await until(lambda: reader.told, what="a word about it")
        assert "no cut_over" in told
        assert "accesspoint mail probe enquiries" in told
        assert await rows(town, "mail_positions") == []
        accounts_file(data, server.port, cut_over=CUT_OVER)
        await until_kept(town, 1)


async def test_a_time_that_cannot_be_true_is_not_believed(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    when = [datetime(1970, 1, 2, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC), soon().replace(microsecond=0)]
    for nth, date in enumerate(when):
        server.put(USER, letters(1, about=f"letter {nth}"), date=date)
    async with reading(town, file, monkeypatch):
        kept = await until_kept(town, 3)
    assert [mail["received_at"] <= mail["kept_at"] for mail in kept] == [True, True, True]
    assert kept[0]["received_at"] == kept[0]["kept_at"]
    assert kept[2]["received_at"] == when[2]


async def test_the_address_with_its_token_and_the_null_path_are_found_in_what_servers_wrote_down(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plus = "enquiries+abc@anytown.example"
    told = [
        {"Return-Path": "<>", "Delivered-To": plus},
        {"Return-Path": "<jo@example.org>", "Delivered-To": "account-17@provider.example", "X-Original-To": TO_US},
        {},
    ]
    to = [TO_US, "somebody@example.net", f"Us <{plus}>"]
    mails = [simple_mail(sender=JO, to=to[nth], headers=headers) for nth, headers in enumerate(told)]
    server.put(USER, mails)
    async with reading(town, file, monkeypatch):
        kept = await until_kept(town, 3)
    assert [(mail["sent_from"], mail["sent_to"]) for mail in kept] == [
        ("", plus),
        ("jo@example.org", TO_US),
        (None, plus),
    ]


@pytest.mark.timeout(180)
async def test_a_mail_of_thirty_megabytes_is_kept_whole(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = simple_mail(sender=JO, to=TO_US, text=filling(30_000_000))
    server.put(USER, [*letters(1), raw, *letters(1, about="lamp")], date=soon())
    size = len(raw)
    del raw
    memory, begun = Memory(), time.monotonic()
    async with reading(town, file, monkeypatch):
        kept = await until_kept(town, 3, within=60)
    print(f"30 MB in {time.monotonic() - begun:.1f} s, {memory.more / 1e6:.0f} MB more at most")
    assert [mail["size"] for mail in kept][1] == size
    assert memory.more < 200e6


async def test_a_mail_beyond_the_limit_is_missing_and_holds_up_nothing(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAIL_MAX_BYTES", "10000")
    shown: list[int] = []
    monkeypatch.setattr(Reader, "show_missing", lambda _, missing: shown.append(missing or 0))
    server.put(USER, [*letters(1), simple_mail(sender=JO, to=TO_US, text=filling(20_000)), *letters(1, about="lamp")])
    async with reading(town, file, monkeypatch):
        await until_kept(town, 2)
        assert (await until_read(town, 3))["missing"] == 1
        await until(lambda: shown.count(1) >= 3, what="a look for what is missing that is over")
    assert max(shown) == 1  # it is one mail, however often it is missed
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAIL_MAX_BYTES", "100000")
    settings.cache_clear()
    async with reading(town, file, monkeypatch):
        await until_kept(town, 3)
        await until(lambda: none_is_missing(town), what="that nothing is missing")


async def test_what_is_missing_is_counted_once_when_an_earlier_cut_over_has_the_folder_read_again(
    town: Workshop, server: PrivateDovecot, file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAIL_MAX_BYTES", "10000")
    shown: list[int] = []
    monkeypatch.setattr(Reader, "show_missing", lambda _, missing: shown.append(missing or 0))
    server.put(USER, letters(1, about="old"), date=LONG_AGO)
    server.put(USER, [*letters(1), simple_mail(sender=JO, to=TO_US, text=filling(20_000))])
    async with reading(town, file, monkeypatch):
        await until_kept(town, 1)
        assert (await until_read(town, 3))["missing"] == 1
        accounts_file(data, server.port, cut_over=LONG_AGO)
        await until_kept(town, 2)
        await until_read(town, 3)
    assert (max(shown), (await rows(town, "mail_positions"))[0]["missing"]) == (1, 1)


async def none_is_missing(workshop: Workshop) -> bool:
    return [row["missing"] for row in await rows(workshop, "mail_positions")] == [0]


async def test_mails_that_were_deleted_are_no_gap(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(5), date=soon())
    server.expunge(USER, [2, 5])
    async with reading(town, file, monkeypatch):
        await until_kept(town, 3)
        server.expunge(USER, [1])
        server.put(USER, letters(1, about="lamp"))
        await until_kept(town, 4)
    async with reading(town, file, monkeypatch) as reader:
        await until(lambda: reader.is_up, what="the account is read")
        await until(lambda: none_is_missing(town), what="that nothing is missing")
    assert await none_is_missing(town)
