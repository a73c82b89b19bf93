"""Events with sensible fields, and a service at work on a database: a test names only what it is about."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp.test_utils import TestClient, TestServer

from shared import cursors
from shared.auth import Gatekeeper
from shared.contracts import envelope
from shared.contracts.base import Event
from shared.contracts.crm import EnquiryAnswered, EnquiryResolved
from shared.contracts.intake import EnquiryReceived
from shared.contracts.routing import TaskAssigned
from shared.db import Database
from shared.health import Health
from shared.hearing import Hearing
from shared.runtime import Service
from shared.said import PARTITIONS, partition_of
from shared.settings import HouseSettings
from shared.tending import Tending
from shared.timers import TimerLoop
from shared.timesource import TimeSource
from shared.vocabulary import (
    AdviserId,
    AnswerKind,
    Channel,
    ContactId,
    EnquiryId,
    Point,
    QueueId,
    Reference,
    Resolution,
    TaskId,
    new_id,
)
from shared.web import Mount, http_app
from shared.work import Cause, Workshop

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = AdviserId("ada")

SAID = """
SELECT name, subject, sequence, data::text AS data, occurred_at, actor, causation_id
  FROM said
 ORDER BY subject, sequence
"""


def an_enquiry_id() -> EnquiryId:
    return EnquiryId(new_id())


def an_enquiry_received(enquiry_id: EnquiryId | None = None, **fields: Any) -> EnquiryReceived:
    given: dict[str, Any] = {
        "enquiry_id": enquiry_id or an_enquiry_id(),
        "contact_id": ContactId(new_id()),
        "reference": Reference("ANY-0000-0000-0000"),
        "channel": Channel.WEB,
        "point": Point.FORM,
        "title": "A lamp is out",
        "text": "The street lamp outside number 12 has been out since Monday.",
        "received_at": MORNING,
        **fields,
    }
    return EnquiryReceived(**given)


def an_answer(enquiry_id: EnquiryId, kind: AnswerKind = AnswerKind.FULL) -> EnquiryAnswered:
    return EnquiryAnswered(enquiry_id=enquiry_id, kind=kind, text="It will be mended.", adviser_id=ADA)


def a_resolution(enquiry_id: EnquiryId) -> EnquiryResolved:
    return EnquiryResolved(enquiry_id=enquiry_id, resolution=Resolution.DONE, adviser_id=ADA)


def an_assignment(enquiry_id: EnquiryId) -> TaskAssigned:
    return TaskAssigned(
        task_id=TaskId(new_id()), enquiry_id=enquiry_id, queue_id=QueueId("front-office"), adviser_id=ADA
    )


def a_cause(actor: str = "machine/test", *, at: datetime | None = None) -> Cause:
    return Cause(actor, new_id(), occurred_at=at)


@asynccontextmanager
async def a_workshop(url: str, service: Service | str, *, ahead: timedelta = timedelta(0)) -> AsyncIterator[Workshop]:
    """Of one service, on an opened database; its clock may run ahead of the real one."""
    database = Database(url, service if isinstance(service, str) else service.name)
    await database.open()
    try:
        yield Workshop(database, TimeSource(ahead))
    finally:
        await database.close()


@asynccontextmanager
async def a_client(workshop: Workshop, service: Service, house: HouseSettings) -> AsyncIterator[TestClient[Any, Any]]:
    """Calls the service as the world does, under `/<its name>`."""
    mount = Mount(service.name, service.about, service.serves, workshop, Health(), service.settings())
    async with TestClient(TestServer(http_app([mount], house, Gatekeeper(house)))) as client:
        yield client


@dataclass(frozen=True, slots=True)
class Spoken:
    """An event that a service has said, as it stands in its table."""

    name: str
    data: Mapping[str, Any]
    occurred_at: datetime
    actor: str
    causation_id: UUID | None


async def said_by(workshop: Workshop) -> list[Spoken]:
    """In order within each subject."""
    async with workshop.reading() as db:
        rows = await db.fetch(SAID)
    return [
        Spoken(row["name"], json.loads(row["data"]), row["occurred_at"], row["actor"], row["causation_id"])
        for row in rows
    ]


@dataclass(slots=True)
class Ear:
    """Brings a service events as the bus does: numbered, one by one, through the kernel's own hearing."""

    hearing: Hearing
    timers: TimerLoop
    positions: dict[tuple[str, int], int] = field(default_factory=dict)

    async def hears(self, event: Event, *, at: datetime = MORNING, actor: str = "machine/test") -> UUID:
        """The event's id, once it is handled or set aside."""
        partition = partition_of(event.subject)
        position = self.positions.get((event.speaker, partition), 0) + 1
        self.positions[event.speaker, partition] = position
        said_id = new_id()
        row = {
            "said_id": said_id,
            "name": event.name,
            "subject": event.subject,
            "occurred_at": at,
            "recorded_at": at,
            "partition": partition,
            "position": position,
            "sequence": position,
            "correlation_id": new_id(),
            "causation_id": None,
            "actor": actor,
            "traceparent": None,
            "data": event.model_dump_json(),
        }
        written = envelope.written(row, "anytown.example", event.speaker)
        await self.hearing.handle(partition, self.hearing.read(envelope.joined([written]), partition)[0])
        return said_id

    async def tends(self) -> None:
        """Tries again what was set aside."""
        await Tending(self.hearing).tend(range(PARTITIONS))

    async def fires(self) -> int:
        """Fires the timers that are due by the workshop's clock; how many."""
        return await self.timers.fire_due()


async def an_ear(workshop: Workshop, service: Service) -> Ear:
    hearing = Hearing(workshop, service.hears)
    async with workshop.reading() as db:
        await cursors.make(db, hearing.speakers)
    return Ear(hearing, TimerLoop(workshop, service.timers, lambda: range(PARTITIONS)))
