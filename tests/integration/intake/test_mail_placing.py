"""A mail that was kept becomes a contact: on the enquiry it belongs to, as a new one, or noted; whatever is in it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.intake import timers
from services.intake.actions import filing
from services.intake.actions.mail import keeping, placing
from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.model import Arrived, ArrivedBy
from services.intake.domain.mail.reading import Unreadable
from services.intake.domain.mail.tokens import token_of, with_token
from services.intake.gateways.files import files
from services.intake.gateways.link_key import link_key
from shared.vocabulary import FileId, Role
from shared.work import Work, Workshop
from tests.builders import a_cause
from tests.integration.intake.desk import Desk, rows
from tests.integration.intake.post import MAILBOXES, TO_US, TO_WASTE, PostRoom, a_mail
from tests.parts.councils import plain, take_up

JO = "jo@example.org"
STRANGER = "Mo Stranger <mo@example.net>"
WORDS_OF_CITIZENS = ("enquiry.received", "contact.received")


@pytest.fixture
async def post(workshop: Workshop) -> PostRoom:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return PostRoom(workshop)


async def reference_of(post: PostRoom, enquiry_id: UUID) -> str:
    found = [row for row in await rows(post.workshop, "submissions") if row["enquiry_id"] == enquiry_id]
    return str(found[0]["reference"])


def token_for(reference: str, address: str = TO_US) -> str:
    return with_token(address, token_of(link_key(), reference))


async def test_a_mail_from_a_person_is_a_new_enquiry(post: PostRoom) -> None:
    mail = await post.takes(a_mail(Subject="Missed bin", Date="Mon, 02 Mar 2026 09:00:00 +0000"))
    assert (mail["kind"], mail["placed_as"], mail["about"]) == ("ordinary", "enquiry", mail["enquiry_id"])
    [said] = await post.said("enquiry.received")
    told = said.data
    assert (told["title"], told["text"], told["citizen_email"]) == ("Missed bin", "The green bin was not emptied.", JO)
    assert (told["channel"], told["point"], told["citizen_name"]) == ("email", "mailbox", "Jo Miller")
    assert said.occurred_at == mail["received_at"]


async def test_what_a_citizen_writes_to_a_group_of_the_councils_is_theirs(post: PostRoom) -> None:
    marks = {"List_ID": f"<{TO_US.replace('@', '.')}>", "Precedence": "list", "X_Original_From": f"Jo Miller <{JO}>"}
    mail = await post.takes(a_mail(From=f"'Jo Miller' via Council <{TO_US}>", **marks), sent_from=TO_US)
    assert (mail["kind"], mail["placed_as"]) == ("ordinary", "enquiry")
    [said] = await post.said("enquiry.received")
    assert (said.data["citizen_name"], said.data["citizen_email"]) == ("Jo Miller", JO)


@pytest.mark.parametrize(
    ("also", "placed_as"),
    [
        ({}, "further"),
        ({"Reply_To": JO}, "further"),
        ({"Reply_To": "Mallory <mallory@example.net>"}, "held"),
        ({"Reply_To": TO_US, "Cc": "mallory@example.net"}, "held"),
        ({"Cc": ", ".join([JO] * 1_000)}, "held"),
    ],
)
async def test_p09_whoever_may_have_written_to_a_group_of_the_councils_has_to_be_known_too(
    post: PostRoom, also: dict[str, str], placed_as: str
) -> None:
    """What stands in X-Original-From may be a stranger's word: then the group names the stranger elsewhere."""
    first = await post.takes(a_mail())
    token = token_for(await reference_of(post, first["enquiry_id"]))
    by_group = {"From": f"'Jo' via Council <{TO_US}>", "X_Original_From": f"Jo Miller <{JO}>", **also}
    mail = await post.takes(a_mail("Again.", Message_ID="<z@example.org>", **by_group), sent_to=token, sent_from=TO_US)
    assert mail["placed_as"] == placed_as


async def test_a_mailbox_of_a_queue_says_so(post: PostRoom) -> None:
    await post.takes(a_mail(To=TO_WASTE), mailbox="waste", sent_to=TO_WASTE)
    [said] = await post.said("enquiry.received")
    assert said.data["queue_id"] == "general"


async def test_what_came_to_a_mailbox_that_is_given_up_meanwhile_goes_to_no_other_ones_queue(post: PostRoom) -> None:
    await post.keeps(a_mail(To=TO_WASTE), mailbox="waste", sent_to=TO_WASTE)
    first = MAILBOXES.partition('[[mailbox]]\ncode = "waste"')[0] + 'queue = "general"\n'
    await take_up(post.workshop.database.url, plain() + first)
    [mail] = await post.places()
    [said] = await post.said("enquiry.received")
    assert (said.data["queue_id"], said.data["service_code"]) == (None, None)
    assert 'mailbox "waste" is not in the council file' in mail["why"]


