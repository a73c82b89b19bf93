"""What routing can do. Each action reads, decides, writes, then says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from services.routing import domain, store
from services.routing.domain import GENERAL, Offer, OfferState, Pair, Purpose, Task, TaskState
from shared.contracts.routing import (
    OfferLapsed,
    OfferRefused,
    PresenceChanged,
    TaskAssigned,
    TaskCompleted,
    TaskOffered,
    TaskQueued,
    TaskWithdrawn,
)
from shared.db import Connection
from shared.errors import Early, NotFound
from shared.timers import cancel_timer, set_timer
from shared.timesource import TimeSource
from shared.vocabulary import (
    AdviserId,
    EnquiryId,
    OfferId,
    Presence,
    QueueId,
    TaskId,
    TaskKind,
    enquiry_subject,
    new_id,
)
from shared.work import Cause, Work

MOST_CANDIDATES = 50
CHOOSE = "choose"
OFFER_LAPSES = "offer-lapses"


async def queue(work: Work, enquiry_id: EnquiryId) -> None:
    """A task to answer the enquiry waits from the moment the citizen asked; asked again, nothing changes."""
    task_id = TaskId(new_id())
    new = store.NewTask(
        task_id=task_id,
        enquiry_id=enquiry_id,
        queue_id=GENERAL,
        purpose=Purpose.ANSWER,
        kind=TaskKind.DEFERRABLE,
        enqueued_at=work.occurred_at,
        correlation_id=work.cause.correlation_id,
    )
    if not await store.queue_task(work.db, new):
        return
    work.say(
        TaskQueued(
            task_id=task_id,
            enquiry_id=enquiry_id,
            queue_id=new.queue_id,
            kind=new.kind,
            enqueued_at=new.enqueued_at,
        )
    )
    work.wake(CHOOSE)


async def withdraw(work: Work, enquiry_id: EnquiryId) -> None:
    """Nobody needs to do an enquiry's open tasks any more. `Early` when it has no task yet."""
    tasks = await store.tasks_of_enquiry(work.db, enquiry_id)
    if not tasks:
        raise Early(enquiry_subject(enquiry_id))
    for task in tasks:
        if task.state.is_open:
            await withdraw_task(work, task)


async def withdraw_task(work: Work, task: Task) -> None:
    offer = await store.live_offer(work.db, task.task_id)
    if offer is not None:
        await end_offer(work, offer, OfferState.WITHDRAWN)
    if task.state is not TaskState.WAITING:
        was_worked_on = task.state is TaskState.ASSIGNED
        await store.free_slots(work.db, task.task_id, work.now if was_worked_on else None)
        work.wake(CHOOSE)
    await store.move_task(work.db, task.task_id, TaskState.WITHDRAWN, task.assigned_to, work.now)
    work.say(TaskWithdrawn(task_id=task.task_id, enquiry_id=task.enquiry_id, queue_id=task.queue_id))


async def queues_to_choose_for(db: Connection) -> list[QueueId]:
    return await store.queues_to_choose_for(db)


@dataclass(slots=True)
class Choosing:
    """One round of choosing for one queue, in one work: `claim` before the subjects' locks, `offer` after."""

    queue_id: QueueId
    lease: timedelta
    pause: timedelta
    timesource: TimeSource
    pairs: list[Pair] = field(default_factory=list)

    async def claim(self, db: Connection) -> Sequence[str]:
        """Locks only the queue, and names the subjects of the tasks that should be offered."""
        self.pairs = []
        if await store.lock_queue(db, self.queue_id):
            since = await self.timesource.now(db) - self.pause
            advisers = await store.ready_advisers(db)
            candidates = await store.candidates(db, self.queue_id, since, MOST_CANDIDATES)
            self.pairs = domain.choose(candidates, advisers)
        return [enquiry_subject(pair.task.enquiry_id) for pair in self.pairs]

    async def offer(self, work: Work) -> int:
        """Looks again now that the subjects are locked. How many offers were made."""
        if not self.pairs:
            return 0
        waiting = await store.still_waiting(work.db, [pair.task.task_id for pair in self.pairs])
        ready = await store.lock_ready(work.db, [pair.adviser_id for pair in self.pairs])
        pairs = [pair for pair in self.pairs if pair.task.task_id in waiting and pair.adviser_id in ready]
        fitting = await store.fill_slots(work.db, pairs)
        pairs = [pair for pair in pairs if pair.task.task_id in fitting]
        offer_ids = [OfferId(new_id()) for _ in pairs]
        await store.make_offers(work.db, pairs, offer_ids, work.now, self.lease)
        for pair, offer_id in zip(pairs, offer_ids, strict=True):
            # Each offer belongs to its enquiry's story, not to the round that made it.
            cause = Cause(work.cause.actor, pair.task.correlation_id)
            await announce(work.because(cause), pair, offer_id, self.lease)
        return len(pairs)


