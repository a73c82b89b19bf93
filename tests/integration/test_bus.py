"""What every carrier of the bus promises: one suite, run on each."""

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shared.bus.local import LocalBus
from shared.bus.port import Bus, Delivery
from shared.bus.rabbit import RabbitBus
from shared.errors import Unavailable
from tests.parts.buses import HEADERS, SOON, Carrier, hear, hear_all, publishing
from tests.parts.waiting import until


@pytest.fixture(params=["local", "rabbit"])
async def carrier(request: pytest.FixtureRequest) -> AsyncIterator[Carrier]:
    """Also holds the carrier to making no noise: nothing goes wrong where nobody looks."""
    noise: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    made = Carrier(request.getfixturevalue("rabbit_url") if request.param == "rabbit" else None)
    try:
        yield made
    finally:
        await made.close()
    gc.collect()
    assert noise == []


async def test_a_partition_is_heard_in_the_order_it_was_said(carrier: Carrier) -> None:
    bus = await carrier.join()
    said = [f"event {number}" for number in range(40)]

    async def say_one_by_one() -> None:
        for body in said:
            await bus.publish("routing", 1, body.encode(), HEADERS)

    async with bus.consume("crm", 1) as subscription, asyncio.TaskGroup() as together:
        together.create_task(say_one_by_one())
        assert await hear_all(subscription, len(said)) == said


async def test_each_listener_gets_what_it_hears_and_nothing_else(carrier: Carrier) -> None:
    bus = await carrier.join()
    async with publishing(bus, keeps=carrier.keeps) as publisher:
        await publisher.say("only crm", speaker="routing")
        await publisher.say("both")
        async with bus.consume("crm", 0) as crm, bus.consume("routing", 0) as routing:
            assert await hear_all(crm, 2) == ["only crm", "both"]
            assert await hear_all(routing, 1) == ["both"]
            await publisher.done()
            assert crm.ready() is None
            assert routing.ready() is None


async def test_a_delivery_says_who_spoke_and_carries_the_headers(carrier: Carrier) -> None:
    bus = await carrier.join()
    async with publishing(bus, keeps=carrier.keeps) as publisher, bus.consume("crm", 3) as subscription:
        await publisher.say("hello", speaker="routing", partition=3)
        delivery = await hear(subscription)
        assert (delivery.speaker, delivery.body, dict(delivery.headers)) == ("routing", b"hello", HEADERS)
        await delivery.acknowledge()


async def test_what_was_not_acknowledged_comes_again_in_order_and_says_so(carrier: Carrier) -> None:
    bus = await carrier.join()
    async with publishing(bus, keeps=carrier.keeps) as publisher:
        await publisher.say("one", "two", "three", "four", speaker="routing")
        async with bus.consume("crm", 0) as first:
            done = await hear(first)
            await done.acknowledge()
            held = [await hear(first) for _ in range(2)]
        with pytest.raises(Unavailable):
            await held[0].acknowledge()
        async with bus.consume("crm", 0) as second:
            again = [await hear(second) for _ in range(3)]
            assert [delivery.body for delivery in again] == [b"two", b"three", b"four"]
            assert [delivery.redelivered for delivery in again[:2]] == [True, True]
            for delivery in again:
                await delivery.acknowledge()
        await publisher.done()


async def test_what_was_acknowledged_does_not_come_again(carrier: Carrier) -> None:
    bus = await carrier.join()
    async with publishing(bus, keeps=carrier.keeps) as publisher:
        await publisher.say("one", "two", speaker="routing")
        async with bus.consume("crm", 0) as first:
            assert await hear_all(first, 1) == ["one"]
        async with bus.consume("crm", 0) as second:
            assert await hear_all(second, 1) == ["two"]
            await publisher.say("three", speaker="routing")
            assert await hear_all(second, 1) == ["three"]


