"""Messages that go out as mails: from which mailbox, in answer to what, and who is known on the enquiry then."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.intake.actions import sending
from services.intake.app import SERVICE
from services.intake.settings import settings
from shared.council import read_council
from shared.vocabulary import Channel
from shared.work import Workshop
from tests.builders import Ear, a_cause, a_workshop
from tests.integration.intake.desk import Desk, rows
from tests.integration.intake.outbox import Outbox, a_reply_on, number_of, sends_all, text_of
from tests.integration.intake.post import MAILBOXES, TO_WASTE, PostRoom, a_bounce_of, a_mail
from tests.parts.councils import plain, take_up


@pytest.fixture
async def post(workshop: Workshop) -> PostRoom:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return PostRoom(workshop)


@pytest.fixture
def outbox(post: PostRoom, data: Path) -> Outbox:
    return Outbox(post.workshop, data)


async def reference_of(workshop: Workshop, enquiry_id: UUID) -> str:
    [found] = [row for row in await rows(workshop, "submissions") if row["enquiry_id"] == enquiry_id]
    return str(found["reference"])


async def answers(ear: Ear, workshop: Workshop, mail: dict[str, Any], **fields: Any) -> None:
    reference = await reference_of(workshop, mail["enquiry_id"])
    await ear.hears(a_reply_on(mail["enquiry_id"], reference, **fields))


async def test_an_answer_goes_out_from_the_mailbox_that_the_citizen_wrote_to(
    post: PostRoom, outbox: Outbox, ear: Ear
) -> None:
    mail = await post.takes(a_mail(To=TO_WASTE), mailbox="waste", sent_to=TO_WASTE)
    await answers(ear, post.workshop, mail)
    [sent] = [each for each in await outbox.sends() if not each["Auto-Submitted"]]
    assert sent["From"] == "Waste and recycling <waste@anytown.example>"
    assert sent["To"] == "Jo Miller <jo@example.org>"
    assert sent["In-Reply-To"] == sent["References"] == "<first@example.org>"
    reference = await reference_of(post.workshop, mail["enquiry_id"])
    assert reference in sent["Subject"]
    assert number_of(sent) == reference.removeprefix("ANY-")
    assert "It will be mended. 💡" in text_of(sent)
    [row] = await outbox.messages(kind="full")
    assert (sent["Message-ID"], row["mailbox"], row["state"]) == (row["mail_message_id"], "waste", "delivered")
    [said] = await post.said("message.delivered")
    assert (said.data["kind"], said.data["by"]) == ("full", "folder")


async def test_an_answer_to_an_answer_belongs_to_the_enquiry(post: PostRoom, outbox: Outbox, ear: Ear) -> None:
    mail = await post.takes(a_mail())
    await answers(ear, post.workshop, mail)
    [sent] = [each for each in await outbox.sends() if not each["Auto-Submitted"]]
    back = await post.takes(
        a_mail("Thank you.", Message_ID="<second@example.org>", In_Reply_To=str(sent["Message-ID"])),
        sent_to=str(sent["Reply-To"]),
    )
    assert (back["placed_as"], back["about"]) == ("further", mail["enquiry_id"])
    await answers(ear, post.workshop, mail, text="Again.")
    again = (await outbox.sends())[-1]
    assert again["In-Reply-To"] == "<second@example.org>"


async def test_another_address_that_is_written_to_is_told_no_message_id_and_is_known_from_then_on(
    post: PostRoom, outbox: Outbox, ear: Ear
) -> None:
    mail = await post.takes(a_mail())
    await answers(ear, post.workshop, mail, citizen_email="Jo.At.Work@example.net")
    [sent] = [each for each in await outbox.sends() if not each["Auto-Submitted"]]
    assert sent["In-Reply-To"] is None
    known = {row["address"] for row in await rows(post.workshop, "participants")}
    assert known == {"jo@example.org", "jo.at.work@example.net"}
    back = await post.takes(
        a_mail("Got it.", From="jo.at.work@example.net", Message_ID="<w@example.net>"), sent_to=str(sent["Reply-To"])
    )
    assert (back["placed_as"], back["about"]) == ("further", mail["enquiry_id"])


async def test_who_asked_by_a_form_and_gave_an_address_is_written_to_from_the_first_mailbox(
    post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk
) -> None:
    receipt = await desk.asks()
    await ear.hears(a_reply_on(UUID(receipt["enquiry_id"]), receipt["reference"], channel=Channel.WEB))
    [sent] = await outbox.sends()
    assert sent["From"] == "Anytown Council <enquiries@anytown.example>"


async def test_without_an_address_a_message_is_left_in_the_folder_for_somebody_to_take(
    post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk, data: Path
) -> None:
    receipt = await desk.asks(email=None)
    asked = a_reply_on(UUID(receipt["enquiry_id"]), receipt["reference"], citizen_email=None)
    await ear.hears(asked)
    assert await outbox.sends() == []
    assert (data / "messages" / f"{asked.message_id}.json").exists()


async def test_a_mailbox_that_is_given_up_gives_way_to_the_first(post: PostRoom, outbox: Outbox, ear: Ear) -> None:
    mail = await post.takes(a_mail(To=TO_WASTE), mailbox="waste", sent_to=TO_WASTE)
    await answers(ear, post.workshop, mail)
    without = (plain() + MAILBOXES).partition('[[mailbox]]\ncode = "waste"')[0]
    assert len(read_council(without).mailbox) == 1
    await take_up(post.workshop.database.url, without)
    sent = await outbox.sends()
    assert {each["From"] for each in sent} == {"Anytown Council <enquiries@anytown.example>"}


async def test_what_is_no_address_fails_with_a_sentence(post: PostRoom, outbox: Outbox, ear: Ear) -> None:
    mail = await post.takes(a_mail())
    await answers(ear, post.workshop, mail, citizen_email="jo at example")
    await outbox.sends()
    [said] = await post.said("message.failed")
    assert said.data["because"] == 'No mail can be sent to "jo at example": it is not an address.'


async def test_no_more_mails_leave_in_an_hour_than_were_set_over_all_replicas(
    post: PostRoom, outbox: Outbox, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAILS_PER_HOUR", "2")
    monkeypatch.setenv("ACCESSPOINT_INTAKE_RECEIPTS_PER_ADDRESS", "0")
    settings.cache_clear()
    mail = await post.takes(a_mail())
    for nth in range(5):
        await answers(ear, post.workshop, mail, text=f"Number {nth}.")
    assert len(await outbox.sends()) == 2
    assert len(await outbox.sends(minutes=30)) == 2
    assert len(await outbox.sends(minutes=31)) == 4
    assert len(await outbox.sends(minutes=61)) == 5
    assert [said.name for said in await post.said() if said.name.startswith("message")] == ["message.delivered"] * 5


async def test_what_did_not_leave_takes_no_mails_place_in_the_hour(
    post: PostRoom, outbox: Outbox, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAILS_PER_HOUR", "2")
    monkeypatch.setenv("ACCESSPOINT_INTAKE_RECEIPTS_PER_ADDRESS", "0")
    settings.cache_clear()
    mail = await post.takes(a_mail())
    for address in ("jo at example", "jo at home", "jo at work", "jo@example.org"):
        await answers(ear, post.workshop, mail, citizen_email=address)
    assert len(await outbox.sends()) == 1
    states = [row["state"] for row in await outbox.messages(kind="full")]
    assert sorted(states) == ["delivered", "failed", "failed", "failed"]


async def test_several_who_send_at_once_send_no_more_in_an_hour_than_one(
    post: PostRoom, outbox: Outbox, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAILS_PER_HOUR", "3")
    monkeypatch.setenv("ACCESSPOINT_INTAKE_RECEIPTS_PER_ADDRESS", "0")
    settings.cache_clear()
    mail = await post.takes(a_mail())
    for nth in range(12):
        await answers(ear, post.workshop, mail, text=f"Number {nth}.")
    async with AsyncExitStack() as replicas:
        several = [
            await replicas.enter_async_context(a_workshop(post.workshop.database.url, SERVICE)) for _ in range(4)
        ]
        await asyncio.gather(*(sends_all(workshop) for workshop in several))
    assert len(outbox.mails) == 3


async def test_an_answer_comes_from_the_address_that_was_written_to(post: PostRoom, outbox: Outbox, ear: Ear) -> None:
    mail = await post.takes(a_mail(To="hello@anytown.example"), sent_to="Hello@anytown.example")
    await answers(ear, post.workshop, mail)
    receipt, answer = await outbox.sends(seconds=6)
    for sent in (receipt, answer):
        assert sent["From"] == "Anytown Council <hello@anytown.example>"
        assert str(sent["Reply-To"]).startswith("hello+")
    await post.takes(
        a_mail("Thank you.", Message_ID="<second@example.org>", In_Reply_To=str(answer["Message-ID"])),
        sent_to=str(answer["Reply-To"]),
    )
    await answers(ear, post.workshop, mail, text="Again.")
    assert (await outbox.sends())[-1]["From"] == "Anytown Council <hello@anytown.example>"


async def test_an_address_that_the_mailbox_has_no_more_gives_way_to_its_first(
    post: PostRoom, outbox: Outbox, ear: Ear
) -> None:
    mail = await post.takes(a_mail(), sent_to="old@anytown.example")
    await answers(ear, post.workshop, mail)
    assert {sent["From"] for sent in await outbox.sends(seconds=6)} == {"Anytown Council <enquiries@anytown.example>"}


async def test_a_mail_that_waits_does_not_hold_up_what_is_none(
    post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAILS_PER_HOUR", "1")
    settings.cache_clear()
    receipt = await desk.asks()
    ids = UUID(receipt["enquiry_id"]), receipt["reference"]
    for address in ("jo@example.org", "jo@example.org", None):
        await ear.hears(a_reply_on(*ids, citizen_email=address))
    await outbox.sends()
    states = [row["state"] for row in sorted(await outbox.messages(), key=lambda row: row["requested_at"])]
    assert states == ["delivered", "waiting", "delivered"]


async def test_a_mail_is_written_when_it_is_sent(post: PostRoom, outbox: Outbox, ear: Ear) -> None:
    """So that what it tells of promises is true then; its Message-ID is the one it had from the beginning."""
    mail = await post.takes(a_mail())
    await answers(ear, post.workshop, mail)
    [before] = await outbox.messages(kind="full")
    attempt = await post.workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    assert attempt.occasion is not None
    assert attempt.message.mail_message_id == before["mail_message_id"]
    assert attempt.occasion.written_at > before["requested_at"]


@pytest.mark.parametrize("kind", ["receipt", "full"])
async def test_a_bounce_is_matched_to_the_message_that_came_back(
    post: PostRoom, outbox: Outbox, ear: Ear, kind: str
) -> None:
    mail = await post.takes(a_mail())
    if kind == "full":
        await answers(ear, post.workshop, mail)
    [sent] = [each for each in await outbox.sends(seconds=6) if bool(each["Auto-Submitted"]) is (kind == "receipt")]
    noted = await post.takes(a_bounce_of(sent), sent_from="")
    assert (noted["kind"], noted["placed_as"], noted["about"]) == ("bounce", "noted", mail["enquiry_id"])
    [message] = await outbox.messages(kind=kind)
    assert (message["mail_message_id"], message["state"]) == (sent["Message-ID"], "failed")
    [said] = await post.said("message.failed")
    assert said.data["message_id"] == str(message["message_id"])
    assert (said.data["kind"], said.data["by"], said.data["because"]) == (kind, "bounce", "550 No such user")
    marked = [(row["address"], row["why"]) for row in await rows(post.workshop, "bounced_addresses")]
    assert marked == [("jo@example.org", "550 No such user")]


async def test_a_bounce_from_where_the_citizen_has_mail_passed_on_to_is_noted_and_nothing_follows(
    post: PostRoom, outbox: Outbox
) -> None:
    mail = await post.takes(a_mail())
    [sent] = await outbox.sends(seconds=6)
    noted = await post.takes(a_bounce_of(sent, failed="elsewhere@example.net"), sent_from="")
    assert (noted["kind"], noted["placed_as"], noted["about"]) == ("bounce", "noted", mail["enquiry_id"])
    assert [message["state"] for message in await outbox.messages()] == ["delivered"]
    assert await post.said("message.failed") == []
    assert await rows(post.workshop, "bounced_addresses") == []


async def test_a_forged_report_that_names_a_message_of_ours_marks_nobody_else(post: PostRoom, outbox: Outbox) -> None:
    await post.takes(a_mail())
    [sent] = await outbox.sends(seconds=6)
    victims = "\n\n".join(f"Final-Recipient: rfc822; {nth}@example.net\nAction: failed" for nth in range(3))
    report = a_bounce_of(sent).replace(
        b"\r\n\r\n--b\r\nContent-Type: text/rfc822", f"\n\n{victims}\n\n--b\nContent-Type: text/rfc822".encode()
    )
    await post.takes(report, sent_from="")
    assert [row["address"] for row in await rows(post.workshop, "bounced_addresses")] == ["jo@example.org"]


@pytest.mark.parametrize("is_killed", [False, True])
async def test_a_bounce_that_comes_before_it_is_on_record_that_the_mail_left_is_what_counts(
    post: PostRoom, outbox: Outbox, ear: Ear, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    """
    Where whoever sent it was killed, that is found out a quarter of an hour later. A mail server that is read by IMAP
    says in whole seconds, by its own clock, when it got the bounce.
    """
    monkeypatch.setenv("ACCESSPOINT_INTAKE_RECEIPTS_PER_ADDRESS", "0")
    settings.cache_clear()
    mail = await post.takes(a_mail())
    await answers(ear, post.workshop, mail)
    attempt = await post.workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    ending = sending.Ending(attempt, await sending.make_attempt(attempt, sending.carriers()))
    [sent] = outbox.mails
    await post.takes(a_bounce_of(sent), sent_from="", received_at=attempt.begun_at - timedelta(seconds=5))
    if is_killed:
        assert len(await outbox.sends(minutes=17)) == 1
    else:
        await post.workshop.run([ending.subject], ending.note, ending.cause)
    [message] = await outbox.messages(kind="full")
    assert message["state"] == "failed"
    [said] = await post.said("message.failed", "message.delivered")
    assert (said.name, said.data["by"], said.data["because"]) == ("message.failed", "bounce", "550 No such user")


@pytest.mark.parametrize("had_left", [False, True])
async def test_a_bounce_of_another_mail_does_not_fail_one_whose_sender_was_killed(
    post: PostRoom, outbox: Outbox, ear: Ear, had_left: bool
) -> None:
    mail = await post.takes(a_mail())
    [receipt] = await outbox.sends(seconds=6)
    await answers(ear, post.workshop, mail)
    attempt = await post.workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    if had_left:
        await sending.make_attempt(attempt, sending.carriers())
    await post.takes(a_bounce_of(receipt), sent_from="")
    await outbox.sends(minutes=17)
    assert [row["state"] for row in await outbox.messages(kind="full")] == ["delivered"]
