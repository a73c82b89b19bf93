"""What RabbitMQ and the way to it may do to the bus: die, be cut off, fall silent, refuse, lose queues."""

import asyncio
import gc
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage
from structlog.testing import capture_logs
from yarl import URL

from shared.bus.port import Topology
from shared.bus.rabbit import RabbitBus
from shared.errors import Invalid, Refused, Unavailable
from tests.parts.buses import HEADERS, SOON, Carrier, hear, hear_all, publish_at_last
from tests.parts.ports import free_port
from tests.parts.proxy import Proxy
from tests.parts.rabbit import PrivateRabbit, private_rabbit
from tests.parts.waiting import until

QUICKLY = 3.0


@pytest.fixture(autouse=True)
async def silence() -> AsyncIterator[None]:
    """No outage may leave a task or a future behind that nobody looked at."""
    noise: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    yield
    gc.collect()
    assert noise == []


@pytest.fixture
async def carrier(rabbit_url: str) -> AsyncIterator[Carrier]:
    made = Carrier(rabbit_url)
    yield made
    await made.close()


@pytest.fixture
async def proxy(rabbit_url: str) -> AsyncIterator[Proxy]:
    broker = URL(rabbit_url)
    async with Proxy(broker.host or "", broker.port or 5672) as made:
        yield made


def through(proxy: Proxy, carrier: Carrier) -> str:
    return str(URL(carrier.broker or "").with_host("127.0.0.1").with_port(proxy.port))


@pytest.fixture
def broker(rabbit_url: str) -> Iterator[PrivateRabbit]:
    """One to kill; asked for together with the shared one, because both are missing for the same reason."""
    with private_rabbit() as made:
        yield made


async def hear_until(bus: RabbitBus, last: str, heard: list[str]) -> None:
    """Listens as a service does: again and again, whatever happens to the connection."""
    async with asyncio.timeout(90):
        while last not in heard:
            try:
                async with bus.consume("crm", 0) as subscription:
                    while last not in heard:
                        delivery = await subscription.next()
                        heard.append(delivery.body.decode())
                        await delivery.acknowledge()
            except Unavailable:
                continue


def remembers(broker: PrivateRabbit, topology: Topology) -> bool:
    """RabbitMQ writes the names of new quorum queues a second late; killed before, it forgets their contents."""
    written = b"".join(file.read_bytes() for file in broker.folder.glob("data/*/quorum/*/names.dets"))
    return all(topology.mailbox(*key).encode() in written for key in topology.mailboxes())


def long_enough(heard: list[str], enough: int) -> bool:
    return len(heard) >= enough


async def test_a_killed_broker_loses_nothing_it_confirmed(broker: PrivateRabbit) -> None:
    speaking, hearing = RabbitBus(broker.url), RabbitBus(broker.url)
    topology = Carrier(broker.url).topology
    await speaking.declare(topology)
    await until(partial(remembers, broker, topology), what="RabbitMQ writing down its new queues")
    await hearing.check(topology)
    confirmed: list[str] = []
    heard: list[str] = []

    async def say_until(count: int) -> None:
        for number in itertools.count(len(confirmed)):
            if number == count:
                return
            await publish_at_last(speaking, str(number).encode())
            confirmed.append(str(number))

    with capture_logs() as logs:
        async with asyncio.TaskGroup() as together:
            together.create_task(hear_until(hearing, "199", heard))
            saying = together.create_task(say_until(200))
            for enough in (40, 120):
                await until(partial(long_enough, heard, enough), within=60)
                await asyncio.to_thread(broker.kill)
                await until(lambda: not hearing.connected, within=QUICKLY)
                await asyncio.to_thread(broker.start)
            await saying
    first_time = list(dict.fromkeys(heard))
    assert first_time == [str(number) for number in range(200)]
    # Two buses, two outages: each said once that it began and once that it was over.
    said = Counter(line["event"] for line in logs)
    assert said["broker away"] <= 4, logs
    assert said["broker back"] <= 4, logs
    await asyncio.gather(speaking.close(), hearing.close())


