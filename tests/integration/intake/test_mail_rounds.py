"""Rounds in which mails are placed: several at once, by several replicas, broken off, and begun again."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.intake import timers
from services.intake.actions.mail import placing, receipts
from services.intake.actions.mail.door import door_of
from services.intake.actions.mail.placing import ReadMail, Waiting
from services.intake.actions.mail.receipts import Arrival
from services.intake.domain.mail.model import Mail
from services.intake.domain.mail.reading import read
from shared.council import Council
from shared.errors import Unavailable
from shared.timesource import TimeSource
from shared.work import Work, Workshop
from tests.builders import a_cause
from tests.integration.intake.desk import rows
from tests.integration.intake.post import MAILBOXES, PostRoom, a_mail
from tests.parts.councils import plain, take_up
from tests.parts.waiting import until

STRANGER = "Mo Stranger <mo@example.net>"


@pytest.fixture
async def post(workshop: Workshop) -> PostRoom:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    return PostRoom(workshop)


async def test_placed_by_two_replicas_at_once_and_by_a_third_later_it_is_one_contact(
    post: PostRoom, workshop: Workshop
) -> None:
    await post.keeps(a_mail())
    [waiting] = await workshop.run([], placing.begin, a_cause())
    read_mail = await placing.with_files(await placing.opened(workshop, waiting))
    there = placing.Placing(read_mail, await placing.look_for_place(workshop, read_mail))
    for replicas in (2, 1):
        works = (workshop.run(there.subjects, there.put, read_mail.cause, fresh=there.fresh) for _ in range(replicas))
        assert all(await asyncio.gather(*works))
    assert len(await post.contacts()) == len(await post.said("enquiry.received")) == 1


async def test_what_waits_for_its_place_lets_a_mail_at_the_door_go_first(
    post: PostRoom, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Waiting] = []
    as_ever = placing.opened

    async def noted(workshop: Workshop, waiting: Waiting) -> ReadMail:
        opened.append(waiting)
        return await as_ever(workshop, waiting)

    async def is_begun() -> bool:
        return [mail["state"] for mail in await rows(workshop, "mails")] == ["reading"]

    monkeypatch.setattr(timers, "COURTESY", 60.0)
    monkeypatch.setattr(placing, "opened", noted)
    await post.keeps(a_mail())
    with door_of(workshop).taking_in():
        placed = asyncio.create_task(post.places())
        await until(is_begun, within=10, what="a mail that is begun")
        for _ in range(20):  # visits to the database, of which placing one mail takes six
            assert await is_begun()
        assert opened == []
    assert [mail["state"] for mail in await placed] == ["placed"]


async def test_mail_that_never_stops_coming_in_does_not_stop_what_is_kept_from_being_placed(
    post: PostRoom, workshop: Workshop
) -> None:
    await post.keeps(a_mail())
    with door_of(workshop).taking_in():
        assert [mail["state"] for mail in await post.places()] == ["placed"]


async def test_a_mail_that_ends_the_process_each_time_is_taken_as_unreadable(
    post: PostRoom, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ended(Exception):
        """Stands for the end of the process: nothing after it is done."""

    def ends(*_: Any, **__: Any) -> None:
        raise Ended

    monkeypatch.setattr(placing, "read", ends)
    await post.keeps(a_mail())
    for _ in range(placing.STARTS):
        assert [mail["state"] for mail in await post.places()] == ["reading"]
        workshop.timesource = TimeSource(workshop.timesource.offset + placing.LOST_AFTER + timedelta(seconds=1))
    [mail] = await post.places()
    assert (mail["kind"], mail["state"]) == ("unreadable", "placed")


async def test_a_mail_that_ends_the_process_takes_none_of_those_begun_with_it_along(
    post: PostRoom, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The end of the process: nothing is given back."""

    def kills(raw: bytes, **how: Any) -> Mail:
        if b"deadly" in raw:
            raise Killed
        return read(raw, **how)

    monkeypatch.setattr(placing, "read", kills)
    for nth in range(placing.AT_ONCE):
        await post.keeps(a_mail("deadly" if nth == 0 else f"Letter {nth}", Message_ID=f"<{nth}@example.org>"))
    for _ in range(placing.STARTS):
        with pytest.raises(Killed):
            await post.places()
        timers.NOT_ENDED.pop(workshop)
        workshop.timesource = TimeSource(workshop.timesource.offset + placing.LOST_AFTER + timedelta(seconds=1))
    mails = await post.places()
    assert [mail["kind"] for mail in mails] == ["unreadable"] + ["ordinary"] * (placing.AT_ONCE - 1)
    assert len(await post.said("enquiry.received")) == placing.AT_ONCE


