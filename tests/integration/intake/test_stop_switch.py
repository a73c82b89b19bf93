"""The stop switch: while it is on, nothing leaves by email; everything waits, and nothing is lost."""

from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from services.cli import waiting
from services.intake.actions import sending
from services.intake.actions.mail import stopping
from services.intake.settings import settings
from services.intake.store.stopped import MAIL, ended
from shared.errors import Conflict, NotFound
from shared.telemetry import MAIL_HELD_BACK, OLDEST_WAITING_MAIL_SECONDS
from shared.vocabulary import Channel, MessageId, new_id
from shared.work import Cause, Workshop
from tests.builders import Ear, a_cause
from tests.integration.intake.desk import Desk
from tests.integration.intake.outbox import Outbox, a_reply_on, text_of
from tests.integration.intake.post import MAILBOXES, PostRoom, a_bounce_of, a_mail
from tests.parts.councils import plain, take_up


@pytest.fixture
async def post(workshop: Workshop) -> PostRoom:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return PostRoom(workshop)


@pytest.fixture
def outbox(post: PostRoom, data: Path) -> Outbox:
    return Outbox(post.workshop, data)


async def stops(workshop: Workshop) -> None:
    await workshop.run([], partial(stopping.stop, who="person/ada", because="Receipts go astray."), a_cause())


async def test_while_mail_is_stopped_answers_and_receipts_wait_and_then_go_out_once(
    post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk
) -> None:
    await stops(post.workshop)
    await post.takes(a_mail())
    receipt = await desk.asks()
    await ear.hears(a_reply_on(UUID(receipt["enquiry_id"]), receipt["reference"]))
    assert await outbox.sends(minutes=10) == []
    assert await outbox.sends(hours=24) == []
    assert {row["state"] for row in await outbox.messages()} == {"waiting"}
    assert [said.name for said in await post.said() if said.name.startswith("message")] == []
    await post.workshop.run([], stopping.start, a_cause())
    assert len(await outbox.sends()) == 2
    assert len(await outbox.sends(hours=24)) == 2
    assert {row["state"] for row in await outbox.messages()} == {"delivered"}


async def test_an_attempt_under_way_ends_and_one_that_was_cut_off_is_not_made_again(
    post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk
) -> None:
    receipt = await desk.asks()
    for _ in range(2):
        await ear.hears(a_reply_on(UUID(receipt["enquiry_id"]), receipt["reference"]))
    under_way = await post.workshop.run([], sending.begin_attempt, a_cause())
    cut_off = await post.workshop.run([], sending.begin_attempt, a_cause())
    assert under_way is not None
    assert cut_off is not None
    await stops(post.workshop)
    ending = sending.Ending(under_way, await sending.make_attempt(under_way, sending.carriers()))
    await post.workshop.run([ending.subject], ending.note, ending.cause)
    assert len(await outbox.sends(hours=1)) == 1
    await post.workshop.run([], stopping.start, a_cause())
    assert len(await outbox.sends()) == 2


async def test_what_is_no_mail_goes_on(post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk) -> None:
    await stops(post.workshop)
    receipt = await desk.asks(email=None)
    asked = a_reply_on(UUID(receipt["enquiry_id"]), receipt["reference"], citizen_email=None, channel=Channel.WEB)
    await ear.hears(asked)
    await outbox.sends()
    assert [row["state"] for row in await outbox.messages()] == ["delivered"]


async def test_what_waits_is_listed_and_can_be_withheld_for_good_and_the_record_is_told(
    post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk
) -> None:
    await stops(post.workshop)
    receipt = await desk.asks()
    enquiry_id, reference = UUID(receipt["enquiry_id"]), receipt["reference"]
    for text in ("Wrong.", "Right."):
        await ear.hears(a_reply_on(enquiry_id, reference, text=text))
    wrong, right = [row["message_id"] for text in ("Wrong.", "Right.") for row in await outbox.messages(text=text)]
    found, standing = await waiting.looked_at(post.workshop, 10)
    assert standing is not None
    assert {each.message_id: (each.address, each.reference) for each in found} == {
        wrong: ("jo@example.org", reference),
        right: ("jo@example.org", reference),
    }
    await waiting.withheld(post.workshop, [wrong], "person/ada", "It was for somebody else.")
    assert [each.message_id for each in (await waiting.looked_at(post.workshop, 10))[0]] == [right]
    [said] = await post.said("message.failed")
    assert (said.data["message_id"], said.data["kind"], said.data["by"]) == (str(wrong), "full", "withheld")
    assert said.data["because"] == "It was for somebody else."
    await post.workshop.run([], stopping.start, a_cause())
    [sent] = await outbox.sends(hours=24)
    assert "Right." in text_of(sent)


