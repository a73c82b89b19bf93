"""Receipts: once for an enquiry, to people only, within a budget, with reference and promises."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.intake.actions.mail import receipts, stopping
from services.intake.actions.mail.receipts import Arrival
from services.intake.settings import settings
from shared.contracts.sla import ClockStarted
from shared.council import current
from shared.telemetry import MAIL_HELD_BACK, OLDEST_WAITING_MAIL_SECONDS
from shared.vocabulary import ClockId, EnquiryId, Reference, new_id
from shared.work import Work, Workshop
from tests.builders import Ear, a_cause
from tests.integration.intake.desk import rows
from tests.integration.intake.outbox import Outbox, a_reply_on, number_of, text_of
from tests.integration.intake.post import MAILBOXES, TO_US, PostRoom, a_mail
from tests.parts.councils import plain, take_up

DUE = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
WELSH = """
[letters.receipt]
subject = "{{ reference }}"
text = "{{ name }}: {{ promises | join(' ') }}"
"""


@pytest.fixture
async def post(workshop: Workshop) -> PostRoom:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return PostRoom(workshop)


@pytest.fixture
def outbox(post: PostRoom, data: Path) -> Outbox:
    return Outbox(post.workshop, data)


def a_clock(enquiry_id: UUID) -> ClockStarted:
    return ClockStarted(
        clock_id=ClockId(new_id()),
        enquiry_id=EnquiryId(enquiry_id),
        standard="acknowledgement",
        council_version=1,
        started_at=DUE,
        due_at=DUE,
    )


async def arrives(post: PostRoom, nth: int, **headers: str) -> dict[str, object]:
    return await post.takes(a_mail(f"Bin number {nth}.", Message_ID=f"<{nth}@example.org>", **headers))


async def reasons(outbox: Outbox) -> list[str | None]:
    ordered = sorted(await outbox.messages(kind="receipt"), key=lambda row: row["requested_at"])
    return [row["why"] for row in ordered]


async def test_whoever_writes_an_email_is_told_reference_and_promises_after_a_moment(
    post: PostRoom, outbox: Outbox, ear: Ear
) -> None:
    mail = await post.takes(a_mail())
    assert await outbox.sends() == []
    await ear.hears(a_clock(mail["enquiry_id"]))
    [sent] = await outbox.sends(seconds=6)
    [submission] = await rows(post.workshop, "submissions")
    assert (sent["To"], sent["From"]) == ("Jo Miller <jo@example.org>", f"Anytown Council <{TO_US}>")
    assert (sent["Auto-Submitted"], sent["X-Auto-Response-Suppress"]) == ("auto-replied", "All")
    assert sent["In-Reply-To"] == "<first@example.org>"
    assert submission["reference"] in sent["Subject"]
    assert number_of(sent) == submission["reference"].removeprefix("ANY-")
    assert "within 86400 seconds. That is by Tuesday, 3 March 2026 at 09:00." in text_of(sent)
    [said] = await post.said("message.delivered")
    assert (said.data["kind"], said.data["enquiry_id"]) == ("receipt", str(mail["enquiry_id"]))


async def test_the_council_chooses_the_words(post: PostRoom, outbox: Outbox, ear: Ear) -> None:
    await take_up(post.workshop.database.url, plain() + MAILBOXES + WELSH)
    mail = await post.takes(a_mail())
    await ear.hears(a_clock(mail["enquiry_id"]))
    [sent] = await outbox.sends(seconds=6)
    assert text_of(sent).startswith("Jo Miller: We let you know that we are dealing with it within 86400 seconds.")


async def test_there_is_one_receipt_for_an_enquiry_however_often_it_is_owed(
    post: PostRoom, outbox: Outbox, workshop: Workshop
) -> None:
    await post.takes(a_mail())
    [submission] = await rows(workshop, "submissions")

    async def owe_again(work: Work) -> None:
        await receipts.owe_receipt(
            work,
            (await current(work.db)).council,
            Arrival(
                enquiry_id=EnquiryId(submission["enquiry_id"]),
                reference=Reference(submission["reference"]),
                address="jo@example.org",
                name="Jo",
                mailbox="council",
                language=None,
                answers_to=None,
            ),
        )

    for _ in range(2):
        await workshop.run([], owe_again, a_cause())
    assert len(await outbox.sends(seconds=6)) == len(await outbox.messages(kind="receipt")) == 1


async def test_a_further_mail_and_a_machines_mail_are_owed_none(post: PostRoom, outbox: Outbox) -> None:
    await post.takes(a_mail())
    await post.takes(a_mail("More.", Message_ID="<2@example.org>", In_Reply_To="<first@example.org>"))
    await arrives(post, 3, From="machine@example.org", Auto_Submitted="auto-replied")
    assert len(await outbox.messages(kind="receipt")) == 1


@pytest.mark.parametrize(
    "sender",
    [
        "MAILER-DAEMON@example.org",
        "no-reply@example.org",
        "noreply+7@example.org",
        "do_not_reply@example.org",
        "bounces-12@example.org",
        "bounce@example.org",
        "owner-list@example.org",
        "list-request@example.org",
        "auto-reply@example.org",
        "enquiries@anytown.example",
        "WASTE+anything@anytown.example",
    ],
)
async def test_nobody_is_written_to_where_nobody_reads(post: PostRoom, outbox: Outbox, sender: str) -> None:
    mail = await post.takes(a_mail(From=sender), sent_from="somebody@example.org")
    assert mail["placed_as"] in ("enquiry", "noted")
    assert await outbox.sends(seconds=6) == []
    assert all(row["state"] == "withheld" and row["why"].endswith(".") for row in await outbox.messages())


@pytest.mark.parametrize(
    "sender",
    [
        "noreen@example.org",
        "bounceycastle@example.org",
        "root.smith@example.org",
        "school-admin@example.org",
    ],
)
async def test_a_person_is_not_taken_for_a_machine_by_their_name(post: PostRoom, outbox: Outbox, sender: str) -> None:
    await post.takes(a_mail(From=sender))
    assert len(await outbox.sends(seconds=6)) == 1


async def test_an_address_from_which_mail_came_back_gets_no_receipt_for_an_hour(post: PostRoom, outbox: Outbox) -> None:
    async def owe(work: Work) -> None:
        await work.db.execute("INSERT INTO bounced_addresses VALUES ('jo@example.org', $1, 'No such user.')", work.now)

    await post.workshop.run([], owe, a_cause())
    await arrives(post, 1)
    await arrives(post, 2)
    outbox.later(hours=1)
    await arrives(post, 3)
    came_back = "Mail to this address came back: No such user."
    assert await reasons(outbox) == [came_back, came_back, None]


async def test_p10_one_address_gets_no_more_receipts_in_an_hour_than_the_budget(
    post: PostRoom, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_RECEIPTS_PER_ADDRESS", "3")
    settings.cache_clear()
    for nth in range(5):
        await arrives(post, nth, From="Jo <jo@Example.org>" if nth % 2 else f"jo+{nth}@example.org")
    await arrives(post, 5, From="mo@example.org")
    too_many = "This address has been sent 3 receipts within an hour."
    assert await reasons(outbox) == [None, None, None, too_many, too_many, None]
    assert len(await outbox.sends(seconds=6)) == 4
    outbox.later(hours=1)
    await arrives(post, 6)
    assert len(await outbox.sends(seconds=6)) == 5
    assert len(await post.said("enquiry.received")) == 7


async def test_no_budget_means_no_receipts(post: PostRoom, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_RECEIPTS_PER_ADDRESS", "0")
    settings.cache_clear()
    await post.takes(a_mail())
    assert await outbox.sends(seconds=6) == []
    assert [row["state"] for row in await outbox.messages()] == ["withheld"]


async def test_at_most_half_of_what_may_leave_in_an_hour_are_receipts_and_what_people_wrote_goes_first(
    post: PostRoom, outbox: Outbox, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAILS_PER_HOUR", "4")
    settings.cache_clear()
    mail = [await arrives(post, nth, From=f"{nth}@example.net") for nth in range(5)][-1]
    asked = UUID(str(mail["enquiry_id"]))
    reference = next(row["reference"] for row in await rows(post.workshop, "submissions") if row["enquiry_id"] == asked)
    await ear.hears(a_reply_on(asked, reference))
    outbox.later(hours=3)
    assert len(await outbox.sends()) == 3
    kinds = {row["message_id"]: row["kind"] for row in await outbox.messages()}
    attempts = sorted(await rows(post.workshop, "attempts"), key=lambda row: row["begun_at"])
    assert [kinds[row["message_id"]] for row in attempts] == ["full", "receipt", "receipt"]
    await stopping.watch(post.workshop)
    held_back = [MAIL_HELD_BACK.labels("intake", because)._value.get() for because in ("limit", "receipts")]
    assert held_back == [0, 1]
    ages = [OLDEST_WAITING_MAIL_SECONDS.labels("intake", what)._value.get() for what in ("written", "receipts")]
    assert ages[0] == 0
    assert ages[1] > 3600
    await ear.hears(a_reply_on(asked, reference))
    assert len(await outbox.sends()) == 4
    assert len(await outbox.sends(minutes=61)) == 6


async def test_who_writes_to_a_group_of_the_councils_has_a_receipt_though_its_envelope_is_a_lists(
    post: PostRoom, outbox: Outbox
) -> None:
    by_list = f"enquiries-bounces+jo=example.org@{TO_US.partition('@')[2]}"
    marks = {"List_Id": f"<{TO_US.replace('@', '.')}>", "Precedence": "list"}
    await post.takes(a_mail(**marks), sent_from=by_list)
    [sent] = await outbox.sends(seconds=6)
    assert sent["To"] == "Jo Miller <jo@example.org>"
