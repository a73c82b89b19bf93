"""Mail that goes out by SMTP: to a real Postfix, and to servers that refuse it, are away, or are lost in the middle."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.intake.actions import sending
from services.intake.gateways.smtp import NO_MAILBOX
from services.intake.settings import settings
from shared.errors import Refused
from shared.telemetry import REGISTRY
from shared.work import Workshop
from tests.builders import Ear, a_cause
from tests.conftest import StartDovecot, StartPostfix
from tests.integration.intake.desk import Desk, rows
from tests.integration.intake.outbox import Outbox, a_reply_on
from tests.integration.intake.post import MAILBOXES
from tests.parts.councils import plain, take_up
from tests.parts.dovecot import PrivateDovecot
from tests.parts.fickle import FickleServer, fickle_server
from tests.parts.postfix import PrivatePostfix
from tests.parts.waiting import until

JO = "jo@example.org"
SENT = "sent@copies.example"
ACCOUNT = """
[[account]]
name = "sent"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "sent@copies.example"
password = "secret"
"""


@pytest.fixture
async def outbox(workshop: Workshop, data: Path) -> Outbox:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return Outbox(workshop, data)


@pytest.fixture
async def fickle() -> AsyncIterator[FickleServer]:
    async with fickle_server() as server:
        yield server


class Setting:
    """Of intake, as by a variable."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def __call__(self, **values: object) -> None:
        for name, value in values.items():
            self.monkeypatch.setenv(f"ACCESSPOINT_INTAKE_{name.upper()}", str(value))
        settings.cache_clear()


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Setting:
    return Setting(monkeypatch)


Copying = tuple[PrivatePostfix, PrivateDovecot]


@pytest.fixture
def copying(postfix: StartPostfix, dovecot: StartDovecot, setting: Setting, tmp_path: Path) -> Copying:
    """A mail server by which everything is sent, and a mailbox that gets a copy of it."""
    copies = dovecot({SENT: "secret"})
    server = postfix({"copies.example": (copies.lmtp_port, "lmtp")})
    (tmp_path / "accounts.toml").write_text(ACCOUNT.format(port=copies.port))
    setting(
        smtp_url=f"smtp://127.0.0.1:{server.port}",
        mail_accounts=tmp_path / "accounts.toml",
        sent_copies="sent",
        sent_copies_address=SENT,
    )
    return server, copies


@pytest.fixture
async def enquiry(desk: Desk) -> dict[str, Any]:
    return await desk.asks()


async def asks_for(ear: Ear, enquiry: dict[str, Any], *addresses: str) -> None:
    for address in addresses:
        await ear.hears(a_reply_on(UUID(enquiry["enquiry_id"]), enquiry["reference"], citizen_email=address))


async def states(outbox: Outbox) -> list[str]:
    return [row["state"] for row in sorted(await outbox.messages(), key=lambda row: row["requested_at"])]


async def why(outbox: Outbox) -> list[str | None]:
    """Of each attempt."""
    return [row["why"] for row in sorted(await rows(outbox.workshop, "attempts"), key=lambda row: row["begun_at"])]


def maybe_twice() -> float:
    return REGISTRY.get_sample_value("accesspoint_messages_maybe_twice_total", {"service": "intake"}) or 0.0


async def test_a_mail_reaches_the_citizens_server_as_it_was_written(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], postfix: StartPostfix, setting: Setting
) -> None:
    server = postfix({})
    setting(smtp_url=f"smtp://127.0.0.1:{server.port}")
    await asks_for(ear, enquiry, JO)
    assert await outbox.sends() == []
    await until(lambda: server.received_by(JO), what="the mail")
    [raw] = server.received_by(JO)
    mail = message_from_bytes(raw)
    [row] = await outbox.messages()
    assert (mail["Message-ID"], row["state"]) == (row["mail_message_id"], "delivered")
    assert mail["Return-Path"] == f"<{mail['Reply-To']}>"
    assert await states(outbox) == ["delivered"]


async def test_several_mails_go_over_one_connection(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], fickle: FickleServer, setting: Setting
) -> None:
    setting(smtp_url=f"smtp://127.0.0.1:{fickle.port}")
    await asks_for(ear, enquiry, *(f"jo{nth}@example.org" for nth in range(5)))
    await outbox.sends()
    assert (len(fickle.taken), fickle.connections, fickle.said[-1]) == (5, 1, "QUIT")


