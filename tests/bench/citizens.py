"""A page of a citizen's timeline, and a citizen recognised, among a hundred thousand contacts."""

from __future__ import annotations

import random
import time
from functools import partial
from typing import Any
from uuid import UUID

from services.cli.house import SERVICES
from services.crm.app import SERVICE
from shared.auth import sign
from shared.migrate import migrate
from shared.settings import HouseSettings
from shared.telemetry import set_up_logs
from shared.vocabulary import Role
from shared.work import Workshop
from tests.bench.figures import Goal, percentile
from tests.bench.plan import Bench
from tests.builders import MORNING, a_client, a_workshop, an_ear, an_enquiry_received
from tests.parts.councils import plain, take_up
from tests.parts.postgres import private_postgres

CONTACTS = 100_000
CITIZENS = 20_000
FREQUENT_CALLER = 1_000
PAGE = 50
GOAL = Goal(10, at_least=False)
PERCENTS = (50, 95, 99)
SEED = 11
MADE_WITHIN = 120.0
"""Seconds for a statement: more than anybody who asks is given."""

# One citizen has written a thousand times; the others share the rest evenly.
CITIZENS_MADE = """
INSERT INTO citizens (citizen_id, name, surname, surname_key, known_since)
SELECT md5('citizen' || n)::uuid, 'Jo Surname' || n, 'Surname' || n, 'surname' || n, $2
  FROM generate_series(1, $1::int) n
"""
IDENTIFIERS_MADE = """
INSERT INTO identifiers (identifier_id, citizen_id, kind, value, normalised, evidence, source, valid_from)
SELECT md5(kind || n)::uuid, md5('citizen' || n)::uuid, kind, value, value, 'claimed', 'bench', $2
  FROM generate_series(1, $1::int) n,
       LATERAL (VALUES ('email', 'jo' || n || '@example.org'), ('telephone', '01632' || lpad(n::text, 6, '0')))
               AS known (kind, value)
"""
ENQUIRIES_MADE = """
INSERT INTO enquiries (enquiry_id, reference, title, text, channel, received_at, citizen_id, identified_by)
SELECT md5('enquiry' || n)::uuid, 'ANY-' || n, 'Number ' || n, repeat('Some words. ', 20), 'web',
       $3::timestamptz - n * interval '1 minute',
       md5('citizen' || CASE WHEN n <= $4 THEN 1 ELSE 1 + n % $2 END)::uuid, 'email'
  FROM generate_series(1, $1::int) n
"""
CONTACTS_MADE = """
INSERT INTO contacts (contact_id, channel, point, direction, started_at, ended_at, citizen_name)
SELECT enquiry_id, channel, 'form', 'inbound', received_at, received_at, 'Jo' FROM enquiries
"""
JOINED = """
INSERT INTO contact_enquiries (contact_id, enquiry_id, outcome)
SELECT enquiry_id, enquiry_id, 'received' FROM enquiries
"""
LINES_MADE = """
INSERT INTO timeline (entry_id, enquiry_id, citizen_id, contact_id, kind, occurred_at, recorded_at, actor)
SELECT gen_random_uuid(), enquiry_id, citizen_id, CASE WHEN kind = 'received' THEN enquiry_id END, kind,
       received_at, received_at, 'public'
  FROM enquiries, unnest(ARRAY['received', 'identified', 'assigned']) kind
"""


async def measure(bench: Bench) -> None:
    """Crm alone, in this process, one caller after another: what is measured is the record, not the crowd."""
    set_up_logs("warning", "console")
    with private_postgres() as server:
        await migrate(server.url, [service.schema for service in SERVICES])
        await take_up(server.url, plain())
        async with a_workshop(server.url, SERVICE) as workshop:
            bench.report(f"making {CONTACTS} contacts of {CITIZENS} citizens")
            await fill(workshop)
            house = HouseSettings(data=bench.folder / "crm")
            bench.report("reading timelines and recognising citizens")
            note(bench, "timeline.page", await pages(workshop, house, bench.plan.rounds))
            note(bench, "citizens.recognised", await recognised(workshop, bench.plan.rounds))


async def fill(workshop: Workshop) -> None:
    async with workshop.reading() as db:
        make = partial(db.execute, timeout=MADE_WITHIN)
        await make(CITIZENS_MADE, CITIZENS, MORNING)
        await make(IDENTIFIERS_MADE, CITIZENS, MORNING)
        await make(ENQUIRIES_MADE, CONTACTS, CITIZENS, MORNING, FREQUENT_CALLER)
        for statement in (CONTACTS_MADE, JOINED, LINES_MADE, "ANALYZE"):
            await make(statement)


async def pages(workshop: Workshop, house: HouseSettings, rounds: int) -> list[float]:
    """Milliseconds from call to answer. Every other page is deep in the timeline of whoever has written most."""
    draw = random.Random(SEED)
    async with a_client(workshop, SERVICE, house) as client:
        headers = {"Authorization": f"Bearer {sign(house, 'ada', [Role.ADVISER])}"}
        most = await known_as(workshop, "jo1@example.org")
        after: str | None = None
        taken = []
        for turn in range(200 * rounds):
            frequent = turn % 2 == 0
            citizen = most if frequent else await known_as(workshop, f"jo{draw.randint(2, CITIZENS)}@example.org")
            address = f"/crm/v1/citizens/{citizen}/timeline?limit={PAGE}"
            began = time.perf_counter()
            response = await client.get(address + (f"&after={after}" if frequent and after else ""), headers=headers)
            shown = await response.json()
            taken.append(1000 * (time.perf_counter() - began))
            assert response.status == 200, shown
            after = shown["after"] if frequent else after
        return taken


async def known_as(workshop: Workshop, email: str) -> UUID:
    async with workshop.reading() as db:
        found: UUID = await db.fetchval("SELECT citizen_id FROM identifiers WHERE normalised = $1", email)
        return found


async def recognised(workshop: Workshop, rounds: int) -> list[float]:
    """Milliseconds from hearing of an enquiry until it is recorded with its citizen, known by email or telephone."""
    draw = random.Random(SEED)
    ear = await an_ear(workshop, SERVICE)
    taken = []
    for turn in range(200 * rounds):
        nth = draw.randint(2, CITIZENS)
        given: dict[str, Any] = {"citizen_email": f"Jo{nth}@Example.org"}
        if turn % 2:
            given = {"citizen_telephone": f"01632/{nth:06}"}
        event = an_enquiry_received(citizen_name=f"Jo Surname{nth}", **given)
        began = time.perf_counter()
        await ear.hears(event)
        taken.append(1000 * (time.perf_counter() - began))
    async with workshop.reading() as db:
        nobody = await db.fetchval("SELECT count(*) FROM enquiries WHERE citizen_id IS NULL")
    assert nobody == 0
    return taken


def note(bench: Bench, name: str, milliseconds: list[float]) -> None:
    for percent in PERCENTS:
        goal = GOAL if percent == max(PERCENTS) else None
        bench.note(f"{name}.p{percent}", percentile(milliseconds, percent), "ms", goal=goal)
