"""What waits is offered to whoever is free: in a work of its own, woken by whatever may have changed who is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from services.routing.domain import choosing
from services.routing.domain.choosing import Pair
from services.routing.settings import settings
from services.routing.store import choosing as store
from services.routing.store import offers, slots
from shared.contracts.routing import TaskOffered
from shared.db import Connection
from shared.timers import set_timer
from shared.timesource import TimeSource
from shared.vocabulary import OfferId, QueueId, enquiry_subject, new_id
from shared.work import Cause, Work

CHOOSE = "choose"
OFFER_LAPSES = "offer-lapses"
FIRST_CANDIDATES = 50
MOST_CANDIDATES = 800
READ_MORE = 4


async def queues_to_choose_for(db: Connection) -> list[QueueId]:
    return await store.queues_to_choose_for(db)


@dataclass(slots=True)
class Choosing:
    """
    One round of choosing, in one work: `claim` before the subjects' locks, `offer` after.

    All queues on which there is anything to choose are locked together, because their advisers may be the same: so
    the most urgent task comes first whichever queue it is on, and two choosers never choose for one queue at a time.
    """

    queues: Sequence[QueueId]
    timesource: TimeSource
    lease: timedelta = field(default_factory=lambda: settings().lease)
    pairs: list[Pair] = field(default_factory=list)

    async def claim(self, db: Connection) -> Sequence[str]:
        """Locks only the queues, and names the subjects of the tasks that should be offered."""
        self.pairs = []
        await store.lock_queues(db, self.queues)
        advisers = await store.free_advisers(db, self.queues)
        skills = frozenset[str]().union(*(adviser.skills for adviser in advisers))
        room = max((adviser.free for adviser in advisers), default=0)
        now = await self.timesource.now(db)
        most = FIRST_CANDIDATES
        while advisers and not self.pairs:
            candidates = await store.candidates(db, self.queues, skills, now, most, room)
            self.pairs = choosing.choose(candidates, advisers)
            if len(candidates) < most or most >= MOST_CANDIDATES:
                break
            # Nobody free may take any of the most urgent ones: they must not hide what comes after them.
            most *= READ_MORE
        return [enquiry_subject(pair.task.enquiry_id) for pair in self.pairs]

    async def offer(self, work: Work) -> int:
        """Looks again now that the subjects are locked. How many offers were made."""
        if not self.pairs:
            return 0
        waiting = await store.still_waiting(work.db, self.pairs)
        ready = await store.lock_ready(work.db, self.pairs)
        pairs = [pair for pair in self.pairs if pair.task.task_id in waiting and pair.adviser_id in ready]
        fitting = await slots.fill_slots(work.db, pairs)
        pairs = [pair for pair in pairs if pair.task.task_id in fitting]
        offer_ids = [OfferId(new_id()) for _ in pairs]
        await offers.make_offers(work.db, pairs, offer_ids, work.now, self.lease)
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