async def test_an_address_that_the_server_refuses_fails_and_holds_up_nobody_else(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], postfix: StartPostfix, setting: Setting
) -> None:
    server = postfix(
        {}, {"smtpd_recipient_restrictions": "check_recipient_access inline:{{gone@example.org=550 Nobody here}}"}
    )
    setting(smtp_url=f"smtp://127.0.0.1:{server.port}")
    await asks_for(ear, enquiry, "gone@example.org", JO)
    await outbox.sends()
    assert await states(outbox) == ["failed", "delivered"]
    [told, _] = await why(outbox)
    assert told is not None
    assert told.startswith("The mail server answered 550:")
    await until(lambda: server.received_by(JO), what="the mail")


async def test_what_the_server_puts_off_is_deferred_and_sent_later(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], fickle: FickleServer, setting: Setting
) -> None:
    setting(smtp_url=f"smtp://127.0.0.1:{fickle.port}")
    fickle.answers["RCPT"] = "451 4.7.1 Greylisted"
    await asks_for(ear, enquiry, JO)
    await outbox.sends()
    assert (await states(outbox), await why(outbox)) == (
        ["waiting"],
        ["The mail server answered 451: 4.7.1 Greylisted"],
    )
    del fickle.answers["RCPT"]
    await outbox.sends(minutes=1)
    assert (await states(outbox), len(fickle.taken)) == (["delivered"], 1)


async def test_a_server_that_is_away_is_tried_again(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], postfix: StartPostfix, setting: Setting
) -> None:
    server = postfix({})
    setting(smtp_url=f"smtp://127.0.0.1:{server.port}")
    server.stop()
    await asks_for(ear, enquiry, JO)
    await outbox.sends()
    [told] = await why(outbox)
    assert told is not None
    assert "cannot be reached" in told
    server.start()
    await outbox.sends(minutes=1)
    assert await states(outbox) == ["delivered"]
    await until(lambda: server.received_by(JO), what="the mail")


async def test_a_server_that_hung_up_meanwhile_is_called_again_at_once(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], fickle: FickleServer, setting: Setting
) -> None:
    setting(smtp_url=f"smtp://127.0.0.1:{fickle.port}")
    await asks_for(ear, enquiry, JO, JO)
    by = sending.carriers()
    for _ in range(2):
        attempt = await outbox.workshop.run([], sending.begin_attempt, a_cause())
        assert attempt is not None
        assert (await sending.make_attempt(attempt, by)).sent
        fickle.hang_up()
    await by.close()
    assert (len(fickle.taken), fickle.connections) == (2, 2)


async def test_p28_a_server_that_is_lost_before_it_answers_gets_the_mail_once_more_and_never_again(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], fickle: FickleServer, setting: Setting
) -> None:
    setting(smtp_url=f"smtp://127.0.0.1:{fickle.port}")
    before = maybe_twice()
    fickle.to_the_mail = None
    await asks_for(ear, enquiry, JO)
    await outbox.sends()
    assert (await states(outbox), len(fickle.taken)) == (["waiting"], 1)
    await outbox.sends(minutes=1)
    assert len(fickle.taken) == 1
    for _ in range(4):
        await outbox.sends(hours=7)
    assert (await states(outbox), len(fickle.taken)) == (["failed"], 2)
    attempts = sorted(await rows(outbox.workshop, "attempts"), key=lambda row: row["nth"])
    assert [row["maybe_twice"] for row in attempts] == [False, True, False]
    assert [row["ended_at"] is None for row in attempts] == [True, True, False]
    assert attempts[-1]["why"] == sending.CUT_OFF_TWICE
    assert maybe_twice() == before + 1


async def test_p28_with_copies_of_what_was_sent_nobody_gets_a_second_one(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], copying: Copying
) -> None:
    server, copies = copying
    await asks_for(ear, enquiry, JO)
    attempt = await outbox.workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    by = sending.carriers()
    assert (await sending.make_attempt(attempt, by)).sent  # and here the process is killed
    await by.close()
    await until(server.queue_is_empty, what="Postfix done with it")
    copies.stop()
    await outbox.sends(minutes=3)
    assert "nothing is sent again before" in str((await why(outbox))[-1])
    copies.start()
    await outbox.sends(hours=1)
    assert await states(outbox) == ["delivered"]
    await until(server.queue_is_empty, what="Postfix done with it")
    assert len(server.received_by(JO)) == len(copies.uids(SENT)) == 1
    attempts = await rows(outbox.workshop, "attempts")
    assert not any(row["maybe_twice"] for row in attempts)


