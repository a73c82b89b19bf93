"""The four real services in this process, each started and stopped by itself, and enquiries that wait for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from services.cli.house import SERVICES
from services.intake.actions import receiving
from services.intake.domain.contacts import Contact, Enquiry
from shared.bus.port import Bus
from shared.runtime import Replica, Service, stop_all, topology_of
from shared.settings import HouseSettings
from shared.vocabulary import Channel, ContactId, EnquiryId, Point, enquiry_subject, new_id
from shared.work import Work, Workshop
from tests.builders import a_cause
from tests.parts.waiting import until


async def submit(workshop: Workshop, how_many: int = 1) -> list[str]:
    """What intake's own address does; gives the ids."""
    return [str(await submit_one(workshop)) for _ in range(how_many)]


async def submit_one(workshop: Workshop) -> EnquiryId:
    contact = Contact(contact_id=ContactId(new_id()), channel=Channel.WEB, point=Point.FORM)
    enquiry = Enquiry(enquiry_id=EnquiryId(new_id()), title="A lamp is out", text="Since Monday.")

    async def receive(work: Work) -> None:
        await receiving.receive(work, contact, [enquiry])

    await workshop.run([], receive, a_cause("public"), fresh=[enquiry_subject(enquiry.enquiry_id)])
    return enquiry.enquiry_id


async def start(url: str, bus: Bus, service: Service, prefix: str = "accesspoint") -> Replica:
    """Returns when it is ready, and so has its mailboxes open."""
    replica = Replica(service, HouseSettings(), url, bus, topology_of(SERVICES, prefix))
    await replica.start()
    await until(lambda: replica.health.ready()[0], what=f"{service.name} ready")
    return replica


@asynccontextmanager
async def started(
    url: str, bus: Bus, services: Iterable[Service] = SERVICES, prefix: str = "accesspoint"
) -> AsyncIterator[list[Replica]]:
    """One after the other, in the order given. The bus knows already who hears whom."""
    running: list[Replica] = []
    try:
        for service in services:
            running.append(await start(url, bus, service, prefix))
        yield running
    finally:
        await stop_all(running)


async def until_sent(workshop: Workshop) -> None:
    """The broker has everything this service has said."""
    unsent = """
        SELECT NOT EXISTS (SELECT FROM unplaced) AND NOT EXISTS (SELECT FROM partitions WHERE sent_up_to < placed_up_to)
    """

    async def sent() -> bool:
        async with workshop.reading() as db:
            return bool(await db.fetchval(unsent))

    await until(sent, what=f"everything sent by {workshop.service}")
