"""Taking up a council file: queues, skills, memberships and slots follow it, and nothing is lost on the way."""

import asyncio
import re
from collections.abc import Sequence

import pytest

from services.routing import timers
from services.routing.actions import queueing
from services.routing.actions.queueing import Asked
from services.routing.store import advisers
from services.routing.store import slots as store
from shared.db import Connection
from shared.vocabulary import AdviserId, Presence, enquiry_subject, new_id
from shared.work import Work, Workshop
from tests.builders import ADA, MORNING, Ear, a_cause, an_enquiry_id, an_enquiry_received, said_by
from tests.integration.offering import BROKEN, OFFERS, TASKS, be, council_of, enqueue, heard_of, rows, states
from tests.integration.routing.people import People
from tests.parts.councils import anytown, plain
from tests.parts.waiting import until_others_wait

GRACE, MARY = AdviserId("grace"), AdviserId("mary")
SLOTS = "SELECT slot, task_id IS NOT NULL AS filled, surplus FROM slots WHERE adviser_id = 'ada' ORDER BY slot"
WITHOUT_HIGHWAYS = (
    re.sub(r'\[\[queue\]\]\ncode = "highways"\n(.+\n)+', "", anytown())
    .replace('queue = "highways"', 'queue = "waste"')
    .replace('["highways"]', '["waste"]')
)


async def slots(workshop: Workshop) -> list[tuple[bool, bool]]:
    """Of ada: filled, and surplus."""
    return [(each["filled"], each["surplus"]) for each in await rows(workshop, SLOTS)]


async def fill(workshop: Workshop, people: People, how_many: int) -> Sequence[str]:
    """Tasks that ada has then."""
    await enqueue(workshop, how_many)
    waiting = (await people.get("mia", "/tasks?state=waiting"))["tasks"]
    for task in waiting:
        await people.do("ada", "pick", task["task_id"])
    return [task["task_id"] for task in waiting]


async def test_capacity_grows_and_shrinks_and_what_is_filled_stays_until_it_is_freed(
    workshop: Workshop, people: People
) -> None:
    await council_of(workshop, plain(capacity=3))
    held = await fill(workshop, people, 2)
    await council_of(workshop, plain(capacity=1))
    assert await slots(workshop) == [(True, False), (True, True)]
    await people.do("ada", "complete", held[0])
    assert len(await slots(workshop)) == 1
    await enqueue(workshop)
    [task] = (await people.get("mia", "/tasks?state=waiting"))["tasks"]
    assert await people.refused("ada", "pick", task["task_id"]) == (
        409,
        "You have no room for this task: complete, return or transfer one of yours first.",
    )
    await council_of(workshop, plain(capacity=4))
    assert sorted(await slots(workshop)) == [(False, False)] * 3 + [(True, False)]
    await people.do("ada", "pick", task["task_id"])
    assert await rows(workshop, BROKEN) == []


@pytest.mark.parametrize(
    ("before", "after", "completed", "left"),
    [
        (3, 1, 1, [(True, False)]),
        (3, 1, 0, [(True, False)]),
        (1, 3, 1, [(False, False), (False, False), (True, False)]),
    ],
    ids=["what becomes surplus", "beside what becomes surplus", "what was surplus"],
)
async def test_a_task_that_ends_while_capacity_changes_frees_its_slots(
    workshop: Workshop, people: People, before: int, after: int, completed: int, left: list[tuple[bool, bool]]
) -> None:
    await council_of(workshop, plain(capacity=3))
    held = await fill(workshop, people, 2)
    await change_room(workshop, before)
    async with workshop.database.transaction() as db:
        await room(db, after)
        completing = asyncio.create_task(people.do("ada", "complete", held[completed]))
        await until_others_wait(db)
    await completing
    assert await rows(workshop, BROKEN) == []
    assert sorted(await slots(workshop)) == left


async def change_room(workshop: Workshop, capacity: int) -> None:
    async with workshop.database.transaction() as db:
        await room(db, capacity)


async def room(db: Connection, capacity: int) -> None:
    """As a council file changes it that says nothing else new."""
    await db.execute("UPDATE advisers SET capacity = $1 WHERE adviser_id = 'ada'", capacity)
    await store.take_slots(db, [ADA])
    await store.give_slots(db, [ADA], MORNING)