async def test_p28_what_never_left_is_sent_although_copies_are_asked(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], copying: Copying
) -> None:
    server, _ = copying
    await asks_for(ear, enquiry, JO)
    for _ in range(3):
        assert await outbox.workshop.run([], sending.begin_attempt, a_cause()) is not None  # killed before it sent
        outbox.later(minutes=3)
    await outbox.sends()
    await until(server.queue_is_empty, what="Postfix done with it")
    assert len(server.received_by(JO)) == 1
    assert await states(outbox) == ["delivered"]


async def test_copies_that_the_server_does_not_take_are_told_and_nothing_leaves_without(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], setting: Setting, tmp_path: Path, postfix: StartPostfix
) -> None:
    server = postfix({}, {"smtpd_recipient_restrictions": f"check_recipient_access inline:{{{{{SENT}=550 No}}}}"})
    (tmp_path / "accounts.toml").write_text(ACCOUNT.format(port=1))
    setting(
        smtp_url=f"smtp://127.0.0.1:{server.port}",
        mail_accounts=tmp_path / "accounts.toml",
        sent_copies="sent",
        sent_copies_address=SENT,
    )
    await asks_for(ear, enquiry, JO)
    await outbox.sends()
    assert "ACCESSPOINT_INTAKE_SENT_COPIES_ADDRESS" in str(await why(outbox))
    assert await states(outbox) == ["waiting"]
    assert server.queue_is_empty()


def test_an_account_for_copies_without_an_address_is_refused(setting: Setting) -> None:
    setting(sent_copies="sent")
    with pytest.raises(Refused, match="ACCESSPOINT_INTAKE_SENT_COPIES_ADDRESS"):
        settings()


async def test_without_a_mailbox_there_is_nobody_to_write_from(
    workshop: Workshop, data: Path, ear: Ear, enquiry: dict[str, Any], fickle: FickleServer, setting: Setting
) -> None:
    setting(smtp_url=f"smtp://127.0.0.1:{fickle.port}")
    outbox = Outbox(workshop, data)
    await asks_for(ear, enquiry, JO)
    await outbox.sends()
    assert (await states(outbox), await why(outbox), fickle.taken) == (["failed"], [NO_MAILBOX], [])


def certificate(folder: Path) -> ssl.SSLContext:
    """For 127.0.0.1, signed by nobody whom anybody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "pem")
    return context


async def test_a_connection_is_encrypted_wherever_that_is_offered(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], setting: Setting, tmp_path: Path
) -> None:
    async with fickle_server(certificate(tmp_path)) as server:
        setting(smtp_url=f"smtp://127.0.0.1:{server.port}")
        await asks_for(ear, enquiry, JO)
        await outbox.sends()
        assert (len(server.taken), server.encrypted) == (1, 1)


async def test_a_password_goes_to_nobody_who_cannot_prove_who_they_are(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], setting: Setting, tmp_path: Path
) -> None:
    async with fickle_server(certificate(tmp_path)) as server:
        setting(smtp_url=f"smtp://mary:secret@127.0.0.1:{server.port}")
        await asks_for(ear, enquiry, JO)
        await outbox.sends()
        assert await states(outbox) == ["waiting"]
        assert not any(line.startswith("AUTH") for line in server.said)


async def test_a_password_that_is_not_accepted_is_told_without_saying_it(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], fickle: FickleServer, setting: Setting
) -> None:
    setting(smtp_url=f"smtp://mary:s3cret@127.0.0.1:{fickle.port}")
    fickle.answers["AUTH"] = "535 5.7.8 No"
    await asks_for(ear, enquiry, JO)
    await outbox.sends()
    [told] = await why(outbox)
    assert told is not None
    assert "does not accept the name and password" in told
    assert "s3cret" not in told + repr(settings())
    assert await states(outbox) == ["waiting"]
