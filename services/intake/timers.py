"""What time asks of intake: to send what waits, and to clear away files that came to nothing."""

from services.intake.actions import filing, sending
from shared.timers import Every, When, every
from shared.vocabulary import new_id
from shared.work import Cause, Workshop

MOST_ROUNDS = 100


async def send_messages(workshop: Workshop) -> None:
    """One after the other; bounded, so that the service can stop. Woken whenever a reply is asked for."""
    for _ in range(MOST_ROUNDS):
        attempt = await workshop.run([], sending.begin_attempt, Cause("intake", new_id()))
        if attempt is None:
            return
        ending = sending.Ending(attempt, await sending.make_attempt(attempt))
        await workshop.run([ending.subject], ending.note, ending.cause)


async def sort_new_files(workshop: Workshop) -> None:
    async with workshop.reading() as db:
        await filing.sort_new_files(db, await workshop.timesource.now(db))


TIMERS: tuple[When, ...] = ()
SWEEPS: tuple[Every, ...] = (
    every(2.0, sending.SEND, send_messages),
    every(600.0, "sort-new-files", sort_new_files),
)
