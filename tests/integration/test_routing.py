"""Routing on a real database: each task reaches one adviser, by an offer that ends with its lease."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from services.routing import timers
from services.routing.actions import offering
from services.routing.app import SERVICE
from services.routing.settings import settings
from shared.auth import sign
from shared.errors import Conflict
from shared.settings import HouseSettings
from shared.vocabulary import AdviserId, OfferId, Presence, Role, enquiry_subject, new_id
from shared.work import Work, Workshop
from tests.builders import (
    ADA,
    MORNING,
    Ear,
    a_cause,
    a_client,
    a_resolution,
    a_workshop,
    an_ear,
    an_enquiry_id,
    an_enquiry_received,
    said_by,
)
from tests.integration.offering import (
    BROKEN,
    OFFERS,
    TASKS,
    an_offered_task,
    be,
    enqueue,
    heard_of,
    rows,
    states,
)

Client = TestClient[Any, Any]
GRACE = AdviserId("grace")
LEASE_OVER = timedelta(seconds=settings().lease_seconds + 1)

TIMERS = "SELECT name, key FROM timers"
SET_ASIDE = "SELECT state, waits_for FROM set_aside"


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
async def client(workshop: Workshop, tmp_path: Path) -> AsyncIterator[Client]:
    async with a_client(workshop, SERVICE, HouseSettings(data=tmp_path)) as ready:
        yield ready


@pytest.fixture
async def ear(workshop: Workshop) -> Ear:
    return await an_ear(workshop, SERVICE)


def headers(tmp_path: Path, name: str, role: Role = Role.ADVISER) -> dict[str, str]:
    """A caller's token, and a new key for a command."""
    token = sign(HouseSettings(data=tmp_path), name, [role])
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(new_id())}


