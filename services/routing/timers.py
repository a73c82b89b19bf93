"""
What time asks of routing.

Offers lapse, whoever does not answer is away, tasks are offered, none is stranded, each fits the council file, and what
was held is queued.
"""

from functools import partial
from uuid import UUID

from services.routing.actions import choosing, importing, moving, offering, presence, taking_up
from shared.timers import Timer, every, when
from shared.vocabulary import AdviserId, OfferId, enquiry_subject, new_id
from shared.work import Cause, Work, Workshop

MOST_ROUNDS = 100
MOST_MISSES = 3


async def lapse(work: Work, timer: Timer) -> None:
    await offering.lapse(work, OfferId(UUID(timer.key)))


async def miss(work: Work, timer: Timer) -> None:
    await presence.miss(work, AdviserId(timer.subject.removeprefix("adviser/")))


async def choose(workshop: Workshop) -> None:
    """
    Offers what waits to whoever is free. Woken whenever a task arrives or an adviser becomes free.

    Round after round until nothing more can be offered; bounded, so that the service can stop. A round that could offer
    nothing of what it had chosen met somebody who was doing something else with it: it looks again, a few times.
    """
    missed = 0
    for _ in range(MOST_ROUNDS):
        async with workshop.reading() as db:
            queues = await choosing.queues_to_choose_for(db)
        if not queues:
            return
        round_of = choosing.Choosing(queues, workshop.timesource)
        made = await workshop.run([], round_of.offer, Cause("routing", new_id()), claim=round_of.claim)
        missed += not made
        if not round_of.pairs or missed == MOST_MISSES:
            return


async def rescue(workshop: Workshop) -> None:
    """What is on a queue that the council has given up, or with somebody who has left, waits where others see it."""
    async with workshop.reading() as db:
        stranded = await moving.stranded(db)
    for task_id, enquiry_id in stranded:
        action = partial(moving.rescue, task_id=task_id)
        await workshop.run([enquiry_subject(enquiry_id)], action, Cause("routing", new_id()))


async def fit(workshop: Workshop) -> None:
    """What met a council file on its way needs and weighs what that file says."""
    async with workshop.reading() as db:
        tasks = await taking_up.misfits(db, await workshop.timesource.now(db))
    if tasks:
        await workshop.run([], partial(taking_up.fit_tasks, tasks=tasks), Cause("routing", new_id()))


async def release(workshop: Workshop) -> None:
    """What is held of released imports, batch after batch. Woken by a release, and by history that comes after it."""
    for _ in range(MOST_ROUNDS):
        async with workshop.reading() as db:
            some = await importing.released(db)
        if some is None:
            return
        subjects = [enquiry_subject(enquiry_id) for enquiry_id in some.enquiries]
        cause = Cause("routing", new_id(), some.said_id, occurred_at=some.released_at)
        await workshop.run(subjects, partial(importing.queue_held, some=some), cause)


TIMERS = (when(choosing.OFFER_LAPSES, lapse), when(offering.NO_ANSWER, miss))
SWEEPS = (
    every(2.0, choosing.CHOOSE, choose),
    every(2.0, "rescue", rescue),
    every(10.0, "fit", fit),
    every(2.0, importing.RELEASE, release),
)
