"""Those who send, in trouble: the database goes away, the process is told to stop, and several send at once."""

import asyncio

import pytest

from services.intake import timers
from services.intake.actions import sending
from services.intake.domain.messages import Tried
from services.intake.store import messages as store
from services.intake.store.mail.sending import MayLeave
from shared.errors import Unavailable
from shared.work import Workshop
from tests.builders import Ear, a_cause
from tests.integration.intake.carrying import Unwilling, a_message, later, outcome
from tests.integration.intake.desk import Desk, rows
from tests.parts.waiting import until, until_others_wait


async def test_what_was_sent_while_the_database_went_away_is_noted_before_anything_else_is_begun(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling
) -> None:
    carrier.seen_after = None
    await a_message(desk, ear)
    await a_message(desk, ear)
    carrier.on_send = workshop.database.close
    for _ in range(2):
        with pytest.raises(Unavailable):
            await timers.send_messages(workshop)
    assert len(carrier.carried) == 1
    await workshop.database.open()
    carrier.on_send = None
    later(workshop, sending.LOST_AFTER)
    await timers.send_messages(workshop)
    assert len(carrier.carried) == 2
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.delivered"] * 2


async def test_whoever_is_told_to_stop_ends_the_message_under_way_and_begins_no_other(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling
) -> None:
    await a_message(desk, ear)
    await a_message(desk, ear)
    told_to_stop = asyncio.Event()
    carrier.on_send = told_to_stop.wait
    sender = asyncio.ensure_future(timers.send_messages(workshop))
    await until(lambda: carrier.carried, what="a message under way")
    sender.cancel()
    await asyncio.sleep(0)
    told_to_stop.set()
    with pytest.raises(asyncio.CancelledError):
        await sender
    assert (len(carrier.carried), carrier.closed) == (1, True)
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.delivered"]


async def test_a_message_that_takes_too_long_does_not_keep_the_service_from_stopping(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "ENDS_WITHIN", 0.1)
    await a_message(desk, ear)
    carrier.on_send = asyncio.Event().wait
    sender = asyncio.ensure_future(timers.send_messages(workshop))
    await until(lambda: carrier.carried, what="a message under way")
    sender.cancel()
    await until(sender.done, what="the sender stopped")
    assert (await outcome(workshop), carrier.closed) == ([], True)


async def test_an_attempt_that_ends_late_leaves_a_message_to_whoever_begins_the_next(
    desk: Desk, ear: Ear, workshop: Workshop
) -> None:
    await a_message(desk, ear)
    taken_for_lost = await workshop.run([sending.SENDING], sending.begin_attempt, a_cause())
    assert taken_for_lost is not None
    later(workshop, sending.LOST_AFTER)
    ending = sending.Ending(taken_for_lost, Tried("unwilling", sent=False, why="It was full.", again=True))
    async with workshop.database.transaction() as db:
        now = await workshop.timesource.now(db)
        begun = await store.begin_attempt(db, now, sending.LOST_AFTER, MayLeave(mails=True, receipts=True))
        noting = asyncio.create_task(workshop.run([ending.subject], ending.note, ending.cause))
        await until_others_wait(db)
    await noting
    assert begun is not None
    [message] = await rows(workshop, "messages")
    assert (begun.nth, message["state"], message["look_at"]) == (2, "sending", now + sending.LOST_AFTER)


async def test_after_some_seconds_nothing_more_is_begun_and_the_sender_is_woken_again(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "BUSY_FOR", 0)
    for _ in range(2):
        await a_message(desk, ear)
    woken: list[str] = []
    workshop.on_wake = woken.append
    await timers.send_messages(workshop)
    assert (len(carrier.carried), woken) == (1, [sending.SEND])
