"""Offers that are refused, and offers that nobody answers: the task waits in its old place and finds somebody else."""

from tests.journeys.anytown import Anytown
from tests.parts.waiting import until


async def test_a_refused_offer_and_a_lapsed_one_leave_the_task_to_somebody_else(anytown: Anytown) -> None:
    enquiry = (await anytown.reports("A letter I do not understand"))["enquiry_id"]
    ada, grace, mary = (anytown.person(name) for name in ("ada", "grace", "mary"))
    await ada.come()
    first = await ada.is_offered(enquiry)
    waiting_since = (await ada.ask("GET", f"/routing/v1/tasks/{first['task_id']}"))["enqueued_at"]
    assert (await ada.says("POST", f"/routing/v1/offers/{first['offer_id']}/refuse")).status == 204
    await grace.come()
    second = await grace.is_offered(enquiry)
    assert second["task_id"] == first["task_id"]
    taken = await ada.says("POST", f"/routing/v1/offers/{second['offer_id']}/accept")
    assert taken.status == 403

    async def grace_has_let_it_lapse() -> bool:
        return not (await grace.ask("GET", "/routing/v1/offers"))["offers"]

    await until(grace_has_let_it_lapse, what="the lease ending")
    late = await grace.says("POST", f"/routing/v1/offers/{second['offer_id']}/accept")
    assert (late.status, "lapsed" in late.fields["detail"]) == (409, True)
    task = await mary.takes(enquiry)
    assert task == first["task_id"]
    assert (await mary.ask("GET", f"/routing/v1/tasks/{task}"))["enqueued_at"] == waiting_since