async def test_an_answer_waits_for_the_mail_it_answers(post: PostRoom, workshop: Workshop) -> None:
    await post.keeps(a_mail())
    async with workshop.reading() as db:
        await db.execute("UPDATE mails SET look_at = look_at + interval '1 minute'")
    await post.keeps(a_mail("More.", Message_ID="<b@example.org>", References="<first@example.org>"))
    assert {mail["state"] for mail in await post.places()} == {"kept"}
    for minutes in (2, 3):
        workshop.timesource = TimeSource(timedelta(minutes=minutes))
        await post.places()
    assert [mail["placed_as"] for mail in await post.places()] == ["enquiry", "further"]


async def test_an_answer_waits_less_and_less_often_keeps_no_files_meanwhile_and_waits_no_longer_than_ten_minutes(
    post: PostRoom, workshop: Workshop, data: Path
) -> None:
    await post.keeps(a_mail())
    async with workshop.reading() as db:
        await db.execute("UPDATE mails SET look_at = look_at + interval '1 day'")
    file = "--x\n\nMore.\n--x\nContent-Type: image/png; name=a.png\nContent-Disposition: attachment\n\nx\n--x--"
    answer = a_mail(
        file,
        Message_ID="<b@example.org>",
        References="<first@example.org>",
        MIME_Version="1.0",
        Content_Type="multipart/mixed; boundary=x",
    )
    begun_at = datetime.now(UTC)
    await post.keeps(answer, received_at=begun_at - timedelta(days=2))
    for seconds in (0, 20, 599):
        workshop.timesource = TimeSource(timedelta(seconds=seconds))
        [_, waits] = await post.places()
        assert (waits["state"], waits["starts"]) == ("kept", 0)
        assert waits["look_at"] >= begun_at + timedelta(seconds=seconds + min(max(seconds, 1), 30))
    assert not [path for path in (data / "files").rglob("*") if path.is_file()]
    workshop.timesource = TimeSource(timedelta(minutes=11))
    [_, placed] = await post.places()
    assert placed["placed_as"] == "enquiry"
    [said] = await post.said("enquiry.received")
    assert [each["name"] for each in said.data["attachments"]] == ["a.png"]


async def test_a_round_that_the_database_breaks_off_goes_on_nowhere(
    post: PostRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_begun, first_failed, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
    opened = placing.opened

    async def opens(workshop: Workshop, waiting: placing.Waiting) -> placing.ReadMail:
        if waiting.kept.message_id == "<0@example.org>":
            await other_begun.wait()
            first_failed.set()
            raise Unavailable("The database is away.")
        other_begun.set()
        await first_failed.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        ended.set()
        return await opened(workshop, waiting)

    for nth in range(timers.TOGETHER + 1):
        await post.keeps(a_mail(f"Letter {nth}", Message_ID=f"<{nth}@example.org>"))
    monkeypatch.setattr(placing, "opened", opens)
    with pytest.raises(Unavailable):
        await post.places()
    assert ended.is_set()
    monkeypatch.setattr(placing, "opened", opened)
    assert {(mail["state"], mail["starts"]) for mail in await post.places()} == {("placed", 1)}


async def test_of_mails_placed_together_one_that_fails_spoils_no_other(
    post: PostRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails_for_mo(work: Work, council: Council, arrival: Arrival) -> None:
        if arrival.address == "mo@example.net":
            raise RuntimeError
        await receipts.owe_receipt(work, council, arrival)

    monkeypatch.setattr(f"{placing.__name__}.owe_receipt", fails_for_mo)
    for nth in range(5):
        await post.keeps(
            a_mail(f"Letter {nth}", Message_ID=f"<{nth}@example.org>", **({"From": STRANGER} if nth == 2 else {}))
        )
    assert [mail["state"] for mail in await post.places()] == ["placed", "placed", "reading", "placed", "placed"]
    assert len(await post.said("enquiry.received")) == len(await post.contacts()) == 4


async def test_each_of_several_mails_has_the_time_and_the_thread_of_work_of_its_own(post: PostRoom) -> None:
    for nth in range(3):
        await post.keeps(a_mail(f"Letter {nth}", Message_ID=f"<{nth}@example.org>"))
    placed = await post.places()
    said = await rows(post.workshop, "said")
    told = {(each["occurred_at"], each["correlation_id"]) for each in said if each["name"] == "enquiry.received"}
    assert told == {(mail["received_at"], mail["correlation_id"]) for mail in placed}
    assert len(told) == len(placed)
