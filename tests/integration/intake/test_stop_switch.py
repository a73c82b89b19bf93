"""The stop switch: while it is on, nothing leaves by email; everything waits, and nothing is lost."""

from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from services.intake.actions import sending
from services.intake.actions.mail import stopping
from shared.vocabulary import Channel
from shared.work import Workshop
from tests.builders import Ear, a_cause
from tests.integration.intake.desk import Desk
from tests.integration.intake.outbox import Outbox, a_reply_on
from tests.integration.intake.post import MAILBOXES, PostRoom, a_mail
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