async def test_a_new_enquiry_waits_on_the_general_queue(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received()
    said_id = await ear.hears(event, at=MORNING)
    [task] = await rows(workshop, TASKS)
    [spoken] = await said_by(workshop)
    assert (task["enquiry_id"], task["queue_id"], task["state"]) == (event.enquiry_id, "general", "waiting")
    assert task["enqueued_at"] == MORNING
    assert (spoken.name, spoken.causation_id) == ("task.queued", said_id)


async def test_an_enquiry_heard_of_twice_has_one_task(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received()
    await ear.hears(event)
    await ear.hears(event)
    assert len(await rows(workshop, TASKS)) == 1
    assert await heard_of(workshop) == ["task.queued"]


async def test_a_resolution_heard_too_early_waits_and_leads_to_the_same_state(ear: Ear, workshop: Workshop) -> None:
    """Received and resolved come from two speakers, so they may come in either order."""
    early, late = an_enquiry_id(), an_enquiry_id()
    await ear.hears(a_resolution(early))
    [aside] = await rows(workshop, SET_ASIDE)
    assert (aside["state"], aside["waits_for"]) == ("early", enquiry_subject(early))
    await ear.hears(an_enquiry_received(early))
    await ear.tends()
    await ear.hears(an_enquiry_received(late))
    await ear.hears(a_resolution(late))
    assert await rows(workshop, SET_ASIDE) == []
    assert await states(workshop) == (["withdrawn", "withdrawn"], [])
    assert await heard_of(workshop) == ["task.queued", "task.withdrawn"] * 2


async def test_an_accepted_offer_makes_the_task_the_advisers(
    client: Client, workshop: Workshop, tmp_path: Path
) -> None:
    offer = await an_offered_task(workshop)
    mine = await client.get("/routing/v1/offers", headers=headers(tmp_path, "ada"))
    [shown] = (await mine.json())["offers"]
    assert (shown["offer_id"], shown["task_id"]) == (str(offer["offer_id"]), str(offer["task_id"]))
    key = headers(tmp_path, "ada")
    first = await client.post(f"/routing/v1/offers/{shown['offer_id']}/accept", headers=key)
    again = await client.post(f"/routing/v1/offers/{shown['offer_id']}/accept", headers=key)
    task = await first.json()
    assert (first.status, task["state"], task["assigned_to"]) == (200, "assigned", "ada")
    assert (again.status, await again.json(), first.headers["ETag"]) == (200, task, f'"{task["version"]}"')
    assert await heard_of(workshop) == ["presence.changed", "task.queued", "task.offered", "task.assigned"]
    assert await rows(workshop, TIMERS) == []
    gone = await client.get("/routing/v1/offers", headers=headers(tmp_path, "ada"))
    assert (await gone.json())["offers"] == []


async def test_only_the_adviser_it_was_made_to_may_answer_an_offer(
    client: Client, workshop: Workshop, tmp_path: Path
) -> None:
    offer = await an_offered_task(workshop)
    for answer in ("accept", "refuse"):
        path = f"/routing/v1/offers/{offer['offer_id']}/{answer}"
        response = await client.post(path, headers=headers(tmp_path, "grace"))
        assert response.status == 403, await response.text()
    assert await states(workshop) == (["offered"], ["live"])


async def test_a_refused_task_keeps_its_place_and_goes_to_somebody_else(
    client: Client, workshop: Workshop, tmp_path: Path
) -> None:
    offer = await an_offered_task(workshop)
    await be(workshop, Presence.READY, GRACE)
    path = f"/routing/v1/offers/{offer['offer_id']}/refuse"
    response = await client.post(path, headers=headers(tmp_path, "ada"))
    assert response.status == 204, await response.text()
    [task] = await rows(workshop, TASKS)
    assert (task["state"], task["enqueued_at"]) == ("waiting", MORNING)
    await timers.choose(workshop)
    [refused, made] = await rows(workshop, OFFERS)
    assert (refused["state"], made["state"], made["adviser_id"]) == ("refused", "live", "grace")
    late = await client.post(path, headers=headers(tmp_path, "ada"))
    assert (late.status, "refused" in (await late.json())["detail"]) == (409, True)


async def test_an_offer_lapses_when_its_lease_ends(workshop: Workshop, later: Workshop) -> None:
    offer = await an_offered_task(workshop)
    assert await (await an_ear(workshop, SERVICE)).fires() == 0
    assert await (await an_ear(later, SERVICE)).fires() == 1
    assert await states(workshop) == (["waiting"], ["lapsed"])
    lapsed = (await said_by(workshop))[-1]
    assert (lapsed.name, lapsed.actor) == ("offer.lapsed", "timer/offer-lapses")
    assert lapsed.occurred_at == offer["lease_until"]
    assert await rows(workshop, BROKEN) == []


async def test_no_offer_outlives_its_lease_even_when_the_timer_is_late(later: Workshop, workshop: Workshop) -> None:
    offer = await an_offered_task(workshop)

    async def accept(work: Work) -> None:
        await offering.accept(work, OfferId(offer["offer_id"]), ADA)

    [task] = await rows(workshop, TASKS)
    with pytest.raises(Conflict, match="lapsed"):
        await later.run([enquiry_subject(task["enquiry_id"])], accept, a_cause())
    assert await states(workshop) == (["offered"], ["live"])


async def test_a_timer_that_fires_after_the_offer_was_answered_changes_nothing(
    workshop: Workshop, later: Workshop
) -> None:
    offer = await an_offered_task(workshop)
    offer_id = OfferId(offer["offer_id"])
    [task] = await rows(workshop, TASKS)
    subject = enquiry_subject(task["enquiry_id"])

    async def accept(work: Work) -> None:
        await offering.accept(work, offer_id, ADA)

    async def lapse(work: Work) -> None:
        await offering.lapse(work, offer_id)

    await workshop.run([subject], accept, a_cause())
    await later.run([subject], lapse, a_cause())
    assert await states(workshop) == (["assigned"], ["accepted"])


@pytest.mark.parametrize("accepted", [False, True])
async def test_resolving_the_enquiry_withdraws_its_task_and_frees_the_adviser(
    ear: Ear, workshop: Workshop, accepted: bool
) -> None:
    offer = await an_offered_task(workshop)
    [task] = await rows(workshop, TASKS)

    async def accept(work: Work) -> None:
        await offering.accept(work, OfferId(offer["offer_id"]), ADA)

    if accepted:
        await workshop.run([enquiry_subject(task["enquiry_id"])], accept, a_cause())
    await ear.hears(a_resolution(task["enquiry_id"]))
    assert await states(workshop) == (["withdrawn"], ["accepted" if accepted else "withdrawn"])
    assert (await heard_of(workshop))[-1] == "task.withdrawn"
    assert await rows(workshop, TIMERS) == []
    await enqueue(workshop)
    await timers.choose(workshop)
    assert (await states(workshop))[1].count("live") == 1


async def test_a_completed_task_frees_the_adviser_for_the_next_one(
    client: Client, workshop: Workshop, tmp_path: Path
) -> None:
    offer = await an_offered_task(workshop)
    path = f"/routing/v1/tasks/{offer['task_id']}"
    early = await client.post(f"{path}/complete", headers=headers(tmp_path, "ada"))
    assert (early.status, "accept an offer" in (await early.json())["detail"]) == (409, True)
    await client.post(f"/routing/v1/offers/{offer['offer_id']}/accept", headers=headers(tmp_path, "ada"))
    foreign = await client.post(f"{path}/complete", headers=headers(tmp_path, "grace"))
    done = await client.post(f"{path}/complete", headers=headers(tmp_path, "ada"))
    assert (foreign.status, done.status) == (403, 200)
    shown = await client.get(path, headers=headers(tmp_path, "mia", Role.MANAGER))
    assert (await shown.json())["state"] == "completed"
    assert (await heard_of(workshop))[-1] == "task.completed"
    await enqueue(workshop)
    await timers.choose(workshop)
    assert (await states(workshop))[1] == ["accepted", "live"]


async def test_presence_is_said_only_when_it_changes(client: Client, workshop: Workshop, tmp_path: Path) -> None:
    for presence in ("ready", "ready", "away"):
        path = "/routing/v1/advisers/me/presence"
        response = await client.put(path, json={"presence": presence}, headers=headers(tmp_path, "ada"))
        assert (response.status, await response.json()) == (200, {"adviser_id": "ada", "presence": presence})
    assert [spoken.data["presence"] for spoken in await said_by(workshop)] == ["ready", "away"]


async def test_queues_show_how_many_tasks_stand_where(client: Client, workshop: Workshop, tmp_path: Path) -> None:
    await an_offered_task(workshop)
    await enqueue(workshop, 2)
    response = await client.get("/routing/v1/queues", headers=headers(tmp_path, "mia", Role.MANAGER))
    [queue] = (await response.json())["queues"]
    assert (queue["queue_id"], queue["waiting"], queue["offered"], queue["assigned"]) == ("general", 2, 1, 0)
    assert queue["longest_waiting_since"] == "2026-03-02T09:00:00Z"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/offers/{}/accept"),
        ("POST", "/offers/{}/refuse"),
        ("POST", "/tasks/{}/complete"),
        ("GET", "/tasks/{}"),
    ],
)
async def test_what_does_not_exist_is_not_found(client: Client, tmp_path: Path, method: str, path: str) -> None:
    address = f"/routing/v1{path.format(new_id())}"
    response = await client.request(method, address, headers=headers(tmp_path, "ada"))
    assert response.status == 404, await response.text()