async def test_whoever_leaves_the_council_file_is_offered_nothing_more(workshop: Workshop, people: People) -> None:
    await be(workshop, Presence.READY, MARY)
    await council_of(workshop, anytown().replace('code = "mary"', 'code = "florence"'))
    await enqueue(workshop)
    await timers.choose(workshop)
    assert await states(workshop) == (["waiting"], [])
    status, answer = await people.ask("mary", "PUT", "/advisers/me/presence", {"presence": "ready"})
    assert (status, answer["detail"].split(":")[0]) == (403, "You are not in the council file")


async def test_what_somebody_had_who_leaves_the_council_file_waits_again_on_its_queue(
    workshop: Workshop, people: People
) -> None:
    [held, *_] = await fill(workshop, people, 1)
    other = (await enqueue(workshop), (await people.get("mia", "/tasks?state=waiting"))["tasks"][0]["task_id"])[1]
    await people.do("grace", "pick", other)
    await council_of(workshop, anytown().replace('code = "ada"', 'code = "florence"'))
    for _ in range(2):
        await timers.rescue(workshop)
    assert {each["task_id"]: each["state"] for each in (await people.get("mia", "/tasks"))["tasks"]} == {
        held: "waiting",
        other: "assigned",
    }
    task = await people.get("mia", f"/tasks/{held}")
    assert (task["queue_id"], task["reason"]) == ("general", "ada had it and is no longer in the council file.")
    [moved] = [each.data for each in await said_by(workshop) if each.name == "task.transferred"]
    assert (moved["kind"], moved["by_adviser_id"], moved["note"]) == ("returned", None, task["reason"])
    assert await rows(workshop, BROKEN) == []


async def test_what_waits_on_a_queue_that_is_given_up_goes_to_the_general_one_in_its_old_place(
    ear: Ear, workshop: Workshop
) -> None:
    await ear.hears(an_enquiry_received(service_code="557"))
    await council_of(workshop, WITHOUT_HIGHWAYS)
    await timers.rescue(workshop)
    await timers.rescue(workshop)
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], task["state"]) == ("general", "waiting")
    assert task["reason"].startswith("Highways is no longer a queue of the council")
    assert await heard_of(workshop) == ["task.queued", "task.transferred"]
    assert (await said_by(workshop))[0].data["enqueued_at"] == (await said_by(workshop))[1].data["enqueued_at"]


