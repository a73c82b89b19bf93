"""Services may be started in any order, whatever has been posted before."""

from itertools import permutations
from uuid import uuid4

import pytest

from services.cli.house import SERVICES, service_named
from shared.bus.local import LocalBus
from shared.bus.rabbit import RabbitBus
from shared.runtime import topology_of
from tests.builders import a_workshop
from tests.faults.replicas import started, submit
from tests.parts.ledger import not_once, unheard, until_all_is_heard

NAMES = [service.name for service in SERVICES]
ON_RABBIT = [("sla", "crm", "routing", "intake"), ("crm", "intake", "sla", "routing")]


@pytest.mark.parametrize("first", NAMES)
async def test_services_started_in_every_order_find_the_posts_that_wait(database: str, first: str) -> None:
    """All six orders that begin with this one, each with two new posts waiting."""
    enquiries: list[str] = []
    for order in permutations(NAMES):
        if order[0] == first:
            async with a_workshop(database, "intake") as intake:
                enquiries += await submit(intake, 2)
            assert await unheard(database)
            bus = LocalBus()
            await bus.declare(topology_of(SERVICES, "accesspoint"))
            async with started(database, bus, map(service_named, order)):
                await until_all_is_heard(database)
            await bus.close()
            assert await not_once(database, enquiries) == {}, order


@pytest.mark.parametrize("order", ON_RABBIT, ids="-".join)
async def test_on_rabbitmq_too_the_order_of_starting_makes_no_difference(
    database: str, rabbit_url: str, order: tuple[str, ...]
) -> None:
    prefix = f"order-{uuid4().hex[:8]}"
    async with a_workshop(database, "intake") as intake:
        enquiries = await submit(intake, 5)
    bus = RabbitBus(rabbit_url)
    await bus.declare(topology_of(SERVICES, prefix))
    async with started(database, bus, map(service_named, order), prefix):
        await until_all_is_heard(database)
    await bus.close()
    assert await not_once(database, enquiries) == {}
