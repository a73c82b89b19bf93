"""The carrier inside one process: it keeps nothing, so a publish ends when every listener acknowledges."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from shared.bus.port import Delivery, Subscription, Topology, known
from shared.errors import Unavailable

CLOSED = "The bus of this process has been closed"


@dataclass(eq=False, slots=True)
class Letter:
    """One message in one mailbox; `settled` ends when its listener acknowledges it."""

    body: bytes
    speaker: str
    headers: Mapping[str, str]
    redelivered: bool = False
    settled: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Mailbox:
    """Letters nobody holds, in order, and the consumers that queue for them; only the first is served."""

    def __init__(self) -> None:
        self.waiting: deque[Letter] = deque()
        self.consumers: list[LocalSubscription] = []
        # Nobody knows whether the process before this one died over a speaker's first message.
        self._trusted: set[str] = set()

    def put(self, speaker: str, body: bytes, headers: Mapping[str, str]) -> Letter:
        letter = Letter(body, speaker, dict(headers))
        self.waiting.append(letter)
        self.wake()
        return letter

    def take(self) -> Letter:
        letter = self.waiting.popleft()
        letter.redelivered |= letter.speaker not in self._trusted
        self._trusted.add(letter.speaker)
        return letter

    def take_back(self, letter: Letter) -> None:
        """A publisher that no longer waits will publish again; what is already handed over stays there."""
        if letter in self.waiting:
            self.waiting.remove(letter)

    def wake(self) -> None:
        for consumer in self.consumers[:1]:
            consumer.news.set()

    @contextmanager
    def subscribed(self) -> Iterator["LocalSubscription"]:
        subscription = LocalSubscription(self)
        self.consumers.append(subscription)
        try:
            yield subscription
        finally:
            self.consumers.remove(subscription)
            self.waiting.extendleft(reversed(subscription.end()))
            self.wake()


class LocalSubscription:
    """One consumer of a mailbox, and the letters it holds."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.news = asyncio.Event()
        self._mailbox = mailbox
        self._backlog = len(mailbox.waiting)
        self._held: list[Letter] = []
        self._ended = False

    @property
    def backlog(self) -> int:
        return self._backlog

    async def next(self) -> Delivery:
        while (delivery := self.ready()) is None:
            if self._ended:
                raise Unavailable("This subscription has ended: open another")
            self.news.clear()
            await self.news.wait()
        return delivery

    def ready(self) -> Delivery | None:
        mailbox = self._mailbox
        if self._ended or not mailbox.waiting or mailbox.consumers[0] is not self:
            return None
        letter = mailbox.take()
        self._held.append(letter)

        async def acknowledge() -> None:
            self._settle(letter)

        return Delivery(letter.body, letter.speaker, letter.redelivered, letter.headers, acknowledge)

    def end(self) -> list[Letter]:
        """Nothing more comes; what it held goes to the next consumer."""
        left, self._held = self._held, []
        for letter in left:
            letter.redelivered = True
        self._ended = True
        self.news.set()
        return left

    def _settle(self, letter: Letter) -> None:
        if letter not in self._held:
            raise Unavailable("This subscription has ended: the message is handed over again")
        self._held.remove(letter)
        if not letter.settled.done():
            letter.settled.set_result(None)


class LocalBus:
    """Carries for all services of one process; declare it before they start."""

    def __init__(self) -> None:
        self._topology: Topology | None = None
        self._mailboxes: dict[tuple[str, int], Mailbox] = {}
        self._published: set[asyncio.Future[None]] = set()
        self._closed = False

    @property
    def connected(self) -> bool:
        return not self._closed

    async def reach(self) -> None:
        if self._closed:
            raise Unavailable(CLOSED)

    async def declare(self, topology: Topology) -> None:
        self._topology = topology
        for key in topology.mailboxes():
            self._mailboxes.setdefault(key, Mailbox())

    async def check(self, topology: Topology) -> None:
        await self.reach()
        lacking = [topology.mailbox(*key) for key in topology.mailboxes() if key not in self._mailboxes]
        if lacking or self._topology != topology:
            example = lacking[0] if lacking else topology.prefix
            raise Unavailable(
                f"This process lacks {example} and perhaps more: declare the topology before services start"
            )

    async def publish(self, speaker: str, partition: int, body: bytes, headers: Mapping[str, str]) -> None:
        topology = known(self._topology)
        await self.reach()
        mailboxes = [self._mailbox(listener, partition) for listener in topology.listeners_of(speaker)]
        sent = [(mailbox, mailbox.put(speaker, body, headers)) for mailbox in mailboxes]
        futures = [letter.settled for _, letter in sent]
        self._published.update(futures)
        try:
            await asyncio.gather(*futures)
        finally:
            self._published.difference_update(futures)
            for mailbox, letter in sent:
                mailbox.take_back(letter)

    async def announce(self, event: str, body: bytes, headers: Mapping[str, str]) -> None:
        """No other system listens inside a process."""

    @asynccontextmanager
    async def consume(self, listener: str, partition: int) -> AsyncIterator[Subscription]:
        await self.reach()
        with self._mailbox(listener, partition).subscribed() as subscription:
            yield subscription

    async def dead_letters(self) -> int:
        """Nothing is ever given up inside a process."""
        return 0

    async def close(self) -> None:
        """Whoever still waits, to publish or to hear, is told."""
        self._closed = True
        for future in self._published:
            if not future.done():
                future.set_exception(Unavailable(CLOSED))
        for mailbox in self._mailboxes.values():
            for consumer in mailbox.consumers:
                consumer.end()

    def _mailbox(self, listener: str, partition: int) -> Mailbox:
        try:
            return self._mailboxes[listener, partition]
        except KeyError:
            name = known(self._topology).mailbox(listener, partition)
            raise Unavailable(f"This process lacks {name}: declare the topology before services start") from None
