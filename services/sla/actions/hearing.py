"""What is done with what is heard, and with time that has passed: kept as a fact, then looked at as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, Unpack

from services.sla.actions.settling import make_sense, settle
from services.sla.domain.facts import Kind, waits_after
from services.sla.store import facts, tasks
from services.sla.store.facts import Heard
from shared.vocabulary import AnswerKind, Channel, Direction, EnquiryId, Office, Outcome, QueueId, TaskId, new_id
from shared.work import Work


class Details(TypedDict, total=False):
    """What an event tells besides that it happened, as far as a standard may ask for it."""

    task_id: TaskId
    queue_id: QueueId
    office: Office
    handed_over: bool
    service_code: str | None
    channel: Channel
    answer: AnswerKind


async def hear(work: Work, enquiry_id: EnquiryId, name: str, **details: Unpack[Details]) -> None:
    """Whatever has been heard before or will be heard later, the clocks come to stand by what happened when."""
    fact = Heard(fact_id=work.cause.causation_id or new_id(), kind=Kind(name), occurred_at=work.occurred_at, **details)
    found = await facts.hear(work.db, enquiry_id, fact, work.now)
    await settle(work, await make_sense(work, enquiry_id, found))


async def hear_contact(
    work: Work, enquiry_id: EnquiryId, channel: Channel, direction: Direction, outcome: Outcome
) -> None:
    """All that a contact can do is start a promise: one that starts none is not kept."""
    if waits_after(direction, outcome):
        await hear(work, enquiry_id, Kind.CONTACT, channel=channel)


async def judge(work: Work, enquiry_id: EnquiryId) -> None:
    """Looks again: what has stopped or moved a clock in the meantime leaves nothing to judge."""
    while True:
        known = await make_sense(work, enquiry_id, await facts.known(work.db, enquiry_id))
        changed = await settle(work, known.judged(work.occurred_at))
        # A clock that has just taken the place of another has not been judged, and this moment has no other timer.
        if not any(clock.next_moment and clock.next_moment <= work.occurred_at for clock in changed):
            return


async def task_waits(
    work: Work, enquiry_id: EnquiryId, task_id: TaskId, queue_id: QueueId, place: tuple[datetime, bool]
) -> None:
    """On that queue, since the moment and with the hand-over named in `place`."""
    await tasks.waits(work.db, task_id, enquiry_id, queue_id, place)


async def task_is_taken(work: Work, task_id: TaskId, queue_id: QueueId) -> None:
    await tasks.taken(work.db, task_id, queue_id)


async def task_is_over(work: Work, task_id: TaskId) -> None:
    await tasks.over(work.db, task_id)
