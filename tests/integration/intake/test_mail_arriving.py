"""Mail at the door: 250 once it is durable, 451 when it must come again, 550 for a stranger; and each mail once."""

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.intake.actions.mail.door import door_of
from services.intake.channels.email import listening as listening_module
from services.intake.channels.email.listening import SMTP_LISTENER, Complaint
from services.intake.settings import settings
from shared.entrances import Doorway
from shared.settings import HouseSettings
from shared.telemetry.logs import add_correlation
from shared.work import Workshop
from tests.integration.intake.desk import rows
from tests.integration.intake.post import MAILBOXES, TO_US, TO_WASTE, Door, a_mail, listening
from tests.parts.councils import plain, take_up
from tests.parts.waiting import until

JO = "jo@example.org"


@pytest.fixture
async def door(workshop: Workshop, data: Path) -> AsyncIterator[Door]:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    async with listening(workshop, data) as open_door:
        yield open_door


def send(door: Door, raw: bytes, *to: str, sender: str = JO) -> dict[str, tuple[int, bytes]]:
    """Whom it refused, and why."""
    with smtplib.SMTP("127.0.0.1", door.port("smtp")) as client:
        return client.sendmail(sender, to or [TO_US], raw)


async def sends(door: Door, raw: bytes, *to: str, sender: str = JO) -> dict[str, tuple[int, bytes]]:
    return await asyncio.to_thread(send, door, raw, *to, sender=sender)


async def test_a_mail_is_kept_byte_for_byte_before_it_is_acknowledged(door: Door, workshop: Workshop) -> None:
    raw = a_mail("Zürich, naïve, ½".encode().decode("latin-1"))
    assert await sends(door, raw) == {}
    [mail] = await rows(workshop, "mails")
    [piece] = await rows(workshop, "mail_pieces")
    assert bytes(piece["bytes"]) == raw
    assert (mail["mailbox"], mail["sent_from"], mail["sent_to"], mail["size"]) == ("council", JO, TO_US, len(raw))
    assert mail["message_id"] == "<first@example.org>"


async def test_a_large_mail_is_kept_in_pieces_and_whole(door: Door, workshop: Workshop) -> None:
    raw = a_mail("\r\n".join(["x" * 70] * 30_000))
    await sends(door, raw)
    pieces = await rows(workshop, "mail_pieces")
    assert len(pieces) > 3
    assert b"".join(bytes(piece["bytes"]) for piece in sorted(pieces, key=lambda each: each["nth"])) == raw


async def test_an_address_that_is_not_the_councils_is_refused_and_the_others_are_not(
    door: Door, workshop: Workshop
) -> None:
    refused = await sends(door, a_mail(), "nobody@anytown.example", TO_US)
    assert refused["nobody@anytown.example"][0] == 550
    assert [mail["mailbox"] for mail in await rows(workshop, "mails")] == ["council"]


async def test_two_addresses_of_one_mailbox_are_one_mail_and_two_mailboxes_are_two(
    door: Door, workshop: Workshop
) -> None:
    await sends(door, a_mail(), "hello@anytown.example", TO_US, TO_WASTE)
    assert sorted(mail["mailbox"] for mail in await rows(workshop, "mails")) == ["council", "waste"]


async def test_p08_the_same_mail_three_times_at_once_is_kept_once(door: Door, workshop: Workshop) -> None:
    raw = a_mail()
    with_trace = b"Received: from elsewhere\r\n\tby another.example; Mon, 2 Mar 2026 09:00:01 +0000\r\n" + raw
    await asyncio.gather(*(sends(door, each) for each in (raw, with_trace, raw)))
    assert len(await rows(workshop, "mails")) == 1


async def test_a_message_id_that_was_used_for_something_else_is_kept_and_flagged(
    door: Door, workshop: Workshop
) -> None:
    await sends(door, a_mail())
    await sends(door, a_mail("Something else."))
    mails = await rows(workshop, "mails")
    assert [mail["repeats_id"] for mail in sorted(mails, key=lambda mail: mail["kept_at"])] == [False, True]


async def test_a_bounce_comes_from_nobody_and_is_taken(door: Door, workshop: Workshop) -> None:
    await sends(door, a_mail(), sender="")
    [mail] = await rows(workshop, "mails")
    assert mail["sent_from"] == ""