async def test_what_has_left_can_no_longer_be_withheld_and_then_none_is(
    post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk
) -> None:
    receipt = await desk.asks()
    await ear.hears(a_reply_on(UUID(receipt["enquiry_id"]), receipt["reference"]))
    await outbox.sends()
    await stops(post.workshop)
    await ear.hears(a_reply_on(UUID(receipt["enquiry_id"]), receipt["reference"]))
    [waits] = await outbox.messages(state="waiting")
    [left] = await outbox.messages(state="delivered")
    with pytest.raises(Conflict, match="does not wait"):
        await waiting.withheld(post.workshop, [waits["message_id"], left["message_id"]], "person/ada", "Wrong.")
    assert len(await outbox.messages(state="waiting")) == 1
    with pytest.raises(NotFound):
        await waiting.withheld(post.workshop, [MessageId(new_id())], "person/ada", "Wrong.")


async def test_who_stopped_mail_and_who_started_it_again_stays_known(post: PostRoom) -> None:
    for _ in range(2):
        await stops(post.workshop)
        await post.workshop.run([], stopping.start, Cause("person/olive", new_id()))
    async with post.workshop.reading() as db:
        before = await ended(db, MAIL, 10)
        assert await stopping.standing(db) is None
    assert [(each.stopped_by, each.because, each.started_by) for each in before] == [
        ("person/ada", "Receipts go astray.", "person/olive")
    ] * 2


async def test_figures_tell_that_mail_is_stopped_and_since_when_the_oldest_waits(
    post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def figures() -> tuple[float, float, float]:
        held = [MAIL_HELD_BACK.labels("intake", because)._value.get() for because in ("stopped", "limit")]
        return held[0], held[1], OLDEST_WAITING_MAIL_SECONDS.labels("intake", "written")._value.get()

    await stopping.watch(post.workshop)
    assert figures() == (0, 0, 0)
    await stops(post.workshop)
    receipt = await desk.asks()
    await ear.hears(a_reply_on(UUID(receipt["enquiry_id"]), receipt["reference"]))
    outbox.later(hours=1)
    await stopping.watch(post.workshop)
    stopped, full, age = figures()
    assert (stopped, full) == (1, 0)
    assert age >= 3600
    await post.workshop.run([], stopping.start, a_cause())
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAILS_PER_HOUR", "1")
    settings.cache_clear()
    await outbox.sends()
    await stopping.watch(post.workshop)
    assert figures() == (0, 1, 0)


@pytest.mark.parametrize(("came_back", "state"), [(False, "delivered"), (True, "failed")])
async def test_what_was_withheld_although_it_had_left_is_told_as_it_is(
    post: PostRoom, outbox: Outbox, ear: Ear, desk: Desk, came_back: bool, state: str
) -> None:
    """Whoever sent it could not say so in time: the database was away."""
    receipt = await desk.asks()
    await ear.hears(a_reply_on(UUID(receipt["enquiry_id"]), receipt["reference"]))
    attempt = await post.workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    ending = sending.Ending(attempt, await sending.make_attempt(attempt, sending.carriers()))
    if came_back:
        await post.takes(a_bounce_of(outbox.mails[0]), sent_from="")
    outbox.later(minutes=17)
    await waiting.withheld(post.workshop, [attempt.message.message_id], "person/ada", "It was for somebody else.")
    await post.workshop.run([ending.subject], ending.note, ending.cause)
    [row] = await outbox.messages(kind="full")
    assert (row["state"], row["why"]) == (state, None)
    [withheld, told] = await post.said("message.failed", "message.delivered")
    assert (withheld.name, withheld.data["by"], told.name) == ("message.failed", "withheld", f"message.{state}")
