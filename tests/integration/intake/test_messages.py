"""Messages to citizens: the attempt is stored first, nothing is sent twice, and what became of it is said."""

import asyncio
import json
import os
from datetime import timedelta
from errno import EACCES
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.intake import timers
from services.intake.actions import sending
from services.intake.actions.sending import LOST_AFTER, TOO_OLD
from services.intake.domain.messages import LONGEST_WAIT_WHILE_AWAY, MAY_HAVE_LEFT, MOST_CUT_OFF, Tried
from services.intake.gateways import outgoing
from services.intake.gateways.carriers import carriers
from services.intake.gateways.outgoing import Away, FolderOfMessages, Unsure
from services.intake.settings import settings
from shared.errors import Refused, Unavailable
from shared.vocabulary import Role, new_id
from shared.work import Workshop
from tests.builders import Ear, a_cause
from tests.integration.intake.carrying import Unwilling, a_message, a_reply, later, outcome
from tests.integration.intake.desk import Desk, rows

MESSAGES = "/intake/v1/messages"


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a day."""
    monkeypatch.setenv("ACCESSPOINT_INTAKE_SEND_DAYS", "0.5")
    settings.cache_clear()


def written(data: Path) -> list[Path]:
    """What stands in the folder, files that are not finished included."""
    return sorted(data.glob("messages/*")) + sorted(data.glob("messages/.*"))


async def test_a_reply_is_written_to_the_folder_and_said_to_be_delivered(
    desk: Desk, ear: Ear, workshop: Workshop, data: Path
) -> None:
    asked = await a_message(desk, ear)
    assert written(data) == []
    await timers.send_messages(workshop)
    sent = json.loads((data / "messages" / f"{asked.message_id}.json").read_text("utf-8"))
    assert (sent["text"], sent["kind"], sent["reference"]) == (asked.text, "full", asked.reference)
    assert sent["to"] == {"name": "Jo Miller", "address": "jo@example.org"}
    [spoken] = await outcome(workshop)
    assert (spoken.name, spoken.data["by"]) == ("message.delivered", "folder")
    assert spoken.data["message_id"] == str(asked.message_id)
    assert spoken.causation_id is not None
    await timers.send_messages(workshop)
    assert len(await outcome(workshop)) == 1
    shown = (await desk.gets(f"{MESSAGES}/{asked.message_id}", desk.token)).fields
    assert (shown["state"], [attempt["why"] for attempt in shown["attempts"]]) == ("delivered", [None])
    assert shown["attempts"][0]["ended_at"] is not None


async def test_p28_an_attempt_is_stored_before_it_is_made(desk: Desk, ear: Ear, workshop: Workshop) -> None:
    asked = await a_message(desk, ear)
    attempt = await workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    shown = (await desk.gets(f"{MESSAGES}/{asked.message_id}", desk.token)).fields
    assert (shown["state"], [attempt["ended_at"] for attempt in shown["attempts"]]) == ("sending", [None])
    assert await workshop.run([], sending.begin_attempt, a_cause()) is None


async def test_p28_whoever_is_killed_between_sending_and_recording_sends_nothing_twice(
    desk: Desk, ear: Ear, workshop: Workshop, data: Path
) -> None:
    asked = await a_message(desk, ear)
    attempt = await workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    await carriers().mails.send(attempt.message)  # and here the process is killed
    [file] = written(data)
    before = file.stat()
    await timers.send_messages(workshop)
    assert await outcome(workshop) == []
    later(workshop, LOST_AFTER)
    await timers.send_messages(workshop)
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.delivered"]
    assert [path.stat().st_ino for path in written(data)] == [before.st_ino]
    shown = (await desk.gets(f"{MESSAGES}/{asked.message_id}", desk.token)).fields
    assert [attempt["ended_at"] is None for attempt in shown["attempts"]] == [True, False]


async def test_p28_the_carrier_itself_writes_no_message_twice(
    desk: Desk, ear: Ear, workshop: Workshop, data: Path
) -> None:
    await a_message(desk, ear)
    attempt = await workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    folder = FolderOfMessages(data / "messages")
    for _ in range(3):
        await folder.send(attempt.message)
    assert len(written(data)) == 1


async def test_an_attempt_taken_for_lost_that_ends_after_all_is_said_once(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling
) -> None:
    await a_message(desk, ear)
    slow = await workshop.run([], sending.begin_attempt, a_cause())
    assert slow is not None
    slow_ending = sending.Ending(slow, await sending.make_attempt(slow, sending.carriers()))
    later(workshop, LOST_AFTER)
    await timers.send_messages(workshop)
    await workshop.run([slow_ending.subject], slow_ending.note, slow_ending.cause)
    assert (len(carrier.carried), len(await outcome(workshop))) == (1, 1)


async def test_a_carrier_that_is_away_is_tried_again_after_waits_that_double_and_that_is_said_once(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling
) -> None:
    asked = await a_message(desk, ear)
    carrier.fails += [Unavailable("The carrier is away.")] * 3
    for wait in (30, 60, 120):
        await timers.send_messages(workshop)
        later(workshop, timedelta(seconds=wait - 5))
        await timers.send_messages(workshop)
        assert carrier.carried == []
        later(workshop, timedelta(seconds=6))
    await timers.send_messages(workshop)
    assert [message.text for message in carrier.carried] == [asked.text]
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.deferred", "message.delivered"]
    shown = (await desk.gets(f"{MESSAGES}/{asked.message_id}", desk.token)).fields
    assert [attempt["why"] for attempt in shown["attempts"]] == ["The carrier is away."] * 3 + [None]


async def test_p30_a_message_that_never_gets_through_is_given_up_and_said_so(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling, short_patience: None
) -> None:
    asked = await a_message(desk, ear)
    carrier.fails += [Unavailable("The carrier is away.")] * 9
    for _ in range(5):
        await timers.send_messages(workshop)
        later(workshop, timedelta(hours=7))
    deferred, spoken = await outcome(workshop)
    assert (deferred.name, deferred.data["because"]) == ("message.deferred", "The carrier is away.")
    assert (spoken.name, spoken.data["because"]) == ("message.failed", "The carrier is away.")
    shown = (await desk.gets(f"{MESSAGES}/{asked.message_id}", desk.token)).fields
    assert (shown["state"], len(shown["attempts"])) == ("failed", 3)


async def test_what_the_carrier_refuses_is_not_tried_again(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling
) -> None:
    await a_message(desk, ear)
    carrier.fails.append(Refused("There is no such address."))
    await timers.send_messages(workshop)
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.failed"]


async def test_a_folder_that_cannot_be_written_to_is_tried_again(
    desk: Desk, ear: Ear, workshop: Workshop, data: Path
) -> None:
    await a_message(desk, ear)
    (data / "messages").write_text("in the way")
    await timers.send_messages(workshop)
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.deferred"]
    (data / "messages").unlink()
    later(workshop, timedelta(minutes=1))
    await timers.send_messages(workshop)
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.deferred", "message.delivered"]


async def test_a_folder_that_cannot_be_looked_into_leaves_no_message_under_way(
    desk: Desk, ear: Ear, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(EACCES, "Permission denied")

    asked = await a_message(desk, ear)
    with monkeypatch.context() as broken:
        broken.setattr(FolderOfMessages, "write", denied)
        broken.setattr(Path, "exists", denied)
        for _ in range(3):
            await timers.send_messages(workshop)
            later(workshop, timedelta(minutes=5))
    shown = (await desk.gets(f"{MESSAGES}/{asked.message_id}", desk.token)).fields
    assert (shown["state"], len(shown["attempts"])) == ("waiting", 3)
    assert all("Permission denied" in attempt["why"] for attempt in shown["attempts"])
    await timers.send_messages(workshop)
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.deferred", "message.delivered"]


async def test_an_attempt_ends_whatever_the_carrier_does_and_the_bug_is_logged(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling
) -> None:
    asked = await a_message(desk, ear)
    carrier.fails.append(ZeroDivisionError("jo@example.org"))
    with capture_logs() as logs:
        await timers.send_messages(workshop)
    shown = (await desk.gets(f"{MESSAGES}/{asked.message_id}", desk.token)).fields
    assert (shown["state"], shown["attempts"][0]["why"]) == ("waiting", "The carrier failed (ZeroDivisionError).")
    [line] = [line for line in logs if line["event"] == "a carrier failed"]
    assert (line["log_level"], type(line["exc_info"])) == ("error", ZeroDivisionError)
    later(workshop, timedelta(minutes=1))
    await timers.send_messages(workshop)
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.deferred", "message.delivered"]


@pytest.mark.parametrize("left", [False, True])
async def test_p30_attempts_that_are_all_cut_off_are_counted_and_the_message_is_looked_for_before_it_is_given_up(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling, left: bool
) -> None:
    await a_message(desk, ear)
    for nth in range(1, MOST_CUT_OFF + 1):
        attempt = await workshop.run([], sending.begin_attempt, a_cause())
        assert attempt is not None
        if left and nth == MOST_CUT_OFF:
            await carrier.send(attempt.message)
        later(workshop, LOST_AFTER)  # because the process was killed
    await timers.send_messages(workshop)
    [spoken] = await outcome(workshop)
    assert spoken.name == ("message.delivered" if left else "message.failed")
    assert len(carrier.carried) == left
    assert left or spoken.data["because"] == f"It was cut off 10 times while it was sent. {MAY_HAVE_LEFT}"


@pytest.mark.parametrize("can_be_asked", [False, True])
async def test_a_message_that_fails_after_an_attempt_without_an_end_is_said_to_have_left_maybe(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling, short_patience: None, can_be_asked: bool
) -> None:
    carrier.seen_after = timedelta(0) if can_be_asked else None
    asked = await a_message(desk, ear)
    carrier.fails += [Unsure("The carrier was lost."), *[Unavailable("The carrier is away.")] * 2]
    for _ in range(3):
        await timers.send_messages(workshop)
        later(workshop, timedelta(hours=7))
    spoken = (await outcome(workshop))[-1]
    why = TOO_OLD if can_be_asked else "The carrier is away."
    assert (spoken.name, spoken.data["because"]) == ("message.failed", f"{why} {MAY_HAVE_LEFT}")
    shown = (await desk.gets(f"{MESSAGES}/{asked.message_id}", desk.token)).fields
    assert shown["attempts"][-1]["why"] == spoken.data["because"]


async def test_however_often_a_carrier_was_away_a_message_is_given_up_only_by_its_age(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling
) -> None:
    await a_message(desk, ear)
    carrier.fails += [Away("The carrier is away.")] * 50
    for _ in range(50):
        await timers.send_messages(workshop)
        later(workshop, LONGEST_WAIT_WHILE_AWAY)
    await timers.send_messages(workshop)
    assert len(carrier.carried) == 1
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.deferred", "message.delivered"]


async def test_a_message_that_waited_because_mail_was_stopped_is_no_older_for_it(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling
) -> None:
    await a_message(desk, ear)
    later(workshop, timedelta(days=9))
    carrier.fails.append(Unavailable("The carrier is away."))
    await timers.send_messages(workshop)
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.deferred"]


@pytest.mark.parametrize("meanwhile", ["waiting", "failed"])
async def test_a_late_success_counts_whatever_was_made_of_the_message_meanwhile(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling, meanwhile: str
) -> None:
    asked = await a_message(desk, ear)
    slow = await workshop.run([], sending.begin_attempt, a_cause())
    assert slow is not None
    late = sending.Ending(slow, Tried("slow", sent=True))
    later(workshop, LOST_AFTER)
    carrier.fails.append(Refused("Nobody here.") if meanwhile == "failed" else Unavailable("The carrier is away."))
    await timers.send_messages(workshop)
    path = f"{MESSAGES}/{asked.message_id}"
    assert (await desk.gets(path, desk.token)).fields["state"] == meanwhile
    await workshop.run([late.subject], late.note, late.cause)
    assert (await desk.gets(path, desk.token)).fields["state"] == "delivered"
    assert (await outcome(workshop))[-1].name == "message.delivered"
    later(workshop, timedelta(hours=7))
    await timers.send_messages(workshop)
    assert carrier.carried == []


async def test_an_attempt_ends_before_another_may_be_begun(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "ATTEMPT_WITHIN", 0.1)
    asked = await a_message(desk, ear)
    carrier.on_send = asyncio.Event().wait  # which nobody sets
    await asyncio.wait_for(timers.send_messages(workshop), timeout=10)
    shown = (await desk.gets(f"{MESSAGES}/{asked.message_id}", desk.token)).fields
    assert (shown["state"], shown["attempts"][0]["ended_at"]) == ("waiting", None)


def test_a_server_has_ten_minutes_to_answer_and_nobody_begins_again_within_all_that_an_attempt_may_take() -> None:
    parts = outgoing.ASKED_WITHIN, outgoing.ANNOUNCED_WITHIN, outgoing.HANDED_OVER_WITHIN, outgoing.STARTED_OVER_WITHIN
    assert outgoing.HANDED_OVER_WITHIN >= 600
    assert timedelta(seconds=sum(parts)) < LOST_AFTER


async def test_a_message_said_to_be_delivered_has_its_name_on_disk(
    desk: Desk, ear: Ear, workshop: Workshop, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await a_message(desk, ear)
    place, flush, safe = data / "messages" / f"{asked.message_id}.json", os.fsync, []

    def watched(handle: int) -> None:
        flush(handle)
        safe.append((os.fstat(handle).st_ino, place.exists()))

    monkeypatch.setattr(os, "fsync", watched)
    await timers.send_messages(workshop)
    assert (place.parent.stat().st_ino, True) in safe


async def test_only_those_who_work_here_see_how_a_message_stands(desk: Desk, ear: Ear) -> None:
    asked = await a_message(desk, ear)
    path = f"{MESSAGES}/{asked.message_id}"
    statuses = [(await desk.gets(path, token)).status for token in (None, desk.kiosk(), desk.token_of(Role.OFFICER))]
    assert statuses == [401, 403, 200]
    assert (await desk.gets(f"{MESSAGES}/{new_id()}", desk.token)).status == 404


async def test_a_reply_to_an_enquiry_not_known_here_waits(ear: Ear, workshop: Workshop) -> None:
    await ear.hears(a_reply({"enquiry_id": str(new_id()), "reference": "ANY-0000-0000-0000"}))
    assert [row["state"] for row in await rows(workshop, "set_aside")] == ["early"]
