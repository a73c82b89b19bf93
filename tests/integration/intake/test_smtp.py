"""Mail that goes out by SMTP: to a real Postfix, and to servers that refuse it, are away, or are lost in the middle."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.intake.actions import sending
from services.intake.domain.messages import MAY_HAVE_LEFT
from services.intake.gateways.smtp import NO_MAILBOX
from services.intake.settings import settings
from shared.errors import Refused
from shared.work import Workshop
from tests.builders import Ear, a_cause
from tests.conftest import StartPostfix
from tests.integration.intake.by_smtp import ACCOUNT, JO, SENT, Copying, Setting, asks_for, maybe_twice, states, why
from tests.integration.intake.desk import rows
from tests.integration.intake.outbox import Outbox, a_reply_on
from tests.parts.certificates import certificate
from tests.parts.fickle import FickleServer, fickle_server
from tests.parts.ports import free_port
from tests.parts.waiting import until


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
    assert attempts[-1]["why"] == f"{sending.CUT_OFF_TWICE} {MAY_HAVE_LEFT}"
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
    await outbox.sends(minutes=17)
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
        outbox.later(minutes=17)
    await outbox.sends()
    assert "a copy of it is looked for" in str((await why(outbox))[-1])
    await outbox.sends(minutes=20)
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


async def test_one_mail_finds_out_that_the_server_is_away_and_what_is_no_mail_goes_on(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], setting: Setting
) -> None:
    setting(smtp_url=f"smtp://127.0.0.1:{free_port()}")
    await asks_for(ear, enquiry, JO, JO, JO)
    await ear.hears(a_reply_on(UUID(enquiry["enquiry_id"]), enquiry["reference"], citizen_email=None))
    await outbox.sends()
    assert (await states(outbox), len(await why(outbox))) == (["waiting", "waiting", "waiting", "delivered"], 2)


async def test_a_night_without_the_mail_server_fails_nothing(
    outbox: Outbox, ear: Ear, enquiry: dict[str, Any], postfix: StartPostfix, setting: Setting
) -> None:
    server = postfix({})
    setting(smtp_url=f"smtp://127.0.0.1:{server.port}")
    server.stop()
    await asks_for(ear, enquiry, JO)
    for _ in range(14):
        await outbox.sends(hours=1)
    assert (await states(outbox), len(await why(outbox))) == (["waiting"], 14)
    server.start()
    await outbox.sends(hours=1)
    assert await states(outbox) == ["delivered"]