async def test_an_answer_by_a_known_participant_is_a_further_contact(post: PostRoom) -> None:
    first = await post.takes(a_mail())
    answer = await post.takes(
        a_mail("It is full.", Message_ID="<second@example.org>", In_Reply_To="<first@example.org>")
    )
    assert (answer["placed_as"], answer["about"]) == ("further", first["enquiry_id"])
    [said] = await post.said("contact.received")
    assert said.data["text"] == "It is full."


async def test_a_token_brings_it_home_without_any_reference(post: PostRoom) -> None:
    first = await post.takes(a_mail())
    reference = await reference_of(post, first["enquiry_id"])
    answer = await post.takes(a_mail("Again.", Message_ID="<x@example.org>"), sent_to=token_for(reference))
    assert (answer["placed_as"], answer["about"]) == ("further", first["enquiry_id"])


async def test_p09_a_stranger_on_a_known_thread_is_held_for_a_person(post: PostRoom) -> None:
    first = await post.takes(a_mail())
    reference = await reference_of(post, first["enquiry_id"])
    strangers = a_mail("Forwarded to me.", From=STRANGER, Message_ID="<y@example.net>")
    held = await post.takes(strangers, sent_to=token_for(reference), sent_from="mo@example.net")
    assert (held["placed_as"], held["about"]) == ("held", held["enquiry_id"])
    said = (await post.said("enquiry.received"))[-1]
    assert said.data["enquiry_id"] == str(held["enquiry_id"])
    assert said.data["perhaps_about"] == str(first["enquiry_id"])
    assert await post.said("contact.received") == []


async def test_of_a_mail_to_two_mailboxes_each_answer_belongs_where_it_was_sent_to(post: PostRoom) -> None:
    to_waste: dict[str, Any] = {"mailbox": "waste", "sent_to": TO_WASTE}
    first = await post.takes(a_mail())
    second = await post.takes(a_mail(), **to_waste)
    assert first["enquiry_id"] != second["enquiry_id"]
    for nth, (to, mail) in enumerate([({}, first), (to_waste, second), ({}, first)]):
        answer = a_mail(f"Letter {nth}", Message_ID=f"<{nth}@example.org>", In_Reply_To="<first@example.org>")
        placed = await post.takes(answer, **to)
        assert (placed["placed_as"], placed["about"]) == ("further", mail["enquiry_id"])


async def test_p09_a_stranger_who_uses_a_citizens_message_id_draws_nobodys_answers_to_themselves(
    post: PostRoom,
) -> None:
    first = await post.takes(a_mail())
    strangers = await post.takes(a_mail("Not the bin.", From=STRANGER), sent_from="mo@example.net")
    assert (strangers["repeats_id"], strangers["placed_as"]) == (True, "enquiry")
    placed = {}
    for sender in ("jo@example.org", "mo@example.net", "ann@example.com"):
        answer = a_mail("And?", From=sender, Message_ID=f"<{sender}>", In_Reply_To="<first@example.org>")
        placed[sender] = await post.takes(answer, sent_from=sender)
    assert [mail["placed_as"] for mail in placed.values()] == ["further", "further", "held"]
    assert placed["jo@example.org"]["about"] == first["enquiry_id"]
    assert placed["mo@example.net"]["about"] == strangers["enquiry_id"]
    assert (await post.said("enquiry.received"))[-1].data["perhaps_about"] == str(first["enquiry_id"])


async def test_two_mails_with_one_message_id_that_are_kept_at_the_same_moment_are_flagged(post: PostRoom) -> None:
    raw = a_mail("One.")

    async def keep_both(work: Work) -> None:
        await keeping.keep(
            work,
            [Arrived(mailbox="council", by=ArrivedBy.SMTP, sent_from=JO, sent_to=TO_US, raw=raw)],
            identity_of(raw),
        )
        await post.keeps(a_mail("Another."))

    await post.workshop.run([], keep_both, a_cause())
    assert [mail["repeats_id"] for mail in await rows(post.workshop, "mails")] == [False, False]
    assert [mail["repeats_id"] for mail in await post.places()] == [False, True]


async def test_a_machines_answer_is_noted_and_nobody_has_said_anything(post: PostRoom) -> None:
    first = await post.takes(a_mail())
    away = a_mail(
        "I am away.",
        Subject="Automatic reply: Missed bin",
        Message_ID="<away@example.org>",
        In_Reply_To="<first@example.org>",
        Auto_Submitted="auto-replied",
    )
    noted = await post.takes(away, sent_from="")
    assert (noted["placed_as"], noted["about"]) == ("noted", first["enquiry_id"])
    [said] = await post.said("contact.noted")
    assert said.data["enquiry_id"] == str(first["enquiry_id"])
    assert len(await post.said(*WORDS_OF_CITIZENS)) == 1