async def announce(work: Work, pair: Pair, offer_id: OfferId, lease: timedelta) -> None:
    """The offer lapses by itself, and everybody hears of it."""
    task = pair.task
    lease_until = work.now + lease
    await set_timer(work, OFFER_LAPSES, str(offer_id), enquiry_subject(task.enquiry_id), lease_until)
    work.say(
        TaskOffered(
            task_id=task.task_id,
            enquiry_id=task.enquiry_id,
            queue_id=task.queue_id,
            offer_id=offer_id,
            adviser_id=pair.adviser_id,
            lease_until=lease_until,
        )
    )


async def accept(work: Work, offer_id: OfferId, adviser_id: AdviserId) -> Task:
    """The task is the adviser's. `Conflict` when the offer has ended."""
    offer = await known_offer(work, offer_id)
    domain.check_made_to(offer, adviser_id)
    domain.check_answerable(offer, work.now)
    await end_offer(work, offer, OfferState.ACCEPTED)
    task = await store.move_task(work.db, offer.task_id, TaskState.ASSIGNED, adviser_id, work.now)
    work.say(
        TaskAssigned(task_id=task.task_id, enquiry_id=task.enquiry_id, queue_id=task.queue_id, adviser_id=adviser_id)
    )
    return task


async def refuse(work: Work, offer_id: OfferId, adviser_id: AdviserId) -> None:
    """The task waits again, in its old place. `Conflict` when the offer has ended."""
    offer = await known_offer(work, offer_id)
    domain.check_made_to(offer, adviser_id)
    domain.check_answerable(offer, work.now)
    await end_offer(work, offer, OfferState.REFUSED)
    await wait_again(work, offer.task_id)
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
    await wait_again(work, offer.task_id)
    work.say(
        OfferLapsed(
            task_id=offer.task_id,
            enquiry_id=offer.enquiry_id,
            queue_id=offer.queue_id,
            offer_id=offer_id,
            adviser_id=offer.adviser_id,
        )
    )


async def end_offer(work: Work, offer: Offer, state: OfferState) -> None:
    await store.end_offer(work.db, offer.offer_id, state, work.now)
    if state is not OfferState.LAPSED:
        await cancel_timer(work, OFFER_LAPSES, str(offer.offer_id))


async def wait_again(work: Work, task_id: TaskId) -> None:
    """Whoever did not take it keeps their turn: they have not worked meanwhile."""
    await store.free_slots(work.db, task_id, None)
    await store.move_task(work.db, task_id, TaskState.WAITING, None, work.now)
    work.wake(CHOOSE)


async def complete(work: Work, task_id: TaskId, adviser_id: AdviserId) -> Task:
    """The adviser's work on the task is done and they are free for the next one. It resolves nothing."""
    task = await store.task(work.db, task_id)
    if task is None:
        raise NotFound("There is no such task: copy its id once more.")
    domain.check_completable(task, adviser_id)
    await store.free_slots(work.db, task_id, work.now)
    task = await store.move_task(work.db, task_id, TaskState.COMPLETED, adviser_id, work.now)
    work.say(TaskCompleted(task_id=task_id, enquiry_id=task.enquiry_id, queue_id=task.queue_id, adviser_id=adviser_id))
    work.wake(CHOOSE)
    return task


async def set_presence(work: Work, adviser_id: AdviserId, presence: Presence) -> None:
    """Said only when it changes. An offer made before stays: whoever goes may still answer it."""
    if await store.set_presence(work.db, adviser_id, presence, work.now):
        work.say(PresenceChanged(adviser_id=adviser_id, presence=presence))
        work.wake(CHOOSE)


async def known_offer(work: Work, offer_id: OfferId) -> Offer:
    offer = await store.offer(work.db, offer_id)
    if offer is None:
        raise NotFound("There is no such offer: copy its id once more.")
    return offer
