"""Work that goes from office to office: handed over, accepted, returned, and passed to a partner."""

from tests.journeys.anytown import Anytown


async def test_the_back_office_accepts_a_hand_over_and_returns_it(anytown: Anytown) -> None:
    receipt = await anytown.reports("A strange smell on the High Street")
    enquiry = receipt["enquiry_id"]
    ada, isambard = anytown.person("ada"), anytown.person("isambard")
    front = await ada.takes(enquiry)
    await ada.decides(enquiry, "work", queue="highways", note="Please look at the surface of the road.")
    await ada.does(front, "complete")
    await ada.come("away")

    back = await isambard.takes(enquiry)
    assert back != front
    await isambard.clock(enquiry, "hand-over-accepted", "met")
    await isambard.clock(enquiry, "answer", "running")
    returned = await isambard.does(back, "return", note="The road is sound: it comes from the bakery.")
    assert (returned["queue_id"], returned["state"]) == ("general", "waiting")

    again = await ada.takes(enquiry)
    assert again == back
    record = await ada.sees(enquiry, lambda record: "bakery" in str(record["timeline"]), "the note of the return")
    assert record["state"] == "open"
    await ada.decides(enquiry, "answers", kind="full", text="It is the bakery, and harmless.")
    await ada.does(again, "complete")
    await ada.decides(enquiry, "resolution", resolution="answered")
    await anytown.citizen.sees(receipt["reference"], "resolved")
    await ada.clock(enquiry, "answer", "met")


async def test_a_task_transferred_to_a_partner_keeps_its_place_and_its_promise(anytown: Anytown) -> None:
    receipt = await anytown.reports("Our cellar is wet")
    enquiry = receipt["enquiry_id"]
    ada, joseph, olive = (anytown.person(name) for name in ("ada", "joseph", "olive"))
    task = await ada.takes(enquiry)
    before = await ada.ask("GET", f"/routing/v1/tasks/{task}")
    hidden = await joseph.says("GET", f"/crm/v1/enquiries/{enquiry}")
    assert hidden.status == 404

    moved = await ada.does(task, "transfer", to_queue="water-company", note="It is the main.")
    assert (moved["queue_id"], moved["enqueued_at"]) == ("water-company", before["enqueued_at"])
    assert await joseph.takes(enquiry) == task
    await joseph.sees(enquiry, lambda record: record["state"] == "open", "the partner seeing the record")
    await olive.clock(enquiry, "answer", "running")
    await joseph.decides(enquiry, "answers", kind="full", text="We have mended the main.")
    await joseph.does(task, "complete")
    await olive.clock(enquiry, "answer", "met")
    await anytown.citizen.sees(receipt["reference"], "answered")
