"""What people do with tasks: pick, return, transfer to queues, partners and advisers; and what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from services.routing import timers
from services.routing.app import SERVICE
from services.routing.settings import settings
from shared.timesource import TimeSource
from shared.vocabulary import AdviserId, Presence, new_id
from shared.work import Workshop
from tests.builders import ADA, an_ear, said_by
from tests.integration.offering import BROKEN, OFFERS, TASKS, be, council_of, enqueue, rows, states
from tests.integration.routing.people import People
from tests.parts.councils import anytown

GRACE, MARY = AdviserId("grace"), AdviserId("mary")


async def a_task(workshop: Workshop, people: People, service_code: str | None = None) -> str:
    """The id of a new waiting task."""
    [enquiry_id] = await enqueue(workshop, service_code=service_code)
    [task] = [each for each in await rows(workshop, TASKS) if each["enquiry_id"] == enquiry_id]
    return str(task["task_id"])


async def live(workshop: Workshop) -> list[str]:
    """To whom something is being offered."""
    return [each["adviser_id"] for each in await rows(workshop, OFFERS) if each["state"] == "live"]


def go_on(workshop: Workshop, later: timedelta) -> None:
    workshop.timesource = TimeSource(workshop.timesource.offset + later)


async def last_said(workshop: Workshop, name: str) -> dict[str, Any]:
    return dict([each for each in await said_by(workshop) if each.name == name][-1].data)


async def test_a_waiting_task_can_be_picked_out_of_its_turn(workshop: Workshop, people: People) -> None:
    await a_task(workshop, people)
    younger = await a_task(workshop, people)
    task = await people.do("mary", "pick", younger)
    assert (task["state"], task["assigned_to"]) == ("assigned", "mary")
    assert (await last_said(workshop, "task.assigned"))["adviser_id"] == "mary"
    assert [each["task_id"] for each in (await people.get("mary", "/tasks/mine"))["tasks"]] == [younger]
    assert (await people.get("mary", "/advisers/me"))["free"] == 0
    assert await rows(workshop, BROKEN) == []


async def test_what_may_not_be_picked_is_refused_with_a_sentence(workshop: Workshop, people: People) -> None:
    tax = await a_task(workshop, people, "57")
    general, other = await a_task(workshop, people), await a_task(workshop, people)
    assert (await people.refused("isambard", "pick", general))[0] == 403
    assert (await people.refused("mary", "pick", tax))[0] == 403
    assert (await people.refused("florence", "pick", general))[1].startswith("You are not in the council file")
    await people.do("mary", "pick", general)
    assert await people.refused("ada", "pick", general) == (
        409,
        "Somebody has this task already: ask them to transfer it to you.",
    )
    assert (await people.refused("mary", "pick", other))[0] == 409
    assert (await people.refused("ada", "pick", new_id()))[0] == 404
    await be(workshop, Presence.READY, ADA)
    await timers.choose(workshop)
    offered = (await people.get("ada", "/offers"))["offers"][0]["task_id"]
    assert (await people.refused("grace", "pick", offered))[0] == 409
    assert await rows(workshop, BROKEN) == []


async def test_a_returned_task_waits_in_its_old_place_and_its_adviser_is_free_and_spared_it(
    workshop: Workshop, people: People
) -> None:
    task_id = await a_task(workshop, people)
    await people.come("mary")
    await timers.choose(workshop)
    before = await people.take_offer("mary")
    after = await people.do("mary", "return", task_id, note="I know the citizen.")
    assert (after["state"], after["queue_id"], after["assigned_to"]) == ("waiting", "general", None)
    assert (after["enqueued_at"], after["reason"]) == (before["enqueued_at"], before["reason"])
    said = await last_said(workshop, "task.transferred")
    assert (said["kind"], said["note"], said["by_adviser_id"]) == ("returned", "I know the citizen.", "mary")
    await timers.choose(workshop)
    assert await live(workshop) == []
    go_on(workshop, settings().pause + timedelta(seconds=1))
    await timers.choose(workshop)
    assert await live(workshop) == ["mary"]


async def test_a_task_goes_to_another_queue_and_back_and_keeps_its_place(workshop: Workshop, people: People) -> None:
    task_id = await a_task(workshop, people)
    first = await people.do("mary", "pick", task_id)
    moved = await people.do("mary", "transfer", task_id, to_queue="water-company", note="It is their pipe.")
    assert (moved["queue_id"], moved["state"], moved["came_from"]) == ("water-company", "waiting", "general")
    said = await last_said(workshop, "task.transferred")
    assert (said["kind"], said["office"], said["from_queue_id"]) == ("transferred", "partner", "general")
    await people.come("joseph")
    await timers.choose(workshop)
    assert (await people.take_offer("joseph"))["assigned_to"] == "joseph"
    back = await people.do("joseph", "return", task_id, note="It is not.")
    assert (back["queue_id"], back["enqueued_at"]) == ("general", first["enqueued_at"])
    assert back["reason"] == "Returned by joseph."
    assert await rows(workshop, BROKEN) == []


async def test_a_task_transferred_to_an_adviser_is_kept_for_them_then_anybody_may_have_it(
    workshop: Workshop, people: People
) -> None:
    task_id = await a_task(workshop, people)
    await people.do("mary", "pick", task_id)
    moved = await people.do("mary", "transfer", task_id, to_adviser="grace", note="You know her.")
    assert (moved["wanted_adviser"], moved["queue_id"]) == ("grace", "general")
    assert (await last_said(workshop, "task.transferred"))["to_adviser_id"] == "grace"
    await be(workshop, Presence.READY, ADA)
    await timers.choose(workshop)
    assert await live(workshop) == []
    status, sentence = await people.refused("ada", "pick", task_id)
    assert (status, "kept for grace" in sentence) == (409, True)
    await be(workshop, Presence.READY, GRACE)
    await timers.choose(workshop)
    assert await live(workshop) == ["grace"]
    await people.take_offer("grace")
    await people.do("grace", "transfer", task_id, to_adviser="mary", note="And you.")
    await timers.choose(workshop)
    assert await live(workshop) == []
    go_on(workshop, settings().for_one + timedelta(seconds=1))
    await timers.choose(workshop)
    assert await live(workshop) == ["ada"]
    assert await rows(workshop, BROKEN) == []


async def test_whoever_refuses_what_was_kept_for_them_lets_others_have_it(workshop: Workshop, people: People) -> None:
    task_id = await a_task(workshop, people)
    await people.do("mary", "pick", task_id)
    await people.do("mary", "transfer", task_id, to_adviser="grace", note="You know her.")
    await be(workshop, Presence.READY, GRACE, ADA)
    await timers.choose(workshop)
    [offer] = (await people.get("grace", "/offers"))["offers"]
    assert (await people.ask("grace", "POST", f"/offers/{offer['offer_id']}/refuse"))[0] == 204
    await timers.choose(workshop)
    assert await live(workshop) == ["ada"]


async def test_an_adviser_on_another_queue_gets_a_transferred_task_there(workshop: Workshop, people: People) -> None:
    task_id = await a_task(workshop, people)
    await people.do("mary", "pick", task_id)
    moved = await people.do("mary", "transfer", task_id, to_adviser="octavia", note="A bin after all.")
    assert (moved["queue_id"], moved["came_from"], moved["wanted_adviser"]) == ("waste", "general", "octavia")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"note": "Where?"}, 422),
        ({"to_queue": "highways", "to_adviser": "grace", "note": "Both?"}, 422),
        ({"to_queue": "highways"}, 422),
        ({"to_queue": "highways", "note": " "}, 422),
        ({"to_queue": "no-such-queue", "note": "Look."}, 422),
        ({"to_queue": "general", "note": "Look."}, 422),
        ({"to_adviser": "nobody", "note": "Look."}, 422),
        ({"to_adviser": "mary", "note": "Me."}, 422),
    ],
)
async def test_a_transfer_that_makes_no_sense_changes_nothing(
    workshop: Workshop, people: People, body: dict[str, str], status: int
) -> None:
    task_id = await a_task(workshop, people)
    before = await people.do("mary", "pick", task_id)
    found, answer = await people.ask("mary", "POST", f"/tasks/{task_id}/transfer", body)
    assert (found, answer.get("detail", "") != "") == (status, True)
    assert await people.get("mary", f"/tasks/{task_id}") == before


async def test_what_a_service_needs_is_needed_on_its_own_queue_and_nowhere_else(
    workshop: Workshop, people: People
) -> None:
    task_id = await a_task(workshop, people, "57")
    held = await people.do("ada", "pick", task_id)
    moved = await people.do("ada", "transfer", task_id, to_adviser="mary", note="She only has to ring back.")
    assert (held["skills"], moved["queue_id"], moved["skills"]) == (["council-tax"], "general", [])


async def test_a_task_is_not_transferred_to_somebody_without_its_skills(workshop: Workshop, people: People) -> None:
    unskilled = anytown().replace('skills = ["council-tax", "welsh"]', 'skills = ["welsh"]')
    await council_of(workshop, unskilled)
    task_id = await a_task(workshop, people, "57")
    await people.do("ada", "pick", task_id)
    status, sentence = await people.refused("ada", "transfer", task_id, to_adviser="grace", note="You?")
    assert (status, "needs council-tax, which grace does not have" in sentence) == (403, True)


async def test_a_manager_may_transfer_any_open_task_and_nobody_else_what_is_not_theirs(
    workshop: Workshop, people: People
) -> None:
    task_id = await a_task(workshop, people)
    to_waste = {"to_queue": "waste", "note": "Please."}
    assert (await people.refused("ada", "transfer", task_id, **to_waste))[0] == 409
    await people.come("mary")
    await timers.choose(workshop)
    moved = await people.do("mia", "transfer", task_id, **to_waste)
    assert (moved["queue_id"], moved["state"]) == ("waste", "waiting")
    assert await states(workshop) == (["waiting"], ["withdrawn"])
    await people.do("octavia", "pick", task_id)
    assert (await people.refused("ada", "transfer", task_id, to_queue="highways", note="Mine."))[0] == 403
    await people.do("mia", "transfer", task_id, to_queue="highways", note="No, here.")
    assert (await people.get("octavia", "/advisers/me"))["free"] == 3
    await people.do("isambard", "pick", task_id)
    await people.do("isambard", "complete", task_id)
    assert (await people.refused("mia", "transfer", task_id, **to_waste))[0] == 409
    assert (await people.refused("isambard", "return", task_id, note="Too late."))[0] == 409
    assert await rows(workshop, BROKEN) == []


async def test_whoever_lets_three_offers_lapse_in_a_row_is_away_and_sees_why(
    workshop: Workshop, people: People
) -> None:
    for _ in range(4):
        await a_task(workshop, people)
    await people.come("mary")
    ear = await an_ear(workshop, SERVICE)
    for _ in range(3):
        await timers.choose(workshop)
        assert await live(workshop) == ["mary"]
        go_on(workshop, settings().lease + timedelta(seconds=1))
        await ear.fires()
        await ear.fires()
    me = await people.get("mary", "/advisers/me")
    assert (me["presence"], me["away_because"].split(":")[0]) == ("away", "3 offers in a row were not answered")
    changed = await last_said(workshop, "presence.changed")
    assert (changed["adviser_id"], changed["presence"]) == ("mary", "away")
    await timers.choose(workshop)
    assert await live(workshop) == []
    await people.come("mary")
    assert (await people.get("mary", "/advisers/me"))["away_because"] is None
    await timers.choose(workshop)
    assert await live(workshop) == ["mary"]


async def test_one_answer_in_between_shows_that_somebody_is_there(workshop: Workshop, people: People) -> None:
    for _ in range(5):
        await a_task(workshop, people)
    await people.come("mary")
    ear = await an_ear(workshop, SERVICE)
    for turn in range(4):
        await timers.choose(workshop)
        if turn == 2:
            [offer] = (await people.get("mary", "/offers"))["offers"]
            await people.ask("mary", "POST", f"/offers/{offer['offer_id']}/refuse")
        go_on(workshop, settings().lease + timedelta(seconds=1))
        await ear.fires()
        await ear.fires()
    assert (await people.get("mary", "/advisers/me"))["presence"] == "ready"
