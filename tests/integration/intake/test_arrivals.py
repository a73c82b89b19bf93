"""Mails that arrive at the same time: kept together, answered each by itself, and none spoilt by another."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from services.intake.channels.email.arrivals import TOGETHER, Arrivals
from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.model import Arrived, ArrivedBy
from shared.errors import Refused, Unavailable
from shared.work import Workshop
from tests.integration.intake.desk import rows
from tests.integration.intake.post import TO_US, a_mail
from tests.parts.waiting import until

MAIL = Arrived(mailbox="council", by=ArrivedBy.SMTP, sent_from="jo@example.org", sent_to=TO_US, raw=a_mail())
TRANSACTIONS = "SELECT count(DISTINCT xmin::text) FROM mails"


@pytest.fixture
def arrivals(workshop: Workshop) -> Arrivals:
    return Arrivals(workshop)


def letter(nth: int, **fields: Any) -> Arrived:
    return replace(MAIL, raw=a_mail(f"Letter {nth}", Message_ID=f"<{nth}@example.org>"), **fields)


async def all_come(arrivals: Arrivals, mails: Sequence[Arrived]) -> list[BaseException | None]:
    """At the same time: what each is told."""
    coming = [arrivals.keep([mail], identity_of(mail.raw)) for mail in mails]
    return await asyncio.gather(*coming, return_exceptions=True)


async def test_mails_that_arrive_together_are_kept_in_one_transaction_and_each_whole(
    arrivals: Arrivals, workshop: Workshop
) -> None:
    mails = [letter(nth) for nth in range(TOGETHER)]
    assert await all_come(arrivals, mails) == [None] * TOGETHER
    async with workshop.reading() as db:
        assert await db.fetchval(TRANSACTIONS) == 1
    kept = await rows(workshop, "mail_pieces")
    assert sorted(bytes(piece["bytes"]) for piece in kept) == sorted(mail.raw for mail in mails)
    causes = {mail["correlation_id"] for mail in await rows(workshop, "mails")}
    assert len(causes) == TOGETHER


async def test_more_than_go_together_are_kept_all_the_same(arrivals: Arrivals, workshop: Workshop) -> None:
    assert await all_come(arrivals, [letter(nth) for nth in range(5 * TOGETHER + 1)]) == [None] * (5 * TOGETHER + 1)
    assert len(await rows(workshop, "mails")) == 5 * TOGETHER + 1


async def test_p08_one_mail_that_arrives_several_times_at_once_is_kept_once(
    arrivals: Arrivals, workshop: Workshop
) -> None:
    assert await all_come(arrivals, [MAIL, letter(1), MAIL, MAIL, letter(1)]) == [None] * 5
    assert len(await rows(workshop, "mails")) == 2


async def test_one_message_id_for_two_mails_at_once_flags_one_of_them(arrivals: Arrivals, workshop: Workshop) -> None:
    await all_come(arrivals, [MAIL, replace(MAIL, raw=a_mail("Something else."))])
    assert sorted(mail["repeats_id"] for mail in await rows(workshop, "mails")) == [False, True]


async def test_a_mail_that_cannot_be_kept_spoils_none_of_those_that_arrive_with_it(
    arrivals: Arrivals, workshop: Workshop
) -> None:
    told = await all_come(arrivals, [letter(0), letter(1, sent_to="a\0b@anytown.example"), letter(2)])
    assert [type(each) for each in told] == [type(None), Refused, type(None)]
    assert {mail["message_id"] for mail in await rows(workshop, "mails")} == {"<0@example.org>", "<2@example.org>"}


async def test_a_mail_for_two_mailboxes_is_kept_for_both_or_for_neither(arrivals: Arrivals, workshop: Workshop) -> None:
    identity = identity_of(MAIL.raw)
    with pytest.raises(Refused):
        await arrivals.keep([MAIL, replace(MAIL, mailbox="waste", sent_to="\0")], identity)
    assert await rows(workshop, "mails") == []
    await arrivals.keep([MAIL, replace(MAIL, mailbox="waste")], identity)
    assert {mail["mailbox"] for mail in await rows(workshop, "mails")} == {"council", "waste"}


async def test_a_sender_who_hangs_up_takes_no_other_mail_along(arrivals: Arrivals, workshop: Workshop) -> None:
    async with workshop.reading() as db, db.transaction():
        await db.execute("LOCK TABLE mails IN ACCESS EXCLUSIVE MODE")
        coming = [asyncio.create_task(arrivals.keep([mail], identity_of(mail.raw))) for mail in map(letter, range(4))]
        await until(lambda: arrivals.busy and not arrivals.waiting, what="all four to be under way")
        coming[1].cancel()
    told = await asyncio.gather(*coming, return_exceptions=True)
    assert [each for nth, each in enumerate(told) if nth != 1] == [None] * 3
    ids = {mail["message_id"] for mail in await rows(workshop, "mails")}
    assert ids >= {"<0@example.org>", "<2@example.org>", "<3@example.org>"}


async def test_a_large_mail_holds_up_no_other(arrivals: Arrivals, workshop: Workshop) -> None:
    large = replace(MAIL, raw=a_mail("\r\n".join(["x" * 70] * 30_000), Message_ID="<large@example.org>"))
    assert await all_come(arrivals, [large, letter(0), letter(1)]) == [None] * 3
    async with workshop.reading() as db:
        assert await db.fetchval(TRANSACTIONS) == 2


async def test_without_a_database_every_one_of_them_is_told_to_come_again(
    arrivals: Arrivals, workshop: Workshop
) -> None:
    await workshop.database.close()
    told = await all_come(arrivals, [letter(nth) for nth in range(3)])
    assert [isinstance(each, Unavailable) for each in told] == [True] * 3
