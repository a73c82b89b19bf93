"""P10: a machine's mail goes through all four services, in every state of an enquiry, and nothing of theirs changes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from services.cli.house import SERVICES
from services.crm.actions import deciding
from services.crm.actions.knowing import Decision
from services.crm.domain.rows import Person
from services.intake.actions import receiving
from services.intake.domain.contacts import Citizen, Contact, Enquiry
from shared.contracts.intake import ContactNoted, NotedAs
from shared.vocabulary import (
    AnswerKind,
    Channel,
    ContactId,
    EnquiryId,
    Point,
    Resolution,
    Role,
    enquiry_subject,
    new_id,
)
from shared.work import Work, Workshop
from tests.builders import ADA, Ear, a_cause, a_workshop, an_ear, an_enquiry_id
from tests.parts.councils import anytown, take_up

EVENTS = {event.name: event for service in SERVICES for event in service.says}
SAID = "SELECT said_id, name, data::text AS data, occurred_at, actor FROM said ORDER BY subject, sequence"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
MOVES = frozenset({"cursors"})
"""How far a service has heard."""
RECORD = frozenset({"contacts", "contact_enquiries", "timeline"})
"""Where the record keeps it."""
WATCHED = {"sla": MOVES, "routing": MOVES, "crm": MOVES | RECORD}
"""Whose tables stay as they are, but for these."""


@dataclass
class Everybody:
    """All services on one database; each hears what the others say."""

    workshops: dict[str, Workshop] = field(default_factory=dict)
    ears: dict[str, Ear] = field(default_factory=dict)
    heard: set[UUID] = field(default_factory=set)

    async def does(self, service: str, enquiry_id: EnquiryId, action: Callable[[Work], Awaitable[Any]]) -> None:
        """And then all that follows from it."""
        await self.workshops[service].run([enquiry_subject(enquiry_id)], action, a_cause())
        while await self.listens():
            pass

    async def listens(self) -> bool:
        """Whether anybody had said anything new."""
        found = [(name, row) for name, workshop in self.workshops.items() for row in await fetched(workshop, SAID)]
        news = [(name, row) for name, row in found if row["said_id"] not in self.heard]
        for speaker, row in news:
            self.heard.add(row["said_id"])
            event = EVENTS[row["name"]].model_validate(json.loads(row["data"]))
            for ear in self.ears.values():
                if speaker in ear.hearing.speakers:
                    await ear.hears(event, at=row["occurred_at"], actor=row["actor"])
        return bool(news)

    async def stands(self) -> dict[str, Any]:
        """Every row of what must not change."""
        return {
            f"{service}.{table}": await fetched(workshop, f"SELECT t::text FROM {table} t ORDER BY 1")
            for service, workshop in self.workshops.items()
            if service in WATCHED
            for table in [row["tablename"] for row in await fetched(workshop, TABLES)]
            if table not in WATCHED[service]
        }


async def fetched(workshop: Workshop, statement: str) -> list[Any]:
    async with workshop.reading() as db:
        return [dict(row) for row in await db.fetch(statement)]


@pytest.fixture
async def everybody(database: str) -> AsyncIterator[Everybody]:
    await take_up(database, anytown())
    async with AsyncExitStack() as stack:
        found = Everybody()
        for service in SERVICES:
            workshop = await stack.enter_async_context(a_workshop(database, service))
            found.workshops[service.name] = workshop
            found.ears[service.name] = await an_ear(workshop, service)
        yield found


async def asks(everybody: Everybody) -> EnquiryId:
    enquiry_id = an_enquiry_id()
    contact = Contact(
        contact_id=ContactId(new_id()),
        channel=Channel.EMAIL,
        point=Point.MAILBOX,
        citizen=Citizen(email="jo@example.org"),
    )
    enquiry = Enquiry(enquiry_id=enquiry_id, title="A lamp is out", text="Since Monday.", service_code="564")

    async def receive(work: Work) -> None:
        await receiving.receive(work, contact, [enquiry])

    await everybody.does("intake", enquiry_id, receive)
    return enquiry_id


async def machines_write(everybody: Everybody, enquiry_id: EnquiryId) -> None:
    async def say(work: Work) -> None:
        for noted_as in NotedAs:
            noted = ContactNoted(
                contact_id=ContactId(new_id()),
                enquiry_id=enquiry_id,
                noted_as=noted_as,
                channel=Channel.EMAIL,
                point=Point.MAILBOX,
                started_at=work.occurred_at,
                sender="jo@example.org",
                title="Automatic reply",
                text="I am away.",
            )
            work.say(noted)

    await everybody.does("intake", enquiry_id, say)


async def test_p10_in_every_state_of_an_enquiry_a_machines_mail_changes_no_clock_no_task_and_no_version(
    everybody: Everybody,
) -> None:
    enquiry_id, version = await asks(everybody), 1

    async def decides(decide: Callable[[Work, Decision], Awaitable[Any]]) -> None:
        nonlocal version
        decision = Decision(enquiry_id=enquiry_id, seen=version, person=Person(ADA, frozenset({Role.ADVISER})))
        await everybody.does("crm", enquiry_id, lambda work: decide(work, decision))
        version += 1

    states: list[Callable[[Work, Decision], Awaitable[Any]] | None] = [
        None,
        lambda work, decision: deciding.ask(work, decision, "Which lamp?", told_by=Channel.TELEPHONE),
        lambda work, decision: deciding.answer(work, decision, AnswerKind.FULL, "Friday.", told_by=Channel.TELEPHONE),
        lambda work, decision: deciding.resolve(work, decision, Resolution.DONE, at_first_contact=False),
    ]
    seen = set()
    for decide in states:
        if decide is not None:
            await decides(decide)
        before, heard = await everybody.stands(), len(everybody.heard)
        await machines_write(everybody, enquiry_id)
        assert await everybody.stands() == before
        assert len(everybody.heard) - heard == len(NotedAs), "nobody says anything because of it"
        clocks = await fetched(everybody.workshops["sla"], "SELECT state FROM clocks ORDER BY started_at, state")
        seen.add(tuple(clock["state"] for clock in clocks))
    [record] = await fetched(everybody.workshops["crm"], "SELECT count(*) FROM timeline WHERE kind = 'machine_wrote'")
    assert record["count"] == len(states) * len(NotedAs)
    assert len(seen) >= 3, f"the clocks were in several states: {seen}"
