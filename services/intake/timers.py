"""What time asks of intake: to place mails, to send what waits, and to clear away files that came to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator, Sequence
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog

from services.intake.actions import filing, sending
from services.intake.actions.mail import looking, placing
from services.intake.actions.mail.door import door_of
from services.intake.actions.mail.keeping import PLACE
from services.intake.actions.mail.placing import ReadMail, Waiting
from shared import telemetry
from shared.db import Meaning, meaning_of
from shared.errors import Unavailable
from shared.timers import Every, When, every
from shared.vocabulary import new_id
from shared.work import Cause, Workshop

BUSY_FOR = 3.0
"""Seconds after which nothing further is begun: less than a service that stops is waited for."""
ENDS_WITHIN = 10.0
"""Seconds that a message under way has left when it is no longer waited for."""
COURTESY = 0.25
"""Seconds that a group of mails lets mail at the door go first: what never stops coming in must not stop placing."""
SIDE_BY_SIDE = 2
"""Few, so that mail at the door does not wait for mail inside."""
TOGETHER = 8
LOOKS = 5
"""Where a mail belongs may change while it is looked at; one that never finds its place is begun again later."""

NOT_NOTED: WeakKeyDictionary[Workshop, list[sending.Ending]] = WeakKeyDictionary()
"""What this process knows became of messages and the database does not, by whose it is."""
NOT_ENDED: WeakKeyDictionary[Workshop, dict[UUID, Waiting]] = WeakKeyDictionary()
"""What this process has begun to place, by whose it is."""

T = TypeVar("T")

log = structlog.get_logger()


async def send_messages(workshop: Workshop) -> None:
    """One after the other; bounded, so that the service can stop. Woken whenever a reply is asked for."""
    await note_endings(workshop)
    ways, enough, mails = sending.carriers(), monotonic() + BUSY_FOR, True
    try:
        while ended := await unbroken(send_next(workshop, ways, mails=mails)):
            mails = mails and not ended.tried.away
            if monotonic() >= enough:
                workshop.on_wake(sending.SEND)
                return
    finally:
        await ways.close()


async def send_next(workshop: Workshop, ways: sending.Ways, *, mails: bool) -> sending.Ending | None:
    """None when nothing is due."""
    begin = partial(sending.begin_attempt, mails=mails)
    attempt = await workshop.run([sending.SENDING], begin, Cause("intake", new_id()))
    if attempt is None:
        return None
    ending = sending.Ending(attempt, await sending.make_attempt(attempt, ways))
    NOT_NOTED.setdefault(workshop, []).append(ending)
    await note_endings(workshop)
    return ending


async def unbroken(doing: Coroutine[Any, Any, T]) -> T:
    """Whoever is no longer waited for ends first what is under way: a mail that is half sent may have left."""
    under_way = asyncio.ensure_future(doing)
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.wait([under_way], timeout=ENDS_WITHIN)
        under_way.cancel()
        await asyncio.gather(under_way, return_exceptions=True)
        raise


async def note_endings(workshop: Workshop) -> None:
    """While the database is away, what became of a message is kept here: nothing else is begun before it is noted."""
    endings = NOT_NOTED.get(workshop, [])
    while endings:
        ending = endings[0]
        try:
            await workshop.run([ending.subject], ending.note, ending.cause)
        except Exception as error:
            if is_away(error):
                raise
            log.error("an attempt could not be noted", message_id=ending.message_id, exc_info=error)
        endings.remove(ending)


def is_away(error: Exception) -> bool:
    return isinstance(error, Unavailable) or meaning_of(error) is Meaning.AWAY


async def place_mails(workshop: Workshop) -> None:
    """Several at once; bounded, so that the service can stop. Woken whenever one is kept."""
    enough = monotonic() + BUSY_FOR
    await give_back(workshop)
    while True:
        begun = await workshop.run([], placing.begin, Cause("intake", new_id()))
        if not begun:
            return
        NOT_ENDED[workshop] = {waiting.kept.mail_id: waiting for waiting in begun}
        given_out = iter(begun)
        await all_of(*(place_each(workshop, given_out) for _ in range(SIDE_BY_SIDE)))
        if monotonic() >= enough:
            workshop.on_wake(PLACE)
            return


async def give_back(workshop: Workshop) -> None:
    """A database that went away ends what had been begun. It is no mail's fault, so none waits or is counted for it."""
    if left := NOT_ENDED.get(workshop):
        await workshop.run([], partial(placing.give_back, begun=[*left.values()]), Cause("intake", new_id()))
        left.clear()


