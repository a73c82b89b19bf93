"""Other systems hear every event, one by one, with nothing personal in it."""

import json

import aio_pika

from shared.announcing import Announcer
from shared.bus.rabbit import RabbitBus
from shared.contracts.intake import EnquiryReceived
from shared.health import Health
from shared.relay import Relay
from shared.runtime import topology_of
from shared.vocabulary import enquiry_subject, new_id
from shared.work import Work
from tests.builders import a_workshop, an_enquiry_received
from tests.integration.kernel.toys import a_cause
from tests.parts.waiting import until


async def test_other_systems_hear_what_happened_but_nothing_personal(database: str, rabbit_url: str) -> None:
    bus = RabbitBus(rabbit_url)
    prefix = f"test-{new_id().hex}"
    await bus.declare(topology_of([], prefix))
    connection = await aio_pika.connect(rabbit_url)
    queue = await (await connection.channel()).declare_queue(exclusive=True)
    await queue.bind(f"{prefix}.events", routing_key="enquiry.*")
    event = an_enquiry_received()

    async def say(work: Work) -> None:
        work.say(event)

    async with a_workshop(database, "intake") as workshop:
        announcer = Announcer(bus, [EnquiryReceived], "anytown.example")
        relay = Relay(workshop, bus, "anytown.example", Health(), announcer)
        await workshop.run([enquiry_subject(event.enquiry_id)], say, a_cause())
        await relay.turn()
        message = await until(lambda: queue.get(fail=False), what="the announced event")
        await message.ack()

    shown = json.loads(message.body)
    assert message.content_type == "application/cloudevents+json"
    assert (shown["type"], shown["subject"]) == ("accesspoint.enquiry.received", enquiry_subject(event.enquiry_id))
    assert shown["data"]["reference"] == event.reference
    assert not {"title", "text", "place", "citizen_name", "citizen_email"} & shown["data"].keys()
    await connection.close()
    await bus.close()


async def test_what_the_broker_gives_up_on_is_counted(rabbit_url: str) -> None:
    bus = RabbitBus(rabbit_url)
    prefix = f"test-{new_id().hex}"
    await bus.declare(topology_of([], prefix))
    assert await bus.dead_letters() == 0
    connection = await aio_pika.connect(rabbit_url)
    exchange = await (await connection.channel()).get_exchange(f"{prefix}.dead", ensure=False)
    await exchange.publish(aio_pika.Message(b"[]"), routing_key="")
    await until(bus.dead_letters, what="the dead letter")
    await connection.close()
    await bus.close()
