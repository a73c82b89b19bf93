"""What an older system knew of an enquiry: kept with its true times, and judged by no other promise than its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from services.sla.actions.settling import make_sense, settle
from services.sla.domain.facts import Kind
from services.sla.store import facts
from services.sla.store.facts import Heard
from shared.vocabulary import Channel, EnquiryId, QueueId, new_id
from shared.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """An enquiry of an older system, as far as promises are concerned. Up to `cut_over` it was that system's."""

    channel: Channel
    service_code: str | None
    queue_id: QueueId | None
    received_at: datetime
    due_at: datetime | None
    resolved_at: datetime | None
    cut_over: datetime


async def hear_imported(work: Work, enquiry_id: EnquiryId, imported: Imported) -> None:
    """Its clocks come to stand as if it had been here all the time; of what is history nobody is told."""
    told = list(facts_of(work.cause.causation_id or new_id(), imported))
    found = await facts.hear_several(work.db, enquiry_id, told, work.now)
    await settle(work, await make_sense(work, enquiry_id, found))


def facts_of(event_id: UUID, imported: Imported) -> Iterator[Heard]:
    """The same event is always the same facts, so that hearing it again changes nothing."""
    yield Heard(
        fact_id=event_id,
        kind=Kind.IMPORTED,
        occurred_at=imported.received_at,
        channel=imported.channel,
        service_code=imported.service_code,
        queue_id=imported.queue_id,
        due_at=imported.due_at,
        cut_over=imported.cut_over,
    )
    if imported.resolved_at is not None:
        resolved_id = uuid5(event_id, Kind.RESOLVED)
        yield Heard(fact_id=resolved_id, kind=Kind.RESOLVED, occurred_at=imported.resolved_at)
