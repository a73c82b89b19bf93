"""How soon an adviser who has become free is offered the next task, with a thousand waiting and two hundred at work."""

from __future__ import annotations

import asyncio
import random
import time
from functools import partial

from services.cli.house import SERVICES
from services.routing.actions import holding, offering, presence
from services.routing.app import SERVICE
from shared.db import Row
from shared.migrate import migrate
from shared.telemetry import set_up_logs
from shared.timers import SweepLoop
from shared.vocabulary import AdviserId, OfferId, Presence, adviser_subject, enquiry_subject
from shared.work import Workshop
from tests.bench.figures import Goal, percentile
from tests.bench.plan import Bench
from tests.builders import Ear, a_cause, a_workshop, an_ear, an_enquiry_received
from tests.parts.councils import plain, take_up
from tests.parts.postgres import private_postgres
from tests.parts.waiting import pause

WAITING = 1_000
ADVISERS = tuple(AdviserId(f"adviser-{nth}") for nth in range(200))
TURNS = 150
GOAL = Goal(50, at_least=False)
PERCENTS = (50, 95, 99)
SEED = 5

LIVE = """
SELECT o.offer_id, o.adviser_id, t.task_id, t.enquiry_id FROM offers o JOIN tasks t USING (task_id)
 WHERE o.state = 'live' AND o.adviser_id = $1
"""
HELD = "SELECT task_id, enquiry_id FROM tasks WHERE state = 'assigned' AND assigned_to = $1"


async def measure(bench: Bench) -> None:
    """Routing alone, as one replica runs it: woken by the completion, it chooses, and the offer can be seen."""
    set_up_logs("warning", "console")
    with private_postgres() as server:
        await migrate(server.url, [service.schema for service in SERVICES])
        await take_up(server.url, plain(people=ADVISERS))
        async with a_workshop(server.url, SERVICE) as workshop:
            bench.report(f"queueing {WAITING} tasks for {len(ADVISERS)} advisers")
            ear = await an_ear(workshop, SERVICE)
            for _ in range(WAITING + len(ADVISERS)):
                await ear.hears(an_enquiry_received())
            stopping = asyncio.Event()
            sweeps = {sweep.name: SweepLoop(workshop, sweep) for sweep in SERVICE.sweeps}
            workshop.on_wake = lambda name: sweeps[name].woken.set()
            running = [asyncio.create_task(sweep.run(stopping)) for sweep in sweeps.values()]
            try:
                await all_at_work(workshop)
                bench.report("completing tasks, and waiting for the next offers")
                taken = await turns(workshop, ear, TURNS * bench.plan.rounds)
            finally:
                stopping.set()
                await asyncio.gather(*running)
    for percent in PERCENTS:
        goal = GOAL if percent == max(PERCENTS) else None
        bench.note(f"offers.free_to_offer.p{percent}", percentile(taken, percent), "ms", goal=goal)


async def all_at_work(workshop: Workshop) -> None:
    for adviser_id in ADVISERS:
        come = partial(presence.set_presence, adviser_id=adviser_id, presence=Presence.READY)
        await workshop.run([adviser_subject(adviser_id)], come, a_cause())
    for adviser_id in ADVISERS:
        await accept(workshop, await offered(workshop, adviser_id))


async def turns(workshop: Workshop, ear: Ear, how_many: int) -> list[float]:
    """Milliseconds from the end of a completion, as the adviser sees it, until the next offer can be seen."""
    draw = random.Random(SEED)
    taken = []
    for _ in range(how_many):
        adviser_id = draw.choice(ADVISERS)
        async with workshop.reading() as db:
            held = await db.fetchrow(HELD, adviser_id)
        assert held is not None
        complete = partial(holding.complete, task_id=held["task_id"], adviser_id=adviser_id)
        await workshop.run([enquiry_subject(held["enquiry_id"])], complete, a_cause())
        began = time.perf_counter()
        offer = await offered(workshop, adviser_id)
        taken.append(1000 * (time.perf_counter() - began))
        await accept(workshop, offer)
        await ear.hears(an_enquiry_received())
    return taken


async def offered(workshop: Workshop, adviser_id: AdviserId) -> Row:
    """Looks every millisecond: that is how exact the figures are."""
    async with workshop.reading() as db, asyncio.timeout(60):
        while (offer := await db.fetchrow(LIVE, adviser_id)) is None:
            await pause(0.001)
        return offer


async def accept(workshop: Workshop, offer: Row) -> None:
    accepting = partial(offering.accept, offer_id=OfferId(offer["offer_id"]), adviser_id=offer["adviser_id"])
    await workshop.run([enquiry_subject(offer["enquiry_id"])], accepting, a_cause())
