"""What mail servers refuse: for good only what is about the mail; and a connection that is kept is brought in step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.intake.actions import sending
from services.intake.domain.messages import Tried
from services.intake.gateways.carriers import Carriers
from tests.builders import Ear, a_cause
from tests.conftest import StartPostfix
from tests.integration.intake.by_smtp import JO, Setting, asks_for, states, why
from tests.integration.intake.outbox import Outbox
from tests.parts.certificates import certificate_for_postfix
from tests.parts.fickle import FickleServer
from tests.parts.waiting import until


@pytest.fixture
async def asked(ear: Ear, enquiry: dict[str, Any], fickle: FickleServer, setting: Setting) -> FickleServer:
    """The server that is to take a mail to Jo."""
    setting(smtp_url=f"smtp://127.0.0.1:{fickle.port}")
    await asks_for(ear, enquiry, JO)
    return fickle


async def sends_one(outbox: Outbox, by: Carriers) -> Tried:
    attempt = await outbox.workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    return await sending.make_attempt(attempt, by)


async def test_a_refusal_on_a_connection_that_was_opened_again_spoils_no_later_mail(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], fickle: FickleServer, setting: Setting
) -> None:
    setting(smtp_url=f"smtp://127.0.0.1:{fickle.port}")
    fickle.nested_mail = "503 5.5.1 nested MAIL command"
    await asks_for(ear, enquiry, JO, JO, JO)
    by = sending.carriers()
    first = await sends_one(outbox, by)
    fickle.once["MAIL"] = None  # it hangs up
    fickle.answers["RCPT"] = "550 5.1.1 No such user"
    second = await sends_one(outbox, by)
    del fickle.answers["RCPT"]
    third = await sends_one(outbox, by)
    await by.close()
    assert [tried.why for tried in (first, second, third)] == [
        None,
        "The mail server answered 550: 5.1.1 No such user",
        None,
    ]
    assert fickle.connections == 2


async def test_a_server_that_says_good_bye_to_a_kept_connection_is_called_again_at_once(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], fickle: FickleServer, setting: Setting
) -> None:
    setting(smtp_url=f"smtp://127.0.0.1:{fickle.port}")
    await asks_for(ear, enquiry, JO, JO)
    by = sending.carriers()
    assert (await sends_one(outbox, by)).sent
    fickle.once["MAIL"] = "421 4.4.2 idle for too long"
    assert (await sends_one(outbox, by)).sent
    await by.close()
    assert fickle.connections == 2


async def test_a_server_that_finds_us_out_of_step_is_called_again(outbox: Outbox, asked: FickleServer) -> None:
    asked.once["RCPT"] = "503 5.5.1 out of step"
    await outbox.sends()
    assert await states(outbox) == ["waiting"]
    assert "RSET" not in asked.said
    await outbox.sends(minutes=1)
    assert await states(outbox) == ["delivered"]


@pytest.mark.parametrize(
    "refusal",
    [
        ("RCPT", "550 5.1.1 No such user", "failed"),
        ("RCPT", "550 No such user", "failed"),
        ("RCPT", "550 5.1.1 User unknown in relay recipient table", "failed"),
        ("RCPT", "550 5.7.1 Recipient address rejected: Nobody here", "failed"),
        ("DATA", "554 5.7.1 This is spam", "failed"),
        ("DATA", "552 5.3.4 Too large", "failed"),
        ("RCPT", "554 5.7.1 Relay access denied", "waiting"),
        ("RCPT", "550 relay not permitted", "waiting"),
        ("RCPT", "530 5.7.0 Authentication required", "waiting"),
        ("RCPT", "550 5.7.64 TenantAttribution; Relay Access Denied", "waiting"),
        ("RCPT", "503 5.5.1 nested MAIL command", "waiting"),
        ("DATA", "550 5.7.57 Client was not authenticated to send mail", "waiting"),
        ("MAIL", "550 5.7.1 Sender address rejected: not logged in", "waiting"),
        ("MAIL", "553 5.1.8 Sender unknown", "waiting"),
        ("MAIL", "535 5.7.8 No", "waiting"),
    ],
)
async def test_only_what_is_refused_because_of_the_mail_fails(
    outbox: Outbox, asked: FickleServer, refusal: tuple[str, str, str]
) -> None:
    verb, answer, state = refusal
    asked.answers[verb] = answer
    await outbox.sends()
    code, _, text = answer.partition(" ")
    assert (await states(outbox), await why(outbox)) == ([state], [f"The mail server answered {code}: {text}"])


async def test_an_answer_that_is_no_utf_8_can_be_told(outbox: Outbox, asked: FickleServer) -> None:
    asked.answers["RCPT"] = "550 5.1.1 Bo\udcedte inconnue"
    await outbox.sends()
    assert (await states(outbox), await why(outbox)) == (
        ["failed"],
        ["The mail server answered 550: 5.1.1 Bo?te inconnue"],
    )


async def test_an_address_with_other_signs_is_written_to_over_starttls_with_the_first_mail(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], postfix: StartPostfix, setting: Setting, tmp_path: Path
) -> None:
    server = postfix({}, {"smtpd_tls_security_level": "encrypt", **certificate_for_postfix(tmp_path)})
    setting(smtp_url=f"smtp://127.0.0.1:{server.port}")
    await asks_for(ear, enquiry, "zoë@example.org")
    await outbox.sends()
    assert (await states(outbox), await why(outbox)) == (["delivered"], [None])
    await until(lambda: server.received_by("zoë@example.org"), what="the mail")