async def test_who_is_not_one_of_the_councils_servers_is_sent_away(
    door: Door, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_SMTP_NETWORKS", "10.0.0.0/8")
    settings.cache_clear()
    with pytest.raises(smtplib.SMTPSenderRefused, match="only from the council's own"):
        await sends(door, a_mail())
    assert await rows(workshop, "mails") == []


async def test_a_mail_beyond_the_limit_is_refused_before_it_is_sent(
    workshop: Workshop, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAIL_MAX_BYTES", "10000")
    settings.cache_clear()
    await take_up(workshop.database.url, plain() + MAILBOXES)
    async with listening(workshop, data) as door:
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            await sends(door, a_mail("x" * 20_000))
    assert refused.value.smtp_code == 552


async def test_without_a_database_it_must_come_again(door: Door, workshop: Workshop) -> None:
    await workshop.database.close()
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await sends(door, a_mail())
    [(code, _)] = refused.value.recipients.values()
    assert code == 451


async def test_what_is_logged_of_a_mail_belongs_to_no_other_of_the_same_connection(
    door: Door, workshop: Workshop
) -> None:
    def one(client: smtplib.SMTP) -> None:
        client.sendmail(JO, [TO_US], a_mail())

    client = await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", door.port("smtp"))
    await asyncio.to_thread(one, client)
    [kept] = await rows(workshop, "mails")
    await workshop.database.close()
    with capture_logs(processors=[add_correlation]) as logged, pytest.raises(smtplib.SMTPRecipientsRefused):
        await asyncio.to_thread(one, client)
    client.close()
    told = [each["correlation_id"] for each in logged if each["event"] == "a mail was sent away for now"]
    assert len(told) == 1
    assert told != [str(kept["correlation_id"])]


class Delivery:
    """One mail by LMTP for two recipients, whom the listener has taken."""

    def __init__(self, door: Door) -> None:
        self.client = smtplib.LMTP("127.0.0.1", door.port("lmtp"), timeout=30)
        self.client.ehlo()
        self.client.docmd("MAIL", f"FROM:<{JO}>")
        taken = [self.client.docmd("RCPT", f"TO:<{address}>")[0] for address in (TO_US, TO_WASTE)]
        assert taken == [250, 250]

    def answers(self, raw: bytes) -> list[tuple[int, bytes]]:
        """As many as there are recipients, and then the one to QUIT."""
        self.client.docmd("DATA")
        self.client.send(raw + b".\r\n")
        told = [self.client.getreply() for _ in range(2)]
        assert self.client.quit()[0] == 221
        return told


async def test_the_door_is_not_quiet_until_a_mail_is_kept_and_answered(door: Door, workshop: Workshop) -> None:
    place = door_of(workshop)
    async with workshop.reading() as db, db.transaction():
        await db.execute("LOCK TABLE mails IN ACCESS EXCLUSIVE MODE")
        sending = asyncio.create_task(sends(door, a_mail()))
        await until(lambda: not place.is_quiet, within=20, what="a mail at the door")
        assert not await place.falls_quiet(0.01)
    assert (await sending, await place.falls_quiet(5)) == ({}, True)


async def test_by_lmtp_each_recipient_has_an_answer(door: Door, workshop: Workshop) -> None:
    delivery = await asyncio.to_thread(Delivery, door)
    assert await asyncio.to_thread(delivery.answers, a_mail()) == [(250, b"2.0.0 It is kept.")] * 2
    assert {mail["arrived_by"] for mail in await rows(workshop, "mails")} == {"lmtp"}


async def test_by_lmtp_each_recipient_is_told_to_come_again_without_a_database(door: Door, workshop: Workshop) -> None:
    delivery = await asyncio.to_thread(Delivery, door)
    await workshop.database.close()
    assert [code for code, _ in await asyncio.to_thread(delivery.answers, a_mail())] == [451, 451]


async def test_by_lmtp_each_recipient_is_told_that_a_mail_is_too_large(
    workshop: Workshop, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAIL_MAX_BYTES", "10000")
    settings.cache_clear()
    await take_up(workshop.database.url, plain() + MAILBOXES)
    async with listening(workshop, data) as door:
        delivery = await asyncio.to_thread(Delivery, door)
        answers = await asyncio.to_thread(delivery.answers, a_mail("x" * 20_000))
    assert [code for code, _ in answers] == [552, 552]


async def test_a_listener_that_is_told_to_stop_lets_go_of_whoever_is_connected(workshop: Workshop, data: Path) -> None:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    async with listening(workshop, data) as door:
        client = await asyncio.to_thread(smtplib.SMTP, "127.0.0.1", door.port("smtp"))
        door.stopping.set()
        assert client.sock is not None
        client.sock.setblocking(False)
        await until(lambda: is_closed(client), what="the connection to be closed")
        client.close()


def is_closed(client: smtplib.SMTP) -> bool:
    assert client.sock is not None
    try:
        return client.sock.recv(1000) == b""
    except BlockingIOError:
        return False


async def test_a_port_that_is_in_use_is_told_once_and_shown_until_it_is_free(
    workshop: Workshop, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening_module, "AGAIN_AFTER", 0.01)
    calls = []
    opened = listening_module.opened

    async def counted(*given: Any) -> asyncio.Server:
        calls.append(given)
        return await opened(*given)

    monkeypatch.setattr(listening_module, "opened", counted)
    door = Door()
    with socket.create_server(("127.0.0.1", 0)) as user, capture_logs() as told:
        house = HouseSettings(data=data, smtp_port=user.getsockname()[1])
        doorway = Doorway(workshop, house, door.health, door.stopping, door.addresses.__setitem__)
        listener = asyncio.ensure_future(SMTP_LISTENER.keep_open(doorway))
        await until(lambda: len(calls) >= 10, what="ten calls")
        assert "Nothing can listen for mail" in door.health.ready()[1]["smtp"]
        assert [each["event"] for each in told] == ["no mail can come in this way"]
        user.close()
        await until(lambda: door.addresses, what="the listener")
        assert door.health.ready() == (True, {})
    door.stopping.set()
    await listener


def test_what_stays_wrong_is_told_after_ever_longer_times_and_what_changes_at_once() -> None:
    complaint = Complaint()
    told = [second for second in range(0, 20_000, 10) if complaint.is_due("in use", second)]
    assert told == [0, 60, 180, 420, 900, 1860, 3780, 7380, 10_980, 14_580, 18_180]
    assert complaint.is_due("forbidden", 20_000)
    assert not complaint.is_due("forbidden", 20_050)
    assert complaint.is_due("forbidden", 20_060)
