"""Order is promised per speaker, never between speakers: whichever is heard first, the state in the end is one."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.cli.house import service_named
from shared.contracts.base import Event
from shared.contracts.sla import ClockMet, ClockStarted
from shared.vocabulary import ClockId, EnquiryId, new_id
from tests.builders import (
    MORNING,
    a_resolution,
    a_workshop,
    an_answer,
    an_assignment,
    an_ear,
    an_enquiry_id,
    an_enquiry_received,
)
from tests.faults.letters import set_aside
from tests.faults.replicas import submit_one

Threads = Sequence[Sequence[Event]]
"""What each speaker says of one enquiry, in the order in which it says it."""

CRM_STATE = """
SELECT e.state, e.version, e.assigned_to, e.received_at,
       ARRAY(SELECT (kind, detail, occurred_at)::text FROM timeline t WHERE t.enquiry_id = e.enquiry_id ORDER BY kind)
  FROM enquiries e WHERE enquiry_id = $1
"""
SLA_STATE = """
SELECT c.state, c.started_at, c.due_at, c.stopped_at, c.version,
       ARRAY(SELECT (entry, occurred_at)::text FROM ledger l WHERE l.clock_id = c.clock_id ORDER BY version)
  FROM clocks c WHERE enquiry_id = $1
"""
ROUTING_STATE = "SELECT state, enqueued_at, purpose, assigned_to, version FROM tasks WHERE enquiry_id = $1"
INTAKE_STATE = """
SELECT ARRAY(SELECT (step, occurred_at)::text FROM steps WHERE enquiry_id = $1 ORDER BY occurred_at, step),
       ARRAY(SELECT (standard, due_at, standing)::text FROM promises WHERE enquiry_id = $1)
"""


def for_crm(enquiry_id: EnquiryId) -> Threads:
    return [[an_enquiry_received(enquiry_id)], [an_assignment(enquiry_id)]]


def for_sla(enquiry_id: EnquiryId) -> Threads:
    return [[an_enquiry_received(enquiry_id)], [an_answer(enquiry_id), a_resolution(enquiry_id)]]


def for_routing(enquiry_id: EnquiryId) -> Threads:
    return [[an_enquiry_received(enquiry_id)], [a_resolution(enquiry_id)]]


def for_intake(enquiry_id: EnquiryId) -> Threads:
    about: dict[str, Any] = {
        "clock_id": ClockId(new_id()),
        "enquiry_id": enquiry_id,
        "standard": "acknowledgement",
        "due_at": MORNING + timedelta(days=1),
    }
    return [
        [an_assignment(enquiry_id)],
        [an_answer(enquiry_id), a_resolution(enquiry_id)],
        [ClockStarted(**about, started_at=MORNING), ClockMet(**about, stopped_at=MORNING + timedelta(hours=1))],
    ]


@pytest.mark.parametrize(
    ("service", "threads_of", "state", "orders"),
    [
        ("crm", for_crm, CRM_STATE, 2),
        ("sla", for_sla, SLA_STATE, 3),
        ("routing", for_routing, ROUTING_STATE, 2),
        ("intake", for_intake, INTAKE_STATE, 30),
    ],
    ids=lambda given: given if given in ("crm", "sla", "routing", "intake") else "",
)
async def test_events_of_several_speakers_in_any_order_end_in_one_state(
    database: str, service: str, threads_of: Callable[[EnquiryId], Threads], state: str, orders: int
) -> None:
    async with a_workshop(database, service) as workshop:
        ear = await an_ear(workshop, service_named(service))
        seen, count = set(), 0
        for order in interleaved([len(thread) for thread in threads_of(an_enquiry_id())]):
            enquiry_id = await submit_one(workshop) if service == "intake" else an_enquiry_id()
            threads = [list(enumerate(thread)) for thread in threads_of(enquiry_id)]
            for speaker in order:
                nth, event = threads[speaker].pop(0)
                await ear.hears(event, at=MORNING + timedelta(minutes=10 * speaker + nth))
                await ear.tends()
            assert await set_aside(workshop) == []
            async with workshop.reading() as db:
                seen.add(str(await db.fetch(state, enquiry_id)))
            count += 1
    assert count == orders
    assert len(seen) == 1, seen


def interleaved(lengths: list[int]) -> Iterator[list[int]]:
    """Every way to take turns that keeps each speaker's own order."""
    if not any(lengths):
        yield []
    for speaker, length in enumerate(lengths):
        if length:
            rest = [other - (nth == speaker) for nth, other in enumerate(lengths)]
            yield from ([speaker, *later] for later in interleaved(rest))