async def test_a_cut_while_a_confirm_is_awaited_is_noticed_at_once(carrier: Carrier, proxy: Proxy) -> None:
    bus = await carrier.join()
    cut_off = RabbitBus(through(proxy, carrier))
    await cut_off.check(carrier.topology)
    await cut_off.publish("routing", 0, b"before", HEADERS)
    proxy.hold_answers()
    counted = proxy.sent
    waiting = asyncio.create_task(cut_off.publish("routing", 0, b"x" * 100_000, HEADERS))
    await until(lambda: proxy.sent - counted > 100_000, within=SOON)
    proxy.cut()
    proxy.let_answers_through()
    with pytest.raises(Unavailable):
        await asyncio.wait_for(waiting, QUICKLY)
    await publish_at_last(cut_off, b"after", speaker="routing")
    async with bus.consume("crm", 0) as subscription:
        assert await hear_all(subscription, 1) == ["before"]
        maybe = await hear_all(subscription, 1)
        assert maybe == ["after"] or await hear_all(subscription, 1) == ["after"]
    await cut_off.close()


async def test_a_cut_while_listening_hands_everything_over_again(carrier: Carrier, proxy: Proxy) -> None:
    bus = await carrier.join()
    cut_off = RabbitBus(through(proxy, carrier))
    await cut_off.check(carrier.topology)
    for body in (b"one", b"two", b"three"):
        await bus.publish("routing", 0, body, HEADERS)
    async with cut_off.consume("crm", 0) as subscription:
        held = [await hear(subscription) for _ in range(3)]
        proxy.cut()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(subscription.next(), QUICKLY)
        assert subscription.ready() is None
        with pytest.raises(Unavailable):
            await held[0].acknowledge()
    async with cut_off.consume("crm", 0) as subscription:
        again = [await hear(subscription) for _ in range(3)]
        assert [delivery.body for delivery in again] == [b"one", b"two", b"three"]
        assert again[0].redelivered
    await cut_off.close()


async def test_many_waiting_on_one_connection_are_all_told(carrier: Carrier, proxy: Proxy) -> None:
    carrier.topology = replace(carrier.topology, partitions=16)
    await carrier.join()
    cut_off = RabbitBus(through(proxy, carrier))
    await cut_off.check(carrier.topology)
    await cut_off.publish("routing", 0, b"", HEADERS)
    proxy.hold_answers()
    counted = proxy.sent
    publishing = [
        asyncio.create_task(cut_off.publish("routing", partition, b"x" * 20_000, HEADERS)) for partition in range(16)
    ]
    await until(lambda: proxy.sent - counted > 16 * 20_000, within=SOON)
    proxy.cut()
    outcomes = await asyncio.wait_for(asyncio.gather(*publishing, return_exceptions=True), QUICKLY)
    assert {type(outcome) for outcome in outcomes} == {Unavailable}
    await cut_off.close()


async def test_a_silent_broker_is_waited_for_only_so_long(carrier: Carrier, proxy: Proxy) -> None:
    bus = await carrier.join()
    impatient = RabbitBus(through(proxy, carrier), patience=0.5)
    await impatient.check(carrier.topology)
    await impatient.publish("routing", 0, b"one", HEADERS)
    proxy.hold_answers()
    for asking in (impatient.publish("routing", 0, b"two", HEADERS), impatient.check(carrier.topology)):
        with pytest.raises(Unavailable, match=r"no answer|was lost"):
            await asyncio.wait_for(asking, 10)
    proxy.let_answers_through()
    await publish_at_last(impatient, b"three", speaker="routing")
    async with bus.consume("crm", 0) as subscription:
        assert await hear_all(subscription, 3) == ["one", "two", "three"]
    await impatient.close()


async def test_a_publisher_cancelled_before_the_confirm_leaves_the_bus_usable(carrier: Carrier, proxy: Proxy) -> None:
    await carrier.join()
    bus = RabbitBus(through(proxy, carrier))
    await bus.check(carrier.topology)
    await bus.publish("routing", 0, b"one", HEADERS)
    proxy.hold_answers()
    counted = proxy.sent
    waiting = asyncio.create_task(bus.publish("routing", 0, b"x" * 50_000, HEADERS))
    await until(lambda: proxy.sent - counted > 50_000, within=SOON)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    proxy.let_answers_through()
    await asyncio.wait_for(bus.publish("routing", 0, b"two", HEADERS), SOON)
    await bus.close()


