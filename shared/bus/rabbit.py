"""The carrier between processes: RabbitMQ, confirming what it has stored in every listener's mailbox."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage
from aio_pika.exceptions import DeliveryError, PublishError

from shared.bus import mailboxes
from shared.bus.link import Chores, Link, Outage, Together, hush_libraries, read_url
from shared.bus.port import Delivery, Subscription, Topology, known
from shared.errors import Unavailable

# A message is a batch of up to 100 events: one at work, and a few on the way.
PREFETCH = 4
ANSWER_SECONDS = 10.0
CONTENT_TYPE = "content-type"


class RabbitSubscription:
    """One channel that consumes one mailbox; lost with its channel, together with what it was handed."""

    def __init__(self, link: Link, backlog: int) -> None:
        self._link = link
        self._backlog = backlog
        self._deliveries: deque[Delivery] = deque()
        self._news = asyncio.Event()
        self._lost = False

    @property
    def backlog(self) -> int:
        return self._backlog

    async def next(self) -> Delivery:
        while (delivery := self.ready()) is None:
            if self._lost:
                raise Unavailable("The subscription was lost with its channel: open another")
            self._news.clear()
            await self._news.wait()
        return delivery

    def ready(self) -> Delivery | None:
        if self._lost or not self._deliveries:
            return None
        return self._deliveries.popleft()

    async def take(self, message: AbstractIncomingMessage) -> None:
        async def acknowledge() -> None:
            if self._lost:
                raise Unavailable("The subscription was lost with its channel: the message is handed over again")
            async with self._link.wait("An acknowledgement was not sent"):
                await message.ack()

        headers = {name: str(value) for name, value in message.headers.items()}
        if message.content_type is not None:
            headers[CONTENT_TYPE] = message.content_type
        speaker = mailboxes.speaker_in(message.routing_key)
        self._deliveries.append(Delivery(message.body, speaker, bool(message.redelivered), headers, acknowledge))
        self._news.set()

    def lose(self, *_: object) -> None:
        self._lost = True
        self._news.set()


class RabbitBus:
    """Publishes and consumes on connections of their own, so that a blocked publisher blocks no consumer."""

    def __init__(self, url: str, *, patience: float = ANSWER_SECONDS) -> None:
        hush_libraries()
        parsed = read_url(url)
        outage = Outage(f"{parsed.scheme}://{parsed.host}:{parsed.port}")
        self._speaking = Link(parsed, "speaking", outage, patience)
        self._hearing = Link(parsed, "hearing", outage, patience)
        self._chores = Chores()
        self._opening = Together(self._open_outlet, self._chores)
        self._outlet: AbstractChannel | None = None
        self._topology: Topology | None = None

    @property
    def connected(self) -> bool:
        return self._hearing.connected or self._speaking.connected

    async def reach(self) -> None:
        await self._hearing.reach()

    async def declare(self, topology: Topology) -> None:
        self._topology = topology
        await mailboxes.declare(self._hearing, topology)

    async def check(self, topology: Topology) -> None:
        self._topology = topology
        await mailboxes.check(self._hearing, topology)

    async def publish(self, speaker: str, partition: int, body: bytes, headers: Mapping[str, str]) -> None:
        topology = known(self._topology)
        if not topology.listeners_of(speaker):
            # RabbitMQ would return it, and what is returned has to mean that mailboxes are missing.
            return
        await self._send(topology.prefix, mailboxes.address(speaker, partition), body, headers, heard=True)

    async def announce(self, event: str, body: bytes, headers: Mapping[str, str]) -> None:
        await self._send(mailboxes.everyones(known(self._topology)), event, body, headers, heard=False)

    @asynccontextmanager
    async def consume(self, listener: str, partition: int) -> AsyncIterator[Subscription]:
        """Ends by closing the channel: cancelling a consumer or rejecting messages would reorder them."""
        mailbox = known(self._topology).mailbox(listener, partition)
        async with self._hearing.channel() as channel:
            subscription = await self._subscribe(channel, mailbox)
            try:
                yield subscription
            finally:
                subscription.lose()

    async def dead_letters(self) -> int:
        return await mailboxes.dead_letters(self._hearing, known(self._topology))

    async def close(self) -> None:
        await asyncio.gather(self._speaking.close(), self._hearing.close())
        await self._chores.finish(0)

    async def _subscribe(self, channel: AbstractChannel, mailbox: str) -> RabbitSubscription:
        async with self._hearing.wait(f"The mailbox {mailbox} could not be opened"):
            await channel.set_qos(PREFETCH)
            queue = await channel.declare_queue(mailbox, passive=True)
            subscription = RabbitSubscription(self._hearing, queue.declaration_result.message_count or 0)
            channel.close_callbacks.add(subscription.lose)
            underlay = await channel.get_underlay_channel()
            # The broker does this when the queue is deleted or moves; the channel itself stays open.
            underlay.on_consumer_cancel_callbacks.add(subscription.lose)
            await queue.consume(subscription.take)
            return subscription

    async def _send(
        self, exchange_name: str, routing_key: str, body: bytes, headers: Mapping[str, str], *, heard: bool
    ) -> None:
        message = Message(
            body,
            headers={name: value for name, value in headers.items() if name != CONTENT_TYPE},
            content_type=headers.get(CONTENT_TYPE),
            delivery_mode=DeliveryMode.PERSISTENT,
        )
        async with self._speaking.wait("The broker did not confirm a message"):
            await self._speaking.unblocked()
            exchange = await self._exchange(exchange_name)
            try:
                await exchange.publish(message, routing_key, mandatory=heard)
            except PublishError as error:
                raise Unavailable(f"No mailbox takes {routing_key}: run `accesspoint migrate`") from error
            except DeliveryError as error:
                raise Unavailable(f"The broker refused a message for {routing_key}") from error

    async def _exchange(self, name: str) -> AbstractExchange:
        channel = self._outlet
        if channel is None or channel.is_closed:
            channel = await self._opening.outcome()
        return await channel.get_exchange(name, ensure=False)

    async def _open_outlet(self) -> AbstractChannel:
        self._outlet = await self._speaking.confirming_channel()
        return self._outlet