async def test_one_consumer_at_a_time_and_the_next_takes_over_when_it_leaves(carrier: Carrier) -> None:
    bus, replica = await carrier.join(), await carrier.join()
    async with publishing(bus, keeps=carrier.keeps) as publisher, replica.consume("crm", 0) as heir:
        async with bus.consume("crm", 2) as first, replica.consume("crm", 2) as second:
            await publisher.say("one", speaker="routing", partition=2)
            assert await hear_all(first, 1) == ["one"]
            await publisher.say("two", speaker="routing", partition=2)
            held = await hear(first)
            # Another partition's message came through the same connection meanwhile: `second` got none.
            await publisher.say("elsewhere", speaker="routing")
            assert await hear_all(heir, 1) == ["elsewhere"]
            assert second.ready() is None
            assert held.body == b"two"
        async with replica.consume("crm", 2) as third:
            assert await hear_all(third, 1) == ["two"]


async def test_a_waiting_consumer_inherits_what_the_active_one_held(carrier: Carrier) -> None:
    bus, replica = await carrier.join(), await carrier.join()
    leave = asyncio.Event()

    async def hold_until_told() -> None:
        async with bus.consume("crm", 0) as active:
            await hear(active)
            holding.set()
            await leave.wait()

    holding = asyncio.Event()
    async with publishing(bus, keeps=carrier.keeps) as publisher, asyncio.TaskGroup() as together:
        together.create_task(hold_until_told())
        await publisher.say("one", "two", speaker="routing")
        await asyncio.wait_for(holding.wait(), SOON)
        async with replica.consume("crm", 0) as waiting:
            assert waiting.ready() is None
            leave.set()
            inherited = await hear(waiting)
            assert (inherited.body, inherited.redelivered) == (b"one", True)
            await inherited.acknowledge()
            assert await hear_all(waiting, 1) == ["two"]
            await publisher.done()


async def test_what_nobody_consumes_yet_is_kept_or_waited_for(carrier: Carrier) -> None:
    bus = await carrier.join()
    async with publishing(bus, keeps=carrier.keeps) as publisher:
        await publisher.say("one", "two", speaker="routing")
        assert [task.done() for task in publisher.tasks] == [carrier.keeps] * 2
        async with bus.consume("crm", 0) as subscription:
            assert subscription.backlog == 2
            assert await hear_all(subscription, 2) == ["one", "two"]
        await publisher.done()
        async with bus.consume("crm", 0) as subscription:
            assert subscription.backlog == 0


async def test_a_batch_is_filled_with_what_is_already_here(carrier: Carrier) -> None:
    bus = await carrier.join()
    async with publishing(bus, keeps=carrier.keeps) as publisher, bus.consume("crm", 0) as subscription:
        await publisher.say("one", "two", "three", speaker="routing")
        batch = [await hear(subscription)]
        here: list[Delivery] = []

        def all_here() -> bool:
            if (delivery := subscription.ready()) is not None:
                here.append(delivery)
            return len(here) == 2

        await until(all_here, what="what is already here")
        batch += here
        assert [delivery.body for delivery in batch] == [b"one", b"two", b"three"]
        assert subscription.ready() is None
        for delivery in batch:
            await delivery.acknowledge()


async def test_a_publish_given_up_may_be_repeated(carrier: Carrier) -> None:
    bus = await carrier.join()
    async with publishing(bus, keeps=carrier.keeps) as publisher:
        given_up = asyncio.create_task(bus.publish("routing", 0, b"one", HEADERS))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        await publisher.say("one", "two", speaker="routing")
        async with bus.consume("crm", 0) as subscription:
            bodies = await hear_all(subscription, 2)
            if bodies == ["one", "one"]:
                bodies = ["one", *await hear_all(subscription, 1)]
            assert bodies == ["one", "two"]
        await publisher.done()