async def test_nobody_at_the_address_is_one_sentence_without_the_password() -> None:
    port = free_port()
    bus = RabbitBus(f"amqp://council:hush-hush@127.0.0.1:{port}/")
    advice = "start RabbitMQ there or set ACCESSPOINT_AMQP_URL"
    with capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                await asyncio.wait_for(bus.reach(), QUICKLY)
            assert str(caught.value) == f"The broker at amqp://127.0.0.1:{port} cannot be reached: {advice}"
    assert [line["event"] for line in logs] == ["broker away"]
    assert "hush" not in repr(logs)
    await bus.close()


async def test_a_wrong_password_is_named_and_not_shown(rabbit_url: str) -> None:
    url = URL(rabbit_url).with_user("council").with_password("hush-hush")
    bus = RabbitBus(str(url))
    with pytest.raises(Unavailable, match="refuses the name or password") as caught:
        await bus.reach()
    assert "hush" not in str(caught.value)
    await bus.close()


@pytest.mark.parametrize("url", ["", "postgresql://x/y", "amqp://", "amqp://host:port/", "127.0.0.1:5672"])
def test_an_unreadable_address_says_how_to_write_it(url: str) -> None:
    with pytest.raises(Invalid, match="write it like"):
        RabbitBus(url)


async def test_a_queue_made_differently_is_named(carrier: Carrier) -> None:
    name = carrier.topology.mailbox("crm", 2)
    connection = await aio_pika.connect(carrier.broker)
    async with connection:
        channel = await connection.channel()
        await channel.declare_queue(name, durable=True)
    bus = RabbitBus(carrier.broker or "")
    with pytest.raises(Refused, match=f"{name}.*run `accesspoint migrate` again"):
        await bus.declare(carrier.topology)
    await bus.close()


async def test_deleted_mailboxes_are_noticed_by_listener_publisher_and_check(carrier: Carrier) -> None:
    bus = await carrier.join()
    connection = await aio_pika.connect(carrier.broker)
    async with connection, bus.consume("crm", 0) as subscription:
        channel = await connection.channel()
        await channel.queue_delete(carrier.topology.mailbox("crm", 0))
        with pytest.raises(Unavailable):
            await hear(subscription)
        with pytest.raises(Unavailable, match=r"No mailbox takes routing\.00: run `accesspoint migrate`"):
            await bus.publish("routing", 0, b"", HEADERS)
        with pytest.raises(Unavailable, match=r"crm\.00: run `accesspoint migrate`"):
            await bus.check(carrier.topology)
        await channel.exchange_delete(carrier.topology.prefix)
        with pytest.raises(Unavailable, match="run `accesspoint migrate`"):
            await bus.publish("intake", 0, b"", HEADERS)
        await bus.declare(carrier.topology)
        await bus.publish("routing", 0, b"", HEADERS)


async def test_other_systems_get_events_by_name(carrier: Carrier) -> None:
    bus = await carrier.join()
    connection = await aio_pika.connect(carrier.broker)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(f"{carrier.topology.prefix}.events", "enquiry.*")
        await bus.announce("citizen.merged", b"no", HEADERS)
        await bus.announce("enquiry.received", b"yes", HEADERS)
        arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await queue.consume(arrived.put)
        got = await asyncio.wait_for(arrived.get(), SOON)
        assert (got.body, got.routing_key, got.content_type) == (b"yes", "enquiry.received", "text/plain")


async def test_a_topology_that_was_extended_must_be_declared_again(carrier: Carrier) -> None:
    bus = await carrier.join()
    heard: dict[str, tuple[str, ...]] = {"crm": ("intake", "routing", "sla"), "routing": ("intake",)}
    extended = Topology(carrier.topology.prefix, heard, partitions=4)
    with pytest.raises(Unavailable, match="run `accesspoint migrate`"):
        await bus.check(extended)
    await bus.declare(extended)
    await bus.check(extended)
    await bus.publish("sla", 1, b"clock started", HEADERS)
    async with bus.consume("crm", 1) as subscription:
        assert await hear_all(subscription, 1) == ["clock started"]