async def test_a_queue_that_is_given_up_is_shown_until_nothing_is_open_on_it(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    await ear.hears(an_enquiry_received(service_code="557"))
    await council_of(workshop, WITHOUT_HIGHWAYS)
    shown = {each["queue_id"]: each["closed"] for each in (await people.get("mia", "/queues"))["queues"]}
    assert shown["highways"] is True
    await timers.rescue(workshop)
    assert "highways" not in {each["queue_id"] for each in (await people.get("mia", "/queues"))["queues"]}


async def test_new_skills_of_a_queue_count_for_what_waits_there_already(workshop: Workshop, people: People) -> None:
    await enqueue(workshop)
    general = 'office = "front"\ngeneral = true'
    await council_of(workshop, anytown().replace(general, f'{general}\nskills = ["welsh"]'))
    await be(workshop, Presence.READY, ADA, MARY)
    await timers.choose(workshop)
    assert await states(workshop) == (["waiting"], [])
    [task] = (await people.get("mia", "/tasks"))["tasks"]
    assert (task["skills"], task["nobody_can"]) == (["welsh"], True)
    [general_queue] = [each for each in (await people.get("mia", "/queues"))["queues"] if each["queue_id"] == "general"]
    assert (general_queue["waiting"], general_queue["nobody_can"]) == (1, 1)
    await be(workshop, Presence.READY, GRACE)
    await timers.choose(workshop)
    assert [each["adviser_id"] for each in await rows(workshop, OFFERS)] == ["grace"]
    [task] = (await people.get("mia", "/tasks"))["tasks"]
    assert task["nobody_can"] is False


async def test_what_nobody_on_shift_can_do_does_not_hide_what_they_can(workshop: Workshop) -> None:
    """Sixty tasks that need council tax are more urgent than one that needs nothing, and only mary is there."""
    await council_of(
        workshop, anytown().replace('queue = "council-tax"', 'queue = "general"\nskills = ["council-tax"]')
    )
    await enqueue(workshop, 60, service_code="57")
    [plain_one] = await enqueue(workshop)
    async with workshop.database.transaction() as db:
        await db.execute("UPDATE tasks SET urgent_at = urgent_at + interval '1 hour' WHERE enquiry_id = $1", plain_one)
        await db.execute(
            "UPDATE tasks SET skills = '{}', wanted_adviser = 'ada', wanted_until = '2100-01-01' "
            "WHERE task_id IN (SELECT task_id FROM tasks WHERE skills <> '{}' ORDER BY task_id LIMIT 55)"
        )
    await be(workshop, Presence.READY, MARY)
    await timers.choose(workshop)
    offered = [each["enquiry_id"] for each in await rows(workshop, TASKS) if each["state"] == "offered"]
    assert offered == [plain_one]


HEAVY_WASTE = anytown().replace('code = "waste"\nname', 'code = "waste"\nweight = 2\nskills = ["welsh"]\nname')
FITS = "SELECT weight, skills FROM tasks"


async def test_a_task_that_arrives_while_a_council_file_is_taken_up_fits_it_soon(workshop: Workshop) -> None:
    enquiry_id, arrived, go_on = an_enquiry_id(), asyncio.Event(), asyncio.Event()

    async def arrives(work: Work) -> None:
        await queueing.take_in(work, Asked(enquiry_id=enquiry_id, request_id=new_id(), service_code="524"))
        arrived.set()
        await go_on.wait()

    arriving = asyncio.create_task(workshop.run([enquiry_subject(enquiry_id)], arrives, a_cause()))
    await arrived.wait()
    await council_of(workshop, HEAVY_WASTE)
    go_on.set()
    await arriving
    await timers.fit(workshop)
    assert [dict(row) for row in await rows(workshop, FITS)] == [{"weight": 2, "skills": ["welsh"]}]


async def test_a_task_that_waits_again_weighs_what_its_queue_says_by_now(workshop: Workshop, people: People) -> None:
    await enqueue(workshop, service_code="524")
    await be(workshop, Presence.READY, AdviserId("octavia"))
    await timers.choose(workshop)
    await council_of(workshop, HEAVY_WASTE)
    [offer] = await rows(workshop, OFFERS)
    status, _ = await people.ask("octavia", "POST", f"/offers/{offer['offer_id']}/refuse")
    assert status == 204
    assert [dict(row) for row in await rows(workshop, FITS)] == [{"weight": 2, "skills": ["welsh"]}]
    assert await rows(workshop, BROKEN) == []


async def test_whoever_has_left_the_council_file_cannot_be_ready(workshop: Workshop) -> None:
    await council_of(workshop, anytown().replace('code = "mary"', 'code = "florence"'))
    async with workshop.reading() as db:
        assert not await advisers.set_presence(db, MARY, Presence.READY, MORNING)


async def test_a_heavy_queue_fills_several_slots(workshop: Workshop) -> None:
    heavy = anytown().replace('code = "waste"\nname', 'code = "waste"\nweight = 2\nname')
    await council_of(workshop, heavy)
    await enqueue(workshop, 2, service_code="524")
    await be(workshop, Presence.READY, AdviserId("octavia"))
    await timers.choose(workshop)
    assert await states(workshop) == (["offered", "waiting"], ["live"])
    assert await rows(workshop, BROKEN) == []


async def test_what_weighs_more_than_anybody_has_room_for_is_shown_as_what_nobody_can_take(
    workshop: Workshop, people: People
) -> None:
    heavy = "general = true\nweight = 2"
    await council_of(workshop, plain(capacity=1).replace("general = true", heavy))
    await enqueue(workshop)
    await be(workshop, Presence.READY, ADA)
    for capacity, nobody_can in ((1, True), (2, False)):
        await council_of(workshop, plain(capacity=capacity).replace("general = true", heavy))
        [task] = (await people.get("mia", "/tasks"))["tasks"]
        [queue] = [each for each in (await people.get("mia", "/queues"))["queues"] if each["waiting"]]
        shown = (await people.get("mia", f"/tasks/{task['task_id']}"))["nobody_can"]
        assert (task["nobody_can"], shown, queue["nobody_can"]) == (nobody_can, nobody_can, int(nobody_can))


async def test_the_same_file_again_changes_nothing(workshop: Workshop, people: People) -> None:
    await fill(workshop, people, 1)
    before = [
        await rows(workshop, f"SELECT * FROM {each} ORDER BY 1, 2") for each in ("queues", "advisers", "slots", "tasks")
    ]
    await council_of(workshop, anytown())
    after = [
        await rows(workshop, f"SELECT * FROM {each} ORDER BY 1, 2") for each in ("queues", "advisers", "slots", "tasks")
    ]
    assert [[dict(row) for row in each] for each in after] == [[dict(row) for row in each] for each in before]