async def test_a_machines_mail_about_nothing_is_its_own_subject(post: PostRoom) -> None:
    noted = await post.takes(a_mail(Auto_Submitted="auto-generated"))
    assert (noted["placed_as"], noted["about"]) == ("noted", None)
    [said] = await post.said()
    assert (said.name, said.data["enquiry_id"]) == ("contact.noted", None)
    assert len(await post.contacts()) == 1


async def test_p17_what_cannot_be_read_is_a_contact_with_the_raw_file(
    post: PostRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise Unreadable("It is broken.")

    monkeypatch.setattr(placing, "read", fails)
    raw = a_mail()
    mail = await post.takes(raw)
    assert (mail["kind"], mail["placed_as"]) == ("unreadable", "enquiry")
    [said] = await post.said("enquiry.received")
    [file] = said.data["attachments"]
    assert file["name"] == "message.eml"
    assert b"".join([chunk async for chunk in await files().read(FileId(UUID(file["file_id"])))]) == raw


async def test_files_come_along_and_nobody_can_run_them(post: PostRoom) -> None:
    raw = a_mail(
        "--x\n\nSee there.\n--x\nContent-Type: application/octet-stream; name=virus.exe\n"
        "Content-Disposition: attachment; filename=virus.exe\nContent-Transfer-Encoding: base64\n\nAAECAw==\n--x--",
        MIME_Version="1.0",
        Content_Type="multipart/mixed; boundary=x",
    )
    await post.takes(raw)
    [said] = await post.said("enquiry.received")
    assert [(file["name"], file["size"]) for file in said.data["attachments"]] == [("virus.exe.bin", 4)]


async def test_a_text_too_long_for_an_event_goes_on_in_a_file(post: PostRoom) -> None:
    raw = a_mail("A long story. " * 20_000)
    await post.takes(raw)
    [said] = await post.said("enquiry.received")
    assert said.data["text"].endswith("message.eml.]")
    assert [file["name"] for file in said.data["attachments"]] == ["message.eml"]
    [text] = await rows(post.workshop, "mail_texts")
    assert text["text"].count("A long story.") == 20_000


async def test_p17_deleted_it_takes_the_files_along_that_came_with_it(
    post: PostRoom, workshop: Workshop, desk: Desk, data: Path
) -> None:
    mail = await post.takes(a_mail("A long story. " * 20_000))
    other = await post.takes(a_mail("Another. " * 20_000, Message_ID="<other@example.org>"))
    of = {row["contact_id"]: row["file_id"] for row in await rows(workshop, "files")}
    path = f"/intake/v1/files/{of[mail['contact_id']]}"
    assert (await desk.gets(path, desk.token)).status == 200
    async with workshop.reading() as db:
        await files().settle([FileId(of[mail["contact_id"]])])
        await filing.sort_new_files(db, datetime.now(UTC))
    administrator = desk.token_of(Role.ADMINISTRATOR)
    deletion = f"/intake/v1/mails/{mail['mail_id']}/deletion", {"because": "They asked."}, administrator
    assert (await desk.posts(*deletion)).status == 200
    gone = await desk.gets(path, desk.token)
    assert (gone.status, "was deleted on" in gone.sentence) == (404, True)
    assert (await desk.gets(f"/intake/v1/mails/{mail['mail_id']}", desk.token)).fields["files"] == []
    await timers.drop_deleted_files(workshop)
    left = {each.name for each in (data / "files").rglob("*") if each.is_file()}
    assert left == {str(of[other["contact_id"]])}
    [row] = [row for row in await rows(workshop, "files") if row["contact_id"] == mail["contact_id"]]
    assert (row["name"], row["dropped_at"] is not None) == ("", True)


async def test_a_report_of_what_was_never_sent_is_noted_and_marks_nobody(post: PostRoom) -> None:
    report = (
        "--b\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mail.example.org\n\nFinal-Recipient: rfc822; gone@example.org\nAction: failed\n"
        "Status: 5.1.1\n\n--b--"
    )
    bounce = a_mail(
        report,
        From="MAILER-DAEMON@example.org",
        Subject="Undelivered Mail Returned to Sender",
        MIME_Version="1.0",
        Content_Type="multipart/report; report-type=delivery-status; boundary=b",
    )
    noted = await post.takes(bounce, sent_from="")
    assert (noted["kind"], noted["placed_as"]) == ("bounce", "noted")
    assert await rows(post.workshop, "bounced_addresses") == []
