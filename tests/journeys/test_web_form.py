"""The thin journey: a web form is received, queued, recorded and clocked, answered by an adviser, and resolved."""

import asyncio
from typing import Any

import aiohttp

from services.cli.desk import ANSWER
from tests.parts.house import House
from tests.parts.ledger import not_once, until_all_is_heard
from tests.parts.people import Citizen, PatientDesk, Shift, desk_of
from tests.parts.waiting import until


async def waiting(desk: PatientDesk) -> dict[str, int]:
    """How many tasks stand where, on all queues."""
    queues = (await desk.ask("GET", "/routing/v1/queues"))["queues"]
    return {state: sum(queue[state] for queue in queues) for state in ("waiting", "offered", "assigned")}


async def ada_takes_it(ada: PatientDesk, enquiry_id: str) -> str:
    """The task."""
    await ada.come()
    offer = await ada.offer()
    assert offer is not None
    assert offer["enquiry_id"] == enquiry_id
    assert await waiting(ada) == {"waiting": 0, "offered": 1, "assigned": 0}
    task = await ada.ask("POST", f"/routing/v1/offers/{offer['offer_id']}/accept")
    assert (task["state"], task["assigned_to"]) == ("assigned", "ada")
    return str(task["task_id"])


async def the_clock(desk: PatientDesk, enquiry_id: str, state: str) -> dict[str, Any]:
    async def shown() -> dict[str, Any] | None:
        clocks: list[dict[str, Any]] = (await desk.ask("GET", f"/sla/v1/clocks/{enquiry_id}"))["clocks"]
        assert len(clocks) == 1
        return clocks[0] if clocks[0]["state"] == state else None

    return await until(shown, what=f"the clock being {state}")


async def test_a_web_form_travels_from_the_citizen_to_an_answer_and_back(
    house: House, session: aiohttp.ClientSession
) -> None:
    citizen, ada = Citizen(session, house), desk_of(session, house, "ada")
    receipt = await citizen.report("Street light is out", "The lamp outside number 12 is dark.")
    reference, enquiry_id = receipt["reference"], receipt["enquiry_id"]
    tracked = await citizen.track(reference)
    assert (tracked["state"], tracked["answered_at"]) == ("received", None)
    await until_all_is_heard(house.database_url)
    assert await waiting(ada) == {"waiting": 1, "offered": 0, "assigned": 0}
    assert (await citizen.track(reference))["acknowledge_by"] is not None
    assert (await the_clock(ada, enquiry_id, "running"))["standard"] == "acknowledgement"

    task_id = await ada_takes_it(ada, enquiry_id)
    await citizen.sees(reference, "being_dealt_with")
    record = await ada.record(enquiry_id)
    assert (record["text"], record["state"]) == ("The lamp outside number 12 is dark.", "open")
    assert [(contact["channel"], contact["direction"]) for contact in record["contacts"]] == [("web", "inbound")]
    path = f"/crm/v1/enquiries/{enquiry_id}"
    record = await ada.ask("POST", f"{path}/answers", {"kind": "full", "text": ANSWER}, record["version"])
    await citizen.sees(reference, "answered")
    assert (await ada.ask("POST", f"/routing/v1/tasks/{task_id}/complete"))["state"] == "completed"
    clock = await the_clock(ada, enquiry_id, "met")
    assert [line["entry"] for line in clock["ledger"]] == ["started", "met"]

    await ada.ask("POST", f"{path}/resolution", {"resolution": "done"}, record["version"])
    seen = await citizen.sees(reference, "resolved")
    assert (seen["answered_at"], seen["kept"]) == (clock["stopped_at"], True)
    await ada.come("away")
    await until_all_is_heard(house.database_url)
    assert await waiting(ada) == {"waiting": 0, "offered": 0, "assigned": 0}
    told = [(entry["kind"], entry["actor"]) for entry in (await ada.record(enquiry_id))["timeline"]]
    # The citizen gave no address: that no message could be sent stands in the record.
    by_ada = ("assigned", "answered", "failed", "resolved")
    assert told == [("received", "public"), *((kind, "adviser/ada") for kind in by_ada)]
    assert await not_once(house.database_url, [enquiry_id], finished=True) == {}


async def test_many_citizens_and_three_advisers_end_with_every_enquiry_resolved_once(
    house: House, session: aiohttp.ClientSession
) -> None:
    citizen = Citizen(session, house)
    receipts = await asyncio.gather(*(citizen.report(f"Bin {number} was not emptied") for number in range(24)))
    enquiries = frozenset(receipt["enquiry_id"] for receipt in receipts)
    await Shift(session, house, enquiries).work("ada", "grace", "mary")
    for receipt in receipts:
        assert (await citizen.sees(receipt["reference"], "resolved"))["kept"] is True
    await until_all_is_heard(house.database_url)
    assert await not_once(house.database_url, enquiries, finished=True) == {}
    assert await waiting(desk_of(session, house, "ada")) == {"waiting": 0, "offered": 0, "assigned": 0}
