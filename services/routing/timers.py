"""What time asks of routing: offers lapse, and tasks are offered."""

from uuid import UUID

from services.routing import actions
from services.routing.settings import settings
from shared.timers import Timer, every, when
from shared.vocabulary import OfferId, QueueId, new_id
from shared.work import Cause, Work, Workshop

MOST_ROUNDS = 100


async def lapse(work: Work, timer: Timer) -> None:
    await actions.lapse(work, OfferId(UUID(timer.key)))


async def choose(workshop: Workshop) -> None:
    """Offers what waits to whoever is free. Woken whenever a task arrives or an adviser becomes free."""
    async with workshop.reading() as db:
        queues = await actions.queues_to_choose_for(db)
    for queue_id in queues:
        await choose_for(workshop, queue_id)


async def choose_for(workshop: Workshop, queue_id: QueueId) -> None:
    """Round after round until nothing more can be offered; bounded, so that the service can stop."""
    choosing = actions.Choosing(queue_id, settings().lease, settings().pause, workshop.timesource)
    for _ in range(MOST_ROUNDS):
        cause = Cause("routing", new_id())
        if not await workshop.run([], choosing.offer, cause, claim=choosing.claim):
            return


TIMERS = (when(actions.OFFER_LAPSES, lapse),)
SWEEPS = (every(2.0, actions.CHOOSE, choose),)
