"""Enquiries of an older system: what is resolved is learned from, what is open waits for its import's release."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.routing.actions import learning
from services.routing.actions.choosing import CHOOSE
from services.routing.actions.queueing import placed
from services.routing.domain import triage
from services.routing.domain.learning import Known, place_words_of, words_of
from services.routing.domain.tasks import Queue
from services.routing.domain.triage import Placing
from services.routing.store import importing as store
from services.routing.store import tasks
from services.routing.store.importing import Held, Imported, Released
from services.routing.store.learning import keep_suggestions, standing
from shared.contracts.routing import TaskQueued
from shared.db import Connection
from shared.vocabulary import Channel, EnquiryId, ImportId, QueueId, TaskId, TaskKind, new_id
from shared.work import Cause, Work

RELEASE = "release"
MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An enquiry as an older system had it. `request_id` is the contact that asks for a task."""

    enquiry_id: EnquiryId
    import_id: ImportId
    request_id: UUID
    system: str
    service_code: str | None
    queue_id: QueueId | None
    channel: Channel
    title: str
    text: str
    place: str
    area: str | None
    names: tuple[str | None, ...]
    received_at: datetime
    resolved_at: datetime | None

    @property
    def known(self) -> Known:
        """Of the text nothing: an older system's may hold what was known only afterwards."""
        return Known(
            channel=self.channel,
            service_code=self.service_code,
            area=self.area,
            words=words_of(self.title, self.names),
            place_words=place_words_of(self.place, self.names),
        )


async def take_in(work: Work, past: Past) -> None:
    """Open, it is held where the older system had it; else, or if that is no queue of ours, where triage places it."""
    imported = Imported(
        enquiry_id=past.enquiry_id,
        import_id=past.import_id,
        request_id=past.request_id,
        known=past.known,
        received_at=past.received_at,
        queue_id=past.queue_id,
        resolved_at=past.resolved_at,
    )
    is_new = await store.keep_imported(work.db, imported, work.cause.correlation_id)
    if not is_new or past.resolved_at is not None:
        return
    former = await former_place(work.db, past.queue_id, past.system)
    placing = former or await placed(work.db, past.service_code, past.title, past.text)
    if await store.hold(work.db, imported, placing, work.now, triaged=former is None):
        work.wake(RELEASE)


async def former_place(db: Connection, queue_id: QueueId | None, system: str) -> Placing | None:
    """Where people had it in the older system; None when that is no queue any more."""
    queue = await tasks.queue(db, queue_id) if queue_id is not None else None
    return Placing(queue, triage.as_before(system)) if queue is not None and not queue.closed else None


async def release(work: Work, import_id: ImportId, released_at: datetime) -> None:
    """It may be heard of before its enquiries are: they are queued as soon as they come."""
    await store.release(work.db, import_id, released_at, work.cause.causation_id)
    work.wake(RELEASE)


async def released(db: Connection) -> Released | None:
    """The next enquiries whose tasks may be queued."""
    return await store.released(db, MOST_AT_ONCE)


async def queue_held(work: Work, some: Released) -> None:
    """
    Their tasks wait from the release on, or since they came, if that was later; their places are those of the moments
    at which the citizens asked.
    """
    general = await tasks.general_queue(work.db)
    held = [open_place(each, general) for each in await store.held(work.db, some.enquiries)]
    wanted = [(TaskId(new_id()), each) for each in held if not each.in_hand]
    queued = await store.queue_held(work.db, wanted, some.enquiries, work.occurred_at)
    made = [(task_id, each) for task_id, each in wanted if task_id in queued]
    model_id = await standing(work.db)
    if model_id is not None and made:
        found = {task_id: await learning.suggested(work.db, model_id, each.known) for task_id, each in made}
        await keep_suggestions(work.db, found)
    for task_id, each in made:
        say_queued(work, task_id, each)
    work.wake(CHOOSE)


def open_place(held: Held, general: Queue) -> Held:
    if not held.queue.closed:
        return held
    instead = triage.instead_of(held.queue, general)
    return replace(held, queue=instead.queue, reason=instead.reason)


def say_queued(work: Work, task_id: TaskId, held: Held) -> None:
    """It belongs to its enquiry's story; what made it happen is the release."""
    waits_since = held.came_at or work.occurred_at
    cause = Cause(work.cause.actor, held.correlation_id, work.cause.causation_id, occurred_at=waits_since)
    work.because(cause).say(
        TaskQueued(
            task_id=task_id,
            enquiry_id=held.enquiry_id,
            queue_id=held.queue.queue_id,
            kind=TaskKind.DEFERRABLE,
            enqueued_at=held.received_at,
            office=held.queue.office,
        )
    )
