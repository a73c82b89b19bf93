"""What becomes of an offer: accepted, refused, lapsed or withdrawn."""

from __future__ import annotations

from services.routing.actions.choosing import CHOOSE, OFFER_LAPSES
from services.routing.domain import tasks as rules
from services.routing.domain.tasks import Offer, OfferState, Task, TaskState
from services.routing.settings import settings
from services.routing.store import offers, slots, tasks
from shared.contracts.routing import OfferLapsed, OfferRefused, TaskAssigned
from shared.errors import NotFound
from shared.timers import cancel_timer, set_timer
from shared.vocabulary import AdviserId, OfferId, TaskId, adviser_subject
from shared.work import Work

NO_ANSWER = "no-answer"


async def accept(work: Work, offer_id: OfferId, adviser_id: AdviserId) -> Task:
    """The task is the adviser's. `Conflict` when the offer has ended."""
    offer = await answerable_offer(work, offer_id, adviser_id)
    await end_offer(work, offer, OfferState.ACCEPTED)
    return await assign(work, offer.task_id, adviser_id)


async def assign(work: Work, task_id: TaskId, adviser_id: AdviserId) -> Task:
    task = await tasks.set_state(work.db, task_id, TaskState.ASSIGNED, adviser_id, work.now)
    work.say(TaskAssigned(task_id=task_id, enquiry_id=task.enquiry_id, queue_id=task.queue_id, adviser_id=adviser_id))
    return task


async def refuse(work: Work, offer_id: OfferId, adviser_id: AdviserId) -> None:
    """The task waits again, in its old place. `Conflict` when the offer has ended."""
    offer = await answerable_offer(work, offer_id, adviser_id)
    await end_offer(work, offer, OfferState.REFUSED)
    await wait_again(work, offer)
    work.say(
        OfferRefused(
            task_id=offer.task_id,
            enquiry_id=offer.enquiry_id,
            queue_id=offer.queue_id,
            offer_id=offer_id,
            adviser_id=adviser_id,
        )
    )


async def lapse(work: Work, offer_id: OfferId) -> None:
    """The task waits again, unless the offer has been answered or withdrawn meanwhile."""
    offer = await known_offer(work, offer_id)
    if offer.state is not OfferState.LIVE:
        return
    await end_offer(work, offer, OfferState.LAPSED)
    await wait_again(work, offer)
    work.say(
        OfferLapsed(
            task_id=offer.task_id,
            enquiry_id=offer.enquiry_id,
            queue_id=offer.queue_id,
            offer_id=offer_id,
            adviser_id=offer.adviser_id,
        )
    )
    # Whether the adviser is there at all is asked under the adviser's own lock, which comes in a work of its own.
    await set_timer(work, NO_ANSWER, str(offer_id), adviser_subject(offer.adviser_id), work.now)


async def end_offer(work: Work, offer: Offer, state: OfferState) -> None:
    await offers.end_offer(work.db, offer.offer_id, state, work.now)
    if state is not OfferState.LAPSED:
        await cancel_timer(work, OFFER_LAPSES, str(offer.offer_id))


async def wait_again(work: Work, offer: Offer) -> None:
    """Whoever did not take it is spared it for a while, and keeps their turn: they have not worked meanwhile."""
    await slots.free_slots(work.db, offer.task_id, None)
    await tasks.set_state(work.db, offer.task_id, TaskState.WAITING, None, work.now)
    await tasks.spare(work.db, offer.task_id, offer.adviser_id, work.now + settings().pause)
    work.wake(CHOOSE)


async def let_go(work: Work, task: Task) -> None:
    """Nobody holds the task, or an offer of it, any more. Whoever worked on it is idle from now."""
    offer = await offers.live_offer(work.db, task.task_id)
    if offer is not None:
        await end_offer(work, offer, OfferState.WITHDRAWN)
    if task.state is not TaskState.WAITING:
        await slots.free_slots(work.db, task.task_id, work.now if task.state is TaskState.ASSIGNED else None)
        work.wake(CHOOSE)


async def answerable_offer(work: Work, offer_id: OfferId, adviser_id: AdviserId) -> Offer:
    offer = await known_offer(work, offer_id)
    rules.check_made_to(offer, adviser_id)
    rules.check_answerable(offer, work.now)
    return offer


async def known_offer(work: Work, offer_id: OfferId) -> Offer:
    offer = await offers.offer(work.db, offer_id)
    if offer is None:
        raise NotFound("There is no such offer: copy its id once more.")
    return offer