async def test_a_consumer_that_is_cancelled_makes_room(carrier: Carrier) -> None:
    bus = await carrier.join()
    opened = asyncio.Event()

    async def wait_for_ever() -> None:
        async with bus.consume("crm", 0) as subscription:
            opened.set()
            await subscription.next()

    waiting = asyncio.create_task(wait_for_ever())
    await asyncio.wait_for(opened.wait(), SOON)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with publishing(bus, keeps=carrier.keeps) as publisher, bus.consume("crm", 0) as subscription:
        await publisher.say("one", speaker="routing")
        assert await hear_all(subscription, 1) == ["one"]


async def test_partitions_and_services_go_side_by_side(carrier: Carrier) -> None:
    carrier.topology = replace(carrier.topology, partitions=16)
    speaking, hearing = await carrier.join(), await carrier.join()
    said = [f"event {number}" for number in range(12)]
    partitions = range(16)

    async def say(partition: int) -> None:
        for body in said:
            await speaking.publish("intake", partition, body.encode(), HEADERS)

    async def listen(listener: str, partition: int) -> list[str]:
        async with hearing.consume(listener, partition) as subscription:
            return await hear_all(subscription, len(said))

    async with asyncio.timeout(60):
        listeners = [listen(name, partition) for name in ("crm", "routing") for partition in partitions]
        heard = await asyncio.gather(*listeners, *(say(partition) for partition in partitions))
    assert heard[:32] == [said] * 32


async def test_what_nobody_hears_is_said_at_once(carrier: Carrier) -> None:
    bus = await carrier.join()
    await asyncio.wait_for(bus.publish("sla", 0, b"clock started", HEADERS), SOON)


async def test_events_for_other_systems_are_nobodys_delivery(carrier: Carrier) -> None:
    bus = await carrier.join()
    await asyncio.wait_for(bus.announce("enquiry.received", b"{}", HEADERS), SOON)
    async with bus.consume("crm", 0) as subscription:
        assert subscription.backlog == 0


async def test_a_message_of_the_largest_size(carrier: Carrier) -> None:
    bus = await carrier.join()
    body = "x" * 256 * 1024
    async with publishing(bus, keeps=carrier.keeps) as publisher, bus.consume("crm", 0) as subscription:
        await publisher.say(body, speaker="routing")
        assert await hear_all(subscription, 1) == [body]


async def test_what_was_never_declared_is_named(carrier: Carrier) -> None:
    bus: Bus = LocalBus() if carrier.broker is None else RabbitBus(carrier.broker)
    try:
        with pytest.raises(Unavailable, match="call declare or check"):
            await bus.publish("intake", 0, b"", HEADERS)
        with pytest.raises(Unavailable, match=carrier.topology.prefix):
            await bus.check(carrier.topology)
        with pytest.raises(Unavailable):
            async with bus.consume("crm", 0):
                pass
        await bus.declare(carrier.topology)
        await bus.check(carrier.topology)
        with pytest.raises(Unavailable, match=r"nobody\.00"):
            async with bus.consume("nobody", 0):
                pass
        heard_more = replace(carrier.topology, speakers_heard={**carrier.topology.speakers_heard, "sla": ()})
        with pytest.raises(Unavailable, match=carrier.topology.prefix):
            await bus.check(heard_more)
    finally:
        await bus.close()


async def test_declaring_again_changes_nothing(carrier: Carrier) -> None:
    bus = await carrier.join()
    async with publishing(bus, keeps=carrier.keeps) as publisher:
        await publisher.say("one", speaker="routing")
        await bus.declare(carrier.topology)
        async with bus.consume("crm", 0) as subscription:
            assert await hear_all(subscription, 1) == ["one"]


async def test_closing_tells_whoever_waits(carrier: Carrier) -> None:
    bus = await carrier.join()
    async with bus.consume("crm", 0) as subscription:
        waiting = asyncio.create_task(subscription.next())
        await asyncio.sleep(0)
        await bus.close()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(waiting, SOON)
    assert not bus.connected
    for asking in (bus.publish("intake", 0, b"", HEADERS), bus.reach(), bus.check(carrier.topology)):
        with pytest.raises(Unavailable):
            await asyncio.wait_for(asking, SOON)
