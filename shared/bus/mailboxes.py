"""What stands at the broker: exchanges, a quorum queue per listener and partition, and whom each hears."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed

from shared.bus.link import Link
from shared.bus.port import Topology
from shared.errors import Refused, Unavailable

SIDE_BY_SIDE = 8
# A message is never given up for having been handed over often; parking events is the listener's business.
DELIVERIES = 100_000

Step = Callable[[AbstractChannel], Awaitable[object]]


def address(speaker: str, partition: int) -> str:
    return f"{speaker}.{partition:02d}"


def speaker_in(routing_key: str | None) -> str:
    return (routing_key or "").rpartition(".")[0]


def everyones(topology: Topology) -> str:
    return f"{topology.prefix}.events"


def dead(topology: Topology) -> str:
    return f"{topology.prefix}.dead"


def seal(topology: Topology) -> str:
    """An exchange made last of all: it stands for bindings, which cannot be looked at over AMQP."""
    return f"{topology.prefix}.declared.{topology.fingerprint()}"


async def declare(link: Link, topology: Topology) -> None:
    await share_out(link, [partial(declare_exchanges, topology)])
    await share_out(link, [partial(declare_mailbox, topology, *key) for key in topology.mailboxes()])
    await share_out(link, [partial(declare_seal, topology)])


async def check(link: Link, topology: Topology) -> None:
    exchanges = [topology.prefix, everyones(topology), dead(topology), seal(topology)]
    queues = [dead(topology), *(topology.mailbox(*key) for key in topology.mailboxes())]
    lacking: list[str] = []
    looks = [partial(look_for_exchange, lacking, name) for name in exchanges]
    looks += [partial(look_for_queue, lacking, name) for name in queues]
    await share_out(link, looks)
    if lacking:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise Unavailable(f"The broker lacks the {min(lacking)}{more}: run `accesspoint migrate`")


async def dead_letters(link: Link, topology: Topology) -> int:
    async with link.channel() as channel, link.wait("The broker did not say what it has given up on"):
        queue = await channel.declare_queue(dead(topology), passive=True)
        return queue.declaration_result.message_count or 0


async def share_out(link: Link, steps: Iterable[Step]) -> None:
    """A channel answers one question at a time, so several channels are asked at once."""
    left = deque(steps)
    workers = [run_steps(link, left) for _ in range(min(SIDE_BY_SIDE, len(left)))]
    for outcome in await asyncio.gather(*workers, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


async def run_steps(link: Link, left: deque[Step]) -> None:
    while left:
        async with link.channel() as channel:
            while left and not channel.is_closed:
                await run_step(link, channel, left.popleft())


async def run_step(link: Link, channel: AbstractChannel, step: Step) -> None:
    async with link.wait("The broker did not say what stands there"):
        try:
            await step(channel)
        except ChannelPreconditionFailed as error:
            raise Refused(
                f"What stands at the broker differs from what is wanted ({error}): "
                "once it is empty, delete it with rabbitmqctl, then run `accesspoint migrate` again"
            ) from error


async def look_for_exchange(lacking: list[str], name: str, channel: AbstractChannel) -> None:
    try:
        await channel.get_exchange(name)
    except ChannelNotFoundEntity:
        lacking.append(f"exchange {name}")


async def look_for_queue(lacking: list[str], name: str, channel: AbstractChannel) -> None:
    try:
        await channel.get_queue(name)
    except ChannelNotFoundEntity:
        lacking.append(f"queue {name}")


async def declare_exchange(channel: AbstractChannel, name: str, kind: ExchangeType) -> None:
    await channel.declare_exchange(name, kind, durable=True)


async def declare_seal(topology: Topology, channel: AbstractChannel) -> None:
    await declare_exchange(channel, seal(topology), ExchangeType.FANOUT)


async def declare_exchanges(topology: Topology, channel: AbstractChannel) -> None:
    await declare_exchange(channel, topology.prefix, ExchangeType.DIRECT)
    await declare_exchange(channel, everyones(topology), ExchangeType.TOPIC)
    await declare_exchange(channel, dead(topology), ExchangeType.FANOUT)
    queue = await channel.declare_queue(dead(topology), durable=True, arguments={"x-queue-type": "quorum"})
    await queue.bind(dead(topology))


async def declare_mailbox(topology: Topology, listener: str, partition: int, channel: AbstractChannel) -> None:
    queue = await channel.declare_queue(
        topology.mailbox(listener, partition),
        durable=True,
        arguments={
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-delivery-limit": DELIVERIES,
            "x-dead-letter-exchange": dead(topology),
        },
    )
    for speaker in topology.speakers_heard[listener]:
        await queue.bind(topology.prefix, address(speaker, partition))
