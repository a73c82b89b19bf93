"""What happens when the broker is away for long, or comes back with nothing left of what it held."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.cli.house import SERVICES, service_named
from shared.bus.rabbit import RabbitBus
from shared.runtime import Replica, stop_all, topology_of
from shared.timesource import TimeSource
from tests.faults.records import records_of
from tests.faults.replicas import start, started, submit, until_sent
from tests.parts.ledger import not_once, unheard, until_all_is_heard
from tests.parts.programs import carry_out
from tests.parts.rabbit import PrivateRabbit, private_rabbit
from tests.parts.waiting import until

PREFIX = "accesspoint"
NOTHING_LATE = "SELECT count(*) = 0 FROM sla.clocks WHERE state = 'running' AND due_at < $1"
WRONGLY_DUE = """
SELECT c.enquiry_id FROM sla.clocks c JOIN intake.submissions s USING (enquiry_id)
 WHERE c.due_at <> s.received_at + interval '1 day' OR c.started_at <> s.received_at
"""


@pytest.fixture
def broker(rabbit_url: str) -> Iterator[PrivateRabbit]:
    """One to kill; asked for together with the shared one, because both are missing for the same reason."""
    assert rabbit_url
    with private_rabbit() as made:
        yield made


async def test_p18_intake_accepts_for_a_week_without_a_broker_and_then_all_is_delivered(
    database: str, broker: PrivateRabbit
) -> None:
    bus = RabbitBus(broker.url)
    await bus.declare(topology_of(SERVICES, PREFIX))
    async with started(database, bus) as replicas:
        intake = replicas[0].workshop
        await asyncio.to_thread(broker.stop)
        enquiries = []
        for day in range(8):
            for replica in replicas:
                replica.workshop.timesource = TimeSource(timedelta(days=day))
            enquiries += await submit(intake, 3)
        assert len(await unheard(database)) > 0
        await asyncio.to_thread(broker.start)
        await until_all_is_heard(database, within=60)
        async with records_of(database) as records, intake.reading() as db:
            now = await intake.timesource.now(db)
            await until(lambda: records.value(NOTHING_LATE, now), within=80, what="every broken promise judged")
            assert await records.column(WRONGLY_DUE) == []
            states = await records.rows("SELECT state, count(*) FROM sla.clocks GROUP BY state ORDER BY state")
        await until_all_is_heard(database)
    await bus.close()
    assert await not_once(database, enquiries) == {}
    assert [tuple(row) for row in states] == [("breached", 21), ("running", 3)]


async def test_what_a_broker_has_lost_with_its_data_is_sent_again(
    database: str, broker: PrivateRabbit, tmp_path: Path
) -> None:
    """Some of it was heard before, some lay in the broker's queues, and some had not been sent yet."""
    bus = RabbitBus(broker.url)
    await bus.declare(topology_of(SERVICES, PREFIX))
    replicas = {service.name: await start(database, bus, service) for service in SERVICES}
    intake = replicas["intake"]
    enquiries = await submit(intake.workshop, 5)
    await until_all_is_heard(database)
    for name in ("routing", "crm", "sla"):
        await replicas.pop(name).stop()
    enquiries += await submit(intake.workshop, 5)
    await until_sent(intake.workshop)
    await asyncio.to_thread(broker.wipe)
    await asyncio.to_thread(broker.start)
    enquiries += await submit(intake.workshop, 5)
    await until(lambda: "accesspoint migrate" in str(intake.health.ready()), what="advice")
    house = {
        "ACCESSPOINT_DATABASE_URL": database,
        "ACCESSPOINT_AMQP_URL": broker.url,
        "ACCESSPOINT_DATA": str(tmp_path),
    }
    carry_out(["migrate"], house)
    for service in SERVICES:
        carry_out(["resend", service.name, "--from", "1"], house)
    for name in ("sla", "crm", "routing"):
        replicas[name] = await start(database, bus, service_named(name))
    await until_all_is_heard(database)
    await stop_in_order(replicas)
    await bus.close()
    assert await not_once(database, enquiries) == {}


async def stop_in_order(replicas: dict[str, Replica]) -> None:
    await stop_all(list(replicas.values()))
