"""Mails that arrive at the same time: kept together, answered each by itself, and none spoilt by another."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from services.intake.channels.email.intray import SIDE_BY_SIDE, TOGETHER, InTray
from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.model import Arrived, ArrivedBy
from services.intake.store.mail import keeping as store
from shared.db import Connection
from shared.errors import Refused, Unavailable
from shared.vocabulary import new_id
from shared.work import Workshop
from tests.integration.intake.desk import rows
from tests.integration.intake.post import TO_US, a_mail
from tests.parts.waiting import until, until_others_wait

MAIL = Arrived(mailbox="council", by=ArrivedBy.SMTP, sent_from="jo@example.org", sent_to=TO_US, raw=a_mail())
TRANSACTIONS = "SELECT count(DISTINCT xmin::text) FROM mails"


@pytest.fixture
def tray(workshop: Workshop) -> InTray:
    return InTray(workshop)


def letter(nth: int, **fields: Any) -> Arrived:
    return replace(MAIL, raw=a_mail(f"Letter {nth}", Message_ID=f"<{nth}@example.org>"), **fields)


async def comes(tray: InTray, mail: Arrived) -> None:
    await tray.keep([mail], identity_of(mail.raw), new_id())


async def all_come(tray: InTray, mails: Sequence[Arrived]) -> list[BaseException | None]:
    """At the same time: what each is told."""
    return await asyncio.gather(*(comes(tray, mail) for mail in mails), return_exceptions=True)


async def test_mails_that_arrive_together_are_kept_in_one_transaction_and_each_whole(
    tray: InTray, workshop: Workshop
) -> None:
    mails = [letter(nth) for nth in range(TOGETHER)]
    assert await all_come(tray, mails) == [None] * TOGETHER
    async with workshop.reading() as db:
        assert await db.fetchval(TRANSACTIONS) == 1
    kept = await rows(workshop, "mail_pieces")
    assert sorted(bytes(piece["bytes"]) for piece in kept) == sorted(mail.raw for mail in mails)
    stories = {mail["correlation_id"] for mail in await rows(workshop, "mails")}
    assert len(stories) == TOGETHER


async def test_more_than_go_together_are_kept_all_the_same(tray: InTray, workshop: Workshop) -> None:
    assert await all_come(tray, [letter(nth) for nth in range(5 * TOGETHER + 1)]) == [None] * (5 * TOGETHER + 1)
    assert len(await rows(workshop, "mails")) == 5 * TOGETHER + 1


async def test_p08_one_mail_that_arrives_several_times_at_once_is_kept_once(tray: InTray, workshop: Workshop) -> None:
    assert await all_come(tray, [MAIL, letter(1), MAIL, MAIL, letter(1)]) == [None] * 5
    assert len(await rows(workshop, "mails")) == 2


async def test_one_message_id_for_two_mails_at_once_flags_one_of_them(tray: InTray, workshop: Workshop) -> None:
    await all_come(tray, [MAIL, replace(MAIL, raw=a_mail("Something else."))])
    assert sorted(mail["repeats_id"] for mail in await rows(workshop, "mails")) == [False, True]


async def test_a_mail_that_cannot_be_kept_spoils_none_of_those_that_arrive_with_it(
    tray: InTray, workshop: Workshop
) -> None:
    told = await all_come(tray, [letter(0), letter(1, sent_to="a\0b@anytown.example"), letter(2)])
    assert [type(each) for each in told] == [type(None), Refused, type(None)]
    assert {mail["message_id"] for mail in await rows(workshop, "mails")} == {"<0@example.org>", "<2@example.org>"}


async def test_a_mail_for_two_mailboxes_is_kept_for_both_or_for_neither(tray: InTray, workshop: Workshop) -> None:
    identity = identity_of(MAIL.raw)
    with pytest.raises(Refused):
        await tray.keep([MAIL, replace(MAIL, mailbox="waste", sent_to="\0")], identity, new_id())
    assert await rows(workshop, "mails") == []
    await tray.keep([MAIL, replace(MAIL, mailbox="waste")], identity, story := new_id())
    kept = await rows(workshop, "mails")
    assert {mail["mailbox"] for mail in kept} == {"council", "waste"}
    assert {mail["correlation_id"] for mail in kept} == {story}


async def test_a_sender_who_hangs_up_takes_no_other_mail_along(tray: InTray, workshop: Workshop) -> None:
    async with workshop.reading() as db, db.transaction():
        await db.execute("LOCK TABLE mails IN ACCESS EXCLUSIVE MODE")
        coming = [asyncio.create_task(comes(tray, letter(nth))) for nth in range(4)]
        await until(lambda: tray.keepers and not tray.waiting, what="all four to be under way")
        coming[1].cancel()
    told = await asyncio.gather(*coming, return_exceptions=True)
    assert [each for nth, each in enumerate(told) if nth != 1] == [None] * 3
    ids = {mail["message_id"] for mail in await rows(workshop, "mails")}
    assert ids >= {"<0@example.org>", "<2@example.org>", "<3@example.org>"}


@asynccontextmanager
async def another_replica_keeps(workshop: Workshop, mails: Sequence[Arrived]) -> AsyncIterator[Connection]:
    """And has not ended yet: whoever keeps the same ones waits for it."""
    async with workshop.reading() as db, db.transaction():
        for mail in mails:
            await store.keep(db, mail, identity_of(mail.raw), datetime.now(UTC), new_id())
        yield db


@pytest.mark.parametrize(("many", "lines"), [(SIDE_BY_SIDE - 1, 1), (SIDE_BY_SIDE, 30_000)], ids=["small", "large"])
async def test_mails_that_wait_hold_up_no_other(tray: InTray, workshop: Workshop, many: int, lines: int) -> None:
    text = "\r\n".join(["x" * 70] * lines)
    waiting = [replace(MAIL, raw=a_mail(text, Message_ID=f"<waits{nth}@example.org>")) for nth in range(many)]
    async with another_replica_keeps(workshop, waiting) as db:
        coming = [asyncio.create_task(comes(tray, mail)) for mail in waiting]
        await until_others_wait(db, many)
        assert await asyncio.wait_for(all_come(tray, [letter(0), letter(1)]), 20) == [None] * 2
        assert not any(task.done() for task in coming)
    await asyncio.gather(*coming)
    assert len(await rows(workshop, "mails")) == many + 2


def is_long(found: Sequence[Any], length: int) -> bool:
    return len(found) == length


async def test_who_comes_as_the_last_ones_end_is_not_forgotten(
    tray: InTray, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    begun = []

    async def held_back(*given: Any, **_: Any) -> None:
        begun.append(given)
        await gate

    async def comes_as_they_end() -> None:
        await gate
        await comes(tray, MAIL)

    monkeypatch.setattr(workshop, "run", held_back)
    coming = []
    for nth in range(SIDE_BY_SIDE):
        coming.append(asyncio.create_task(comes(tray, letter(nth))))
        await until(partial(is_long, begun, nth + 1), what="it to be under way")
    coming.append(asyncio.create_task(comes_as_they_end()))
    await asyncio.sleep(0)
    gate.set_result(None)
    await asyncio.wait_for(asyncio.gather(*coming), 20)


async def test_without_a_database_every_one_of_them_is_told_to_come_again_at_once(
    tray: InTray, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    run = workshop.run

    async def counted(*given: Any, **named: Any) -> None:
        runs.append(given)
        await run(*given, **named)

    monkeypatch.setattr(workshop, "run", counted)
    await workshop.database.close()
    told = await all_come(tray, [letter(nth) for nth in range(5 * TOGETHER)])
    assert [isinstance(each, Unavailable) for each in told] == [True] * 5 * TOGETHER
    assert len(runs) <= SIDE_BY_SIDE