async def all_of(*doing: Awaitable[None]) -> None:
    """Fails when the last has ended, so that none goes on into the next round."""
    for ended in await asyncio.gather(*doing, return_exceptions=True):
        if ended is not None:
            raise ended


async def place_each(workshop: Workshop, begun: Iterator[Waiting]) -> None:
    """What is given out may be shared with others here."""
    while some := [*islice(begun, TOGETHER)]:
        await door_of(workshop).falls_quiet(COURTESY)
        await place_some(workshop, some)
        for waiting in some:
            NOT_ENDED[workshop].pop(waiting.kept.mail_id, None)


async def place_some(workshop: Workshop, some: Sequence[Waiting]) -> None:
    """Those that name nothing first: they answer none of the others."""
    read_mails = [read_mail for each in some if (read_mail := await spared(each, placing.opened(workshop, each)))]
    simple = [
        with_files
        for read_mail in read_mails
        if not read_mail.named.anything and (with_files := await spared(read_mail, placing.with_files(read_mail)))
    ]
    alone = [read_mail for read_mail in read_mails if read_mail.named.anything]
    if not await placed_together(workshop, placing.Together(simple)):
        alone = [*simple, *alone]
    for read_mail in alone:
        await spared(read_mail, place_mail(workshop, read_mail))


async def placed_together(workshop: Workshop, together: placing.Together) -> bool:
    """Where one fails, each is placed by itself."""
    if len(together.read_mails) <= 1:
        return False
    try:
        await workshop.run([], together.put, Cause("intake", new_id()), fresh=together.fresh)
    except Exception as error:
        if isinstance(error, Unavailable) or meaning_of(error) is Meaning.AWAY:
            raise
        return False
    return True


async def spared(mail: Waiting | ReadMail, doing: Awaitable[T]) -> T | None:
    """One that fails is begun again later, and spoils no other."""
    try:
        return await doing
    except Exception as error:
        if isinstance(error, Unavailable) or meaning_of(error) is Meaning.AWAY:
            raise
        kept = mail.kept
        log.error("a mail could not be placed", mail_id=str(kept.mail_id), starts=kept.starts, exc_info=error)
        return None


async def place_mail(workshop: Workshop, read_mail: ReadMail) -> None:
    if await placing.must_wait(workshop, read_mail):
        await workshop.run([], partial(placing.wait, kept=read_mail.kept), read_mail.cause)
        return
    read_mail = await placing.with_files(read_mail)
    for _ in range(LOOKS):
        found = placing.Placing(read_mail, await placing.look_for_place(workshop, read_mail))
        if await workshop.run(found.subjects, found.put, read_mail.cause, fresh=found.fresh):
            return


async def tell_oldest_mail(workshop: Workshop) -> None:
    """A mail that fails again and again is tried again and again: its age tells."""
    async with workshop.reading() as db:
        seconds = await looking.oldest_seconds(db, await workshop.timesource.now(db))
    telemetry.OLDEST_MAIL_SECONDS.labels(workshop.service).set(seconds)


async def sort_new_files(workshop: Workshop) -> None:
    async with workshop.reading() as db:
        await filing.sort_new_files(db, await workshop.timesource.now(db))


async def drop_deleted_files(workshop: Workshop) -> None:
    await workshop.run([], filing.drop_deleted, Cause("intake", new_id()))


TIMERS: tuple[When, ...] = ()
SWEEPS: tuple[Every, ...] = (
    every(2.0, sending.SEND, send_messages),
    every(2.0, PLACE, place_mails),
    every(15.0, "tell-oldest-mail", tell_oldest_mail),
    every(60.0, filing.DROP, drop_deleted_files),
    every(600.0, "sort-new-files", sort_new_files),
)
