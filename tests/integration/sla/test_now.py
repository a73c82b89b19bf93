"""What managers see at once: open promises, and what waits on each queue."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.sla.app import SERVICE
from shared.settings import HouseSettings
from shared.vocabulary import Office, Role, TaskId, new_id
from shared.work import Workshop
from tests.builders import MORNING, Ear, a_client, a_resolution, an_answer, an_enquiry_id, an_enquiry_received
from tests.integration.sla.looking import (
    a_completion,
    a_task_queued,
    a_token,
    a_transfer,
    a_withdrawal,
    an_acceptance,
    clocks,
)
from tests.parts.councils import plain, take_up

WARNED = plain().replace('calendar = "always"\n\n[[adviser]]', 'calendar = "always"\nwarnings = [50]\n\n[[adviser]]', 1)
EARLY, LATE = MORNING + timedelta(hours=1), MORNING + timedelta(days=2)


@pytest.fixture
def house(tmp_path: Path) -> HouseSettings:
    return HouseSettings(data=tmp_path)


async def now(workshop: Workshop, house: HouseSettings, role: Role = Role.MANAGER) -> Any:
    async with a_client(workshop, SERVICE, house) as client:
        response = await client.get("/sla/v1/now", headers=a_token(house, role))
        return await response.json() if response.status == 200 else response.status


async def test_what_has_ended_is_counted_no_more(ear: Ear, workshop: Workshop, house: HouseSettings) -> None:
    kept, broken, kept_late = an_enquiry_id(), an_enquiry_id(), an_enquiry_id()
    for enquiry_id in (kept, broken, kept_late):
        await ear.hears(an_enquiry_received(enquiry_id))
    await ear.hears(an_answer(kept), at=EARLY)
    await ear.hears(an_answer(kept_late), at=LATE)
    await ear.fires()
    await ear.hears(an_enquiry_received(), at=EARLY)
    shown = await now(workshop, house)
    assert {name: shown[name] for name in ("running", "paused", "at_risk", "breached")} == {
        "running": 1,
        "paused": 0,
        "at_risk": 0,
        "breached": 1,
    }
    assert shown["longest_running_seconds"] == (datetime.fromisoformat(shown["at"]) - EARLY).total_seconds()
    await ear.hears(a_resolution(broken), at=LATE)
    assert (await now(workshop, house))["breached"] == 0
    assert await now(workshop, house, Role.ADVISER) == 403


async def test_figures_of_no_clock_at_all_are_noughts(workshop: Workshop, house: HouseSettings) -> None:
    shown = await now(workshop, house, Role.AUDITOR)
    assert (shown["running"], shown["longest_running_seconds"], shown["queues"]) == (0, None, [])


async def test_each_queue_shows_what_waits_and_since_when(ear: Ear, workshop: Workshop, house: HouseSettings) -> None:
    tasks = [TaskId(new_id()) for _ in range(5)]
    enquiries = [an_enquiry_id() for _ in tasks]
    for nth, (enquiry_id, task_id) in enumerate(zip(enquiries, tasks, strict=True)):
        since = MORNING + timedelta(minutes=nth)
        await ear.hears(a_task_queued(enquiry_id, task_id, enqueued_at=since), at=since)
    await ear.hears(an_acceptance(enquiries[0], tasks[0]), at=EARLY)
    await ear.hears(a_transfer(enquiries[1], tasks[1], "highways", Office.BACK), at=EARLY)
    await ear.hears(an_acceptance(enquiries[2], tasks[2]), at=EARLY)
    await ear.hears(a_completion(enquiries[2], tasks[2]), at=EARLY)
    await ear.hears(a_withdrawal(enquiries[3], tasks[3]), at=EARLY)
    general, highways = (await now(workshop, house))["queues"]
    assert (general["queue_id"], general["waiting"], general["assigned"]) == ("general", 1, 1)
    assert datetime.fromisoformat(general["longest_waiting_since"]) == MORNING + timedelta(minutes=4)
    assert (highways["queue_id"], highways["waiting"], highways["assigned"]) == ("highways", 1, 0)
    assert datetime.fromisoformat(highways["longest_waiting_since"]) == MORNING + timedelta(minutes=1)


async def test_what_presses_is_counted_on_the_queue_where_the_answer_waits(
    ear: Ear, workshop: Workshop, house: HouseSettings, database: str
) -> None:
    await take_up(database, WARNED)
    enquiry_id, task_id = an_enquiry_id(), TaskId(new_id())
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.hears(a_task_queued(enquiry_id, task_id))
    await ear.fires()
    [clock] = await clocks(workshop)
    assert (clock["state"], clock["at_risk"]) == ("running", 50)
    [queue] = (await now(workshop, house))["queues"]
    assert (queue["queue_id"], queue["at_risk"], queue["breached"]) == ("general", 1, 0)
    await ear.fires()
    [queue] = (await now(workshop, house))["queues"]
    assert (queue["at_risk"], queue["breached"]) == (0, 1)
