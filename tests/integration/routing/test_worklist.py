"""The worklist and the figures: page by page, the most urgent first, and to each only what is theirs to see."""

import pytest

from services.routing import timers
from services.routing.domain.tasks import NO_SUCH_TASK
from shared.auth import sign
from shared.vocabulary import Presence, Role, new_id
from shared.work import Workshop
from tests.builders import ADA
from tests.integration.offering import an_offered_task, be, enqueue
from tests.integration.routing.people import People


async def test_the_worklist_is_read_page_by_page_and_nothing_is_seen_twice(workshop: Workshop, people: People) -> None:
    enquiries = await enqueue(workshop, 7)
    seen, after = [], ""
    while True:
        page = await people.get("mary", f"/tasks?limit=3{after}")
        seen += [each["enquiry_id"] for each in page["tasks"]]
        if page["after"] is None:
            break
        after = f"&after={page['after']}"
    assert seen == [str(each) for each in enquiries]


async def test_the_worklist_shows_the_callers_own_queues(workshop: Workshop, people: People) -> None:
    for code in (None, "57", "564", "drains"):
        await enqueue(workshop, service_code=code)
    found = {
        who: {each["queue_id"] for each in (await people.get(who, "/tasks"))["tasks"]}
        for who in ("mary", "ada", "isambard", "joseph", "mia")
    }
    assert found == {
        "mary": {"general"},
        "ada": {"general", "council-tax"},
        "isambard": {"highways"},
        "joseph": {"water-company"},
        "mia": {"general", "council-tax", "highways", "water-company"},
    }
    one = await people.get("ada", "/tasks?queue=council-tax&state=waiting")
    assert [each["queue_name"] for each in one["tasks"]] == ["Council tax and benefits"]
    status, answer = await people.ask("mary", "GET", "/tasks?queue=highways")
    assert (status, "general" in answer["detail"]) == (403, True)
    assert (await people.ask("florence", "GET", "/tasks"))[0] == 403


async def test_the_worklist_can_be_asked_for_one_state(workshop: Workshop, people: People) -> None:
    await enqueue(workshop, 3)
    await be(workshop, Presence.READY, ADA)
    await timers.choose(workshop)
    counts = {
        state: len((await people.get("mia", f"/tasks?state={state}"))["tasks"])
        for state in ("waiting", "offered", "assigned")
    }
    assert counts == {"waiting": 2, "offered": 1, "assigned": 0}
    assert (await people.ask("mia", "GET", "/tasks?state=lost"))[0] == 422


async def test_a_partner_sees_only_their_own_queues(workshop: Workshop, people: People) -> None:
    await enqueue(workshop, service_code="drains")
    await enqueue(workshop, service_code="564")
    tasks = {each["queue_id"]: each["task_id"] for each in (await people.get("mia", "/tasks"))["tasks"]}
    assert [each["queue_id"] for each in (await people.get("joseph", "/queues"))["queues"]] == ["water-company"]
    assert len((await people.get("isambard", "/queues"))["queues"]) > 1
    assert (await people.get("joseph", f"/tasks/{tasks['water-company']}"))["queue_id"] == "water-company"
    status, answer = await people.ask("joseph", "GET", f"/tasks/{tasks['highways']}")
    assert (status, answer["detail"]) == (404, NO_SUCH_TASK)


@pytest.mark.parametrize("what", ["pick", "complete", "return", "transfer"])
async def test_what_a_partner_does_to_a_task_they_may_not_see_does_not_tell_that_it_exists(
    workshop: Workshop, people: People, what: str
) -> None:
    body = {"return": {"note": "No."}, "transfer": {"to_queue": "general", "note": "No."}}.get(what, {})
    await enqueue(workshop, service_code="564")
    [task] = (await people.get("mia", "/tasks"))["tasks"]
    hidden = await people.refused("joseph", what, task["task_id"], **body)
    assert hidden == await people.refused("joseph", what, new_id(), **body) == (404, NO_SUCH_TASK)
    assert (await people.refused("octavia", what, task["task_id"], **body))[0] in (403, 409)


async def test_an_offer_made_to_somebody_else_does_not_exist_for_a_partner(workshop: Workshop, people: People) -> None:
    offer = await an_offered_task(workshop)
    for answer in ("accept", "refuse"):
        found, missing = [
            await people.ask("joseph", "POST", f"/offers/{each}/{answer}") for each in (offer["offer_id"], new_id())
        ]
        assert (found[0], missing[0], found[1]["detail"]) == (404, 404, missing[1]["detail"])
        assert (await people.ask("grace", "POST", f"/offers/{offer['offer_id']}/{answer}"))[0] == 403


async def test_a_partner_who_repeats_a_command_is_answered_as_before_though_the_task_has_gone_elsewhere(
    workshop: Workshop, people: People
) -> None:
    await enqueue(workshop, service_code="drains")
    [task] = (await people.get("mia", "/tasks"))["tasks"]
    await people.do("joseph", "pick", task["task_id"])
    key = {"Authorization": f"Bearer {sign(people.house, 'joseph', [Role.PARTNER])}", "Idempotency-Key": str(new_id())}
    path, body = f"/routing/v1/tasks/{task['task_id']}/transfer", {"to_queue": "highways", "note": "A road."}
    first, again = [await people.client.post(path, json=body, headers=key) for _ in range(2)]
    assert (first.status, again.status, await first.json()) == (200, 200, await again.json())


async def test_whoever_is_a_partner_in_the_council_file_sees_no_more_with_another_token(
    workshop: Workshop, people: People
) -> None:
    await enqueue(workshop, service_code="763")
    token = sign(people.house, "joseph", [Role.ADVISER])
    headers = {"Authorization": f"Bearer {token}"}
    response = await people.client.get("/routing/v1/queues", headers=headers)
    assert [each["queue_id"] for each in (await response.json())["queues"]] == ["water-company"]


async def test_each_adviser_sees_what_the_council_file_says_of_them(people: People) -> None:
    assert await people.get("grace", "/advisers/me") == {
        "adviser_id": "grace",
        "presence": "away",
        "away_because": None,
        "queues": [
            {"queue_id": "general", "name": "General enquiries"},
            {"queue_id": "council-tax", "name": "Council tax and benefits"},
        ],
        "skills": ["council-tax", "welsh"],
        "capacity": 1,
        "free": 1,
    }
    assert (await people.ask("florence", "GET", "/advisers/me"))[0] == 403
