"""What time asks of intake: to place mails, to send what waits, and to clear away files that came to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

import structlog

from services.intake.actions import filing, sending
from services.intake.actions.mail import placing
from services.intake.actions.mail.keeping import PLACE
from services.intake.actions.mail.placing import Waiting
from shared.db import Meaning, meaning_of
from shared.errors import Unavailable
from shared.timers import Every, When, every
from shared.vocabulary import new_id
from shared.work import Cause, Workshop

MOST_ROUNDS = 100
SIDE_BY_SIDE = 4
LOOKS = 5
"""Where a mail belongs may change while it is looked at; one that never finds its place is begun again later."""

log = structlog.get_logger()


async def send_messages(workshop: Workshop) -> None:
    """One after the other; bounded, so that the service can stop. Woken whenever a reply is asked for."""
    ways = sending.carriers()
    try:
        for _ in range(MOST_ROUNDS):
            attempt = await workshop.run([sending.SENDING], sending.begin_attempt, Cause("intake", new_id()))
            if attempt is None:
                return
            ending = sending.Ending(attempt, await sending.make_attempt(attempt, ways))
            await workshop.run([ending.subject], ending.note, ending.cause)
    finally:
        await ways.close()


async def place_mails(workshop: Workshop) -> None:
    """Several at once, but large ones alone; bounded, so that the service can stop. Woken whenever one is kept."""
    for _ in range(MOST_ROUNDS):
        begun = await workshop.run([], placing.begin, Cause("intake", new_id()))
        if not begun:
            return
        small = iter([waiting for waiting in begun if not waiting.is_large])
        await asyncio.gather(*(place_each(workshop, small) for _ in range(SIDE_BY_SIDE)))
        await place_each(workshop, iter([waiting for waiting in begun if waiting.is_large]))
    workshop.on_wake(PLACE)


async def place_each(workshop: Workshop, begun: Iterator[Waiting]) -> None:
    """One that fails is begun again later, and spoils no other. What is given out may be shared with others here."""
    for waiting in begun:
        try:
            await place_mail(workshop, waiting)
        except Exception as error:
            if isinstance(error, Unavailable) or meaning_of(error) is Meaning.AWAY:
                raise
            kept = waiting.kept
            log.error("a mail could not be placed", mail_id=str(kept.mail_id), starts=kept.starts, exc_info=error)


async def place_mail(workshop: Workshop, waiting: Waiting) -> None:
    letter = await placing.opened(workshop, waiting)
    async with workshop.reading() as db:
        waits = await placing.must_wait(db, letter)
    if waits:
        await workshop.run([], partial(placing.wait, kept=waiting.kept), letter.cause)
        return
    for _ in range(LOOKS):
        async with workshop.reading() as db:
            found = placing.Placing(letter, await placing.place_of(db, letter))
        if await workshop.run(found.subjects, found.put, letter.cause, fresh=found.fresh):
            return


async def sort_new_files(workshop: Workshop) -> None:
    async with workshop.reading() as db:
        await filing.sort_new_files(db, await workshop.timesource.now(db))


TIMERS: tuple[When, ...] = ()
SWEEPS: tuple[Every, ...] = (
    every(2.0, sending.SEND, send_messages),
    every(2.0, PLACE, place_mails),
    every(600.0, "sort-new-files", sort_new_files),
)
