"""Choosing on a real database: whatever happens at once, each task is with one adviser at most."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from services.routing import timers
from services.routing.actions import choosing as actions
from services.routing.actions import holding, offering, queueing
from services.routing.app import SERVICE
from services.routing.settings import settings
from services.routing.store import choosing as store
from shared.errors import Refused
from shared.vocabulary import AdviserId, EnquiryId, Presence, QueueId, TaskId, enquiry_subject
from shared.work import Work, Workshop
from tests.builders import ADA, MORNING, Ear, a_cause, a_workshop, an_ear, an_enquiry_received, said_by
from tests.integration.offering import BROKEN, OFFERS, TASKS, be, enqueue, rows, states

GENERAL = QueueId("general")
GRACE = AdviserId("grace")
LEASE_OVER = timedelta(seconds=settings().lease_seconds + 1)

CANDIDATES = store.candidates
CORRELATIONS = "SELECT correlation_id FROM said WHERE name LIKE 'task.%'"
MORE_ROOM = "UPDATE advisers SET capacity = 3 WHERE adviser_id = $1"
MORE_SLOTS = "INSERT INTO slots (adviser_id, slot, idle_since) SELECT $1, n, $2 FROM generate_series(2, 3) n"
HEAVY = "UPDATE tasks SET weight = 2 WHERE enqueued_at < $1"
MANY_TASKS = """
WITH many AS (
    INSERT INTO enquiries (enquiry_id, resolved, correlation_id)
    SELECT gen_random_uuid(), false, gen_random_uuid() FROM generate_series(1, 5000)
    RETURNING enquiry_id
)
INSERT INTO tasks (task_id, enquiry_id, request_id, queue_id, purpose, kind, reason, triaged, skills, enqueued_at,
                   changed_at, urgent_at, correlation_id)
SELECT gen_random_uuid(), enquiry_id, gen_random_uuid(), 'general', 'answer', 'deferrable', '', true, '{}',
       $1::timestamptz + nth * interval '1 second', $1, $1::timestamptz + nth * interval '1 second', gen_random_uuid()
  FROM (SELECT enquiry_id, row_number() OVER () AS nth FROM many) AS n
