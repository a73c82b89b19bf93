"""The mail servers that tests stand on are real: what they took is not lost, and they try again as others' do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.conftest import StartDovecot, StartPostfix
from tests.parts.dovecot import PrivateDovecot, look_for_dovecot
from tests.parts.mailing import HERE, NoMailServer, Posting, posting, send, send_many, simple_mail, swaks
from tests.parts.ports import free_port
from tests.parts.postfix import look_for_postfix
from tests.parts.waiting import until

ANNA = "anna@council.example"
STRANGER = "bob@stranger.example"


class Peer:
    """A server that puts off the first mails it is offered, and keeps what it takes."""

    def __init__(self, put_off: int = 0) -> None:
        self.put_off = put_off
        self.took: list[bytes] = []

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.put_off > 0:
            self.put_off -= 1
            return "451 4.3.0 Not now"
        assert isinstance(envelope.content, bytes)
        self.took.append(envelope.content)
        return "250 Taken"


@asynccontextmanager
async def listening(peer: Peer, port: int) -> AsyncIterator[None]:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(peer, hostname="peer.example"), HERE, port)
    async with server:
        yield


async def subjects_at(server: PrivateDovecot, count: int) -> list[str]:
    await until(lambda: len(server.uids(ANNA)) >= count, what=f"{count} mails at Dovecot")
    return sorted(str(message_from_bytes(mail)["Subject"]) for mail in server.mails(ANNA).values())


async def test_a_strangers_mail_goes_through_postfix_into_dovecot_and_is_read_over_imap(
    postfix: StartPostfix, dovecot: StartDovecot
) -> None:
    box = dovecot({ANNA: "secret"})
    relay = postfix({"council.example": (box.lmtp_port, "lmtp")})
    sent = [posting(STRANGER, to, to) for to in (ANNA, "anna+token@council.example")]
    assert send_many(relay.port, sent) == [None, None]
    assert await subjects_at(box, 2) == sorted([ANNA, "anna+token@council.example"])
    await until(relay.queue_is_empty, what="an empty queue")
    assert {attempt.message_id for attempt in relay.delivered()} == {
        message_from_bytes(one.raw)["Message-ID"] for one in sent
    }


async def test_postfix_keeps_what_goes_to_everybody_else_byte_for_byte(postfix: StartPostfix) -> None:
    relay = postfix({})
    bare = b"Subject: neither from nor date\r\n\r\nbytes \xff and no more\r\n"
    send(relay.port, Posting(bare, STRANGER, ("carol@citizens.example", "dave@citizens.example")))
    [kept] = await until(lambda: relay.received_by("carol@citizens.example"), what="the mail at carol's")
    assert kept.endswith(bare.replace(b"\r\n", b"\n"))
    assert b"\nFrom:" not in kept


async def test_postfix_tries_again_after_451(postfix: StartPostfix) -> None:
    peer, port = Peer(put_off=1), free_port()
    relay = postfix({ANNA: (port, "smtp")})
    async with listening(peer, port):
        send(relay.port, posting(STRANGER, "anna+token@council.example"))
        await until(relay.delivered, what="a mail that the peer took")
        await until(relay.queue_is_empty, what="an empty queue")
    assert [attempt.status for attempt in relay.attempts()] == ["deferred", "sent"]
    assert len(peer.took) == 1


async def test_what_postfix_holds_for_a_peer_that_is_away_outlives_its_kill(postfix: StartPostfix) -> None:
    peer, port = Peer(), free_port()
    relay = postfix({"council.example": (port, "smtp")})
    sent = [posting(STRANGER, ANNA, f"number {n}") for n in range(20)]
    assert not any(send_many(relay.port, sent, at_once=4))
    relay.kill()
    assert relay.queued() == 20
    relay.start()
    async with listening(peer, port):
        relay.flush()
        await until(relay.queue_is_empty, what="an empty queue")
    assert sorted(message_from_bytes(mail)["Subject"] for mail in peer.took) == sorted(f"number {n}" for n in range(20))


async def test_swaks_sends_and_tells_what_was_said(postfix: StartPostfix) -> None:
    relay = postfix({})
    said = swaks(relay.port, "--from", STRANGER, "--to", "carol@citizens.example", "--header", "Subject: by swaks")
    assert "250 2.0.0 Ok: queued" in said
    raw = simple_mail(sender=STRANGER, to="carol@citizens.example", subject="by swaks")
    swaks(relay.port, "--from", STRANGER, "--to", "carol@citizens.example", raw=raw)
    kept = await until(
        lambda: (found := relay.received_by("carol@citizens.example"))[1:] and found, what="both mails at carol's"
    )
    assert [message_from_bytes(mail)["Subject"] for mail in kept] == ["by swaks"] * 2
    with pytest.raises(AssertionError, match="swaks ended with"):
        swaks(relay.port, "--from", STRANGER, "--to", "not an address")


@pytest.mark.parametrize(
    ("part", "look", "package"),
    [("postfix.MASTER", look_for_postfix, "postfix"), ("dovecot.PROGRAMS", look_for_dovecot, "dovecot-imapd")],
)
def test_where_a_server_is_missing_its_absence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: str, look: Callable[[], None], package: str
) -> None:
    monkeypatch.setattr(f"tests.parts.{part}", tmp_path / "nowhere")
    with pytest.raises(NoMailServer, match=f"apt-get install .*{package}"):
        look()


async def test_dovecot_tells_an_idle_client_of_new_mail(dovecot: StartDovecot) -> None:
    box = dovecot({ANNA: "secret"})
    with box.session(ANNA, "INBOX") as client:
        client.idle()
        send(box.lmtp_port, posting(STRANGER, ANNA), lmtp=True)
        assert (1, b"EXISTS") in await asyncio.to_thread(client.idle_check, 10.0)
        client.idle_done()


async def test_mails_in_a_folder_keep_their_dates_until_they_are_expunged(dovecot: StartDovecot) -> None:
    box = dovecot({ANNA: "secret"})
    arrived = datetime(2019, 3, 4, 5, 6, 7, tzinfo=UTC)
    box.put(ANNA, [simple_mail(sender=STRANGER, to=ANNA, subject=f"{n}") for n in range(3)], date=arrived, folder="Old")
    with box.session(ANNA, "Old") as client:
        client.normalise_times = False
        found = client.fetch(client.search(), ["INTERNALDATE"])
        assert [one[b"INTERNALDATE"] for one in found.values()] == [arrived] * 3
    box.expunge(ANNA, [2], folder="Old")
    assert box.uids(ANNA, "Old") == [1, 3]
    box.expunge(ANNA, folder="Old")
    assert box.mails(ANNA, "Old") == {}


@pytest.mark.parametrize("folder", ["INBOX", "Old"])
async def test_a_changed_uidvalidity_renumbers_the_mails_and_loses_none(dovecot: StartDovecot, folder: str) -> None:
    box = dovecot({ANNA: "secret"})
    box.put(ANNA, [simple_mail(sender=STRANGER, to=ANNA, subject=f"{n}") for n in range(3)], folder=folder)
    box.expunge(ANNA, [1], folder=folder)
    before, mails = box.uidvalidity(ANNA, folder), box.mails(ANNA, folder)
    box.change_uidvalidity(ANNA, folder)
    assert box.uidvalidity(ANNA, folder) != before
    assert list(mails) == [2, 3]
    assert list(box.mails(ANNA, folder)) == [1, 2]
    assert sorted(box.mails(ANNA, folder).values()) == sorted(mails.values())


async def test_dovecot_keeps_what_it_took_through_stop_and_kill(dovecot: StartDovecot) -> None:
    box = dovecot({ANNA: "secret"})
    for end in (box.kill, box.stop):
        send(box.lmtp_port, posting(STRANGER, ANNA), lmtp=True)
        end()
        with pytest.raises(OSError, match="refused"):
            box.uids(ANNA)
        box.start()
    assert box.uids(ANNA) == [1, 2]
