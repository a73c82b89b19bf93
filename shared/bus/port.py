"""The port: carries events between services as bytes; what stands above it is the same on every carrier."""

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from shared.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Topology:
    """Who hears whom. Every service of an installation is given the whole of it."""

    prefix: str
    speakers_heard: Mapping[str, tuple[str, ...]]
    partitions: int = 16
    names_heard: frozenset[str] | None = None
    """The events that anybody acts on; None when that is not known."""

    def listeners_of(self, speaker: str) -> tuple[str, ...]:
        return tuple(listener for listener, heard in self.speakers_heard.items() if speaker in heard)

    def mailboxes(self) -> Iterator[tuple[str, int]]:
        """One for each listener and partition, also for a listener that hears nobody."""
        for listener in self.speakers_heard:
            for partition in range(self.partitions):
                yield listener, partition

    def mailbox(self, listener: str, partition: int) -> str:
        return f"{self.prefix}.{listener}.{partition:02d}"

    def fingerprint(self) -> str:
        heard = sorted((listener, sorted(speakers)) for listener, speakers in self.speakers_heard.items())
        return hashlib.sha256(repr((heard, self.partitions)).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message handed over; it belongs to whoever holds it until acknowledged or the subscription ends."""

    body: bytes
    speaker: str
    redelivered: bool
    headers: Mapping[str, str]
    settle: Callable[[], Awaitable[None]]

    async def acknowledge(self) -> None:
        """Raises Unavailable when the subscription has ended: the message will be handed over again."""
        await self.settle()


class Subscription(Protocol):
    """Messages of one mailbox, in order, to one consumer at a time."""

    @property
    def backlog(self) -> int:
        """Messages ready when it was opened: once that many are acknowledged, the mailbox was once empty."""

    async def next(self) -> Delivery:
        """Waits for a message; raises Unavailable when the connection is lost."""

    def ready(self) -> Delivery | None:
        """A message that is already here, to fill a batch."""


class Bus(Protocol):
    """What can be asked of a carrier; whatever it cannot do now raises Unavailable."""

    @property
    def connected(self) -> bool:
        """As last noticed; `reach` finds out."""

    async def reach(self) -> None:
        """Connects if nothing is connected."""

    async def declare(self, topology: Topology) -> None:
        """Makes every mailbox and tells it whom it hears; again is harmless."""

    async def check(self, topology: Topology) -> None:
        """Looks whether `topology` was declared, and makes nothing."""

    async def publish(self, speaker: str, partition: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Returns once every listener's mailbox has it for good; what nobody hears is done at once."""

    async def announce(self, event: str, body: bytes, headers: Mapping[str, str]) -> None:
        """For other systems: one event, by its name."""

    def consume(self, listener: str, partition: int) -> AbstractAsyncContextManager[Subscription]:
        """What is not acknowledged at the end is handed to the next consumer, in order."""

    async def dead_letters(self) -> int:
        """Messages the carrier has given up on: an alarm, for there should be none."""

    async def close(self) -> None: ...


def known(topology: Topology | None) -> Topology:
    if topology is None:
        raise Unavailable("This bus does not know who hears whom yet: call declare or check with the topology first")
    return topology