"""


@pytest.fixture
async def workshop(database: str) -> AsyncIterator[Workshop]:
    async with a_workshop(database, SERVICE) as ready:
        yield ready


@pytest.fixture
async def later(database: str) -> AsyncIterator[Workshop]:
    """The same service, when every lease of now has ended."""
    async with a_workshop(database, SERVICE, ahead=LEASE_OVER) as ready:
        yield ready


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


async def test_the_oldest_task_is_offered_to_whoever_has_been_idle_longest(workshop: Workshop) -> None:
    enquiries = await enqueue(workshop, 2)
    await be(workshop, Presence.READY, GRACE, ADA)
    await timers.choose(workshop)
    found = {
        (spoken.data["enquiry_id"], spoken.data["adviser_id"])
        for spoken in await said_by(workshop)
        if spoken.name == "task.offered"
    }
    assert found == {(str(enquiries[0]), "grace"), (str(enquiries[1]), "ada")}


async def test_an_offer_continues_the_story_of_its_enquiry(ear: Ear, workshop: Workshop) -> None:
    await ear.hears(an_enquiry_received())
    await be(workshop, Presence.READY, ADA)
    await timers.choose(workshop)
    found = await rows(workshop, CORRELATIONS)
    assert len(found) == 2
    assert len({row["correlation_id"] for row in found}) == 1


async def test_nobody_is_offered_more_than_they_have_slots_for(workshop: Workshop) -> None:
    await enqueue(workshop, 3)
    await be(workshop, Presence.READY, ADA)
    await timers.choose(workshop)
    await timers.choose(workshop)
    assert await states(workshop) == (["offered", "waiting", "waiting"], ["live"])


async def test_a_heavy_task_fills_as_many_slots_as_it_weighs(workshop: Workshop) -> None:
    """Three slots: a task of weight two fits, a second one does not, a light one fits beside it."""
    await enqueue(workshop, 3)
    await be(workshop, Presence.READY, ADA)
    async with workshop.database.transaction() as db:
        await db.execute(MORE_ROOM, ADA)
        await db.execute(MORE_SLOTS, ADA, MORNING)
        await db.execute(HEAVY, MORNING + timedelta(seconds=2))
    await timers.choose(workshop)
    assert await states(workshop) == (["offered", "waiting", "offered"], ["live", "live"])
    assert await rows(workshop, BROKEN) == []


async def test_nobody_who_is_away_is_offered_anything(workshop: Workshop) -> None:
    await enqueue(workshop)
    await be(workshop, Presence.READY, ADA)
    await be(workshop, Presence.AWAY, ADA)
    await timers.choose(workshop)
    assert await states(workshop) == (["waiting"], [])


async def test_choosers_side_by_side_offer_each_task_once(workshop: Workshop) -> None:
    await enqueue(workshop, 20)
    await be(workshop, Presence.READY, *(AdviserId(f"adviser-{number}") for number in range(8)))
    await asyncio.gather(*(timers.choose(workshop) for _ in range(4)))
    await timers.choose(workshop)
    tasks, offers = await states(workshop)
    assert (tasks.count("offered"), tasks.count("waiting"), offers) == (8, 12, ["live"] * 8)
    assert await rows(workshop, BROKEN) == []


async def test_a_round_costs_as_many_statements_for_many_offers_as_for_one(workshop: Workshop) -> None:
    """But for the timers, set one by one, and what the driver asks when it meets a type for the first time."""
    await enqueue(workshop, 30)
    counts = []
    for number, crowd in enumerate((1, 1, 10)):
        await be(workshop, Presence.READY, *(AdviserId(f"adviser-{20 * number + nth}") for nth in range(crowd)))
        counts.append(await statements_of_a_round(workshop))
    assert counts[1] == counts[2] <= 9


async def statements_of_a_round(workshop: Workshop) -> int:
    choosing = actions.Choosing([GENERAL], workshop.timesource)
    statements: list[str] = []

    async def claim(db: Any) -> Sequence[str]:
        db.add_query_logger(note)
        return await choosing.claim(db)

    def note(record: Any) -> None:
        statements.append(record.query)

    async def offer(work: Work) -> int:
        made = await choosing.offer(work)
        connection: Any = work.db
        connection.remove_query_logger(note)
        return made

    assert await workshop.run([], offer, a_cause(), claim=claim)
    return sum("INTO timers" not in statement for statement in statements)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_advisers_do_each_task_is_with_one_of_them_at_most(
    workshop: Workshop, later: Workshop, seed: int
) -> None:
    """Advisers accept, refuse, vanish and complete while enquiries are resolved and leases end."""
    chance = Random(seed)
    enquiries = await enqueue(workshop, 12)
    advisers = [AdviserId(f"adviser-{number}") for number in range(4)]
    await be(workshop, Presence.READY, *advisers)
    ear = await an_ear(later, SERVICE)
    for _ in range(40):
        steps = [a_step(workshop, chance, advisers, enquiries) for _ in range(4)]
        await asyncio.gather(timers.choose(workshop), *steps)
        if chance.random() < 0.3:
            await ear.fires()
        broken = await rows(workshop, BROKEN)
        assert broken == [], [dict(row) for row in broken]
    tasks = await rows(workshop, TASKS)
    assert [task["enqueued_at"] for task in tasks] == [
        MORNING + timedelta(seconds=number) for number in range(len(enquiries))
    ]
    assert {task["state"] for task in tasks} & {"completed", "withdrawn"}


async def a_step(
    workshop: Workshop, chance: Random, advisers: Sequence[AdviserId], enquiries: Sequence[EnquiryId]
) -> None:
    """Something that somebody might do, in this order of likelihood. What is refused changes nothing."""
    tasks, offers = await rows(workshop, TASKS), await rows(workshop, OFFERS)
    task = chance.choice(tasks)
    kind = chance.choices(["accept", "refuse", "complete", "presence", "resolve"], [8, 4, 4, 2, 1])[0]
    offer = next((each for each in reversed(offers) if each["task_id"] == task["task_id"]), None)
    subject = enquiry_subject(task["enquiry_id"])
    adviser_id = chance.choice(advisers)

    async def action(work: Work) -> None:
        if kind == "accept" and offer is not None:
            await offering.accept(work, offer["offer_id"], offer["adviser_id"])
        elif kind == "refuse" and offer is not None:
            await offering.refuse(work, offer["offer_id"], offer["adviser_id"])
        elif kind == "complete":
            await holding.complete(work, TaskId(task["task_id"]), task["assigned_to"])
        elif kind == "resolve":
            await queueing.withdraw(work, task["enquiry_id"])

    if kind == "presence":
        await be(workshop, chance.choice([Presence.READY, Presence.READY, Presence.AWAY]), adviser_id)
        return
    with suppress(Refused):
        await workshop.run([subject], action, a_cause())


async def test_choosing_among_thousands_reads_only_the_first_ones(workshop: Workshop) -> None:
    async with workshop.database.transaction() as db:
        await db.execute(MANY_TASKS, MORNING)
        await db.execute("ANALYZE tasks")
        plan = await db.fetch(f"EXPLAIN {store.CANDIDATES}", [GENERAL], [], MORNING, 50, 1)
    assert any("Index Scan using tasks_waiting" in row[0] for row in plan), plan


async def test_what_fits_nobody_free_is_not_read(workshop: Workshop) -> None:
    async with workshop.database.transaction() as db:
        await db.execute(MANY_TASKS, MORNING)
        await db.execute("UPDATE tasks SET weight = 2")
    [light] = await enqueue(workshop)
    async with workshop.database.transaction() as db:
        await db.execute("UPDATE tasks SET urgent_at = '2100-01-01' WHERE enquiry_id = $1", light)
        found = await store.candidates(db, [GENERAL], frozenset(), MORNING, 50, room=1)
    assert [each.task.enquiry_id for each in found] == [light]
    await be(workshop, Presence.READY, ADA)
    await timers.choose(workshop)
    assert [each["enquiry_id"] for each in await rows(workshop, TASKS) if each["state"] == "offered"] == [light]


async def test_choosing_reads_no_more_than_so_many_tasks_however_few_can_be_offered(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands wait, all kept for somebody who is not there."""
    async with workshop.database.transaction() as db:
        await db.execute(MANY_TASKS, MORNING)
        await db.execute("UPDATE tasks SET wanted_adviser = 'grace', wanted_until = '2100-01-01'")
    await be(workshop, Presence.READY, ADA)
    read = []

    async def noted(*asked: Any) -> Any:
        found = await CANDIDATES(*asked)
        read.append(len(found))
        return found

    monkeypatch.setattr(store, "candidates", noted)
    await timers.choose(workshop)
    assert read == [50, 200, 800]
