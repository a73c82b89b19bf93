"""Which replica hears which partition: heartbeats, rendezvous hashing, and one listener per owned partition."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

import structlog

from shared import cursors, telemetry
from shared.bus.port import Bus, Delivery, Subscription
from shared.db import Meaning, meaning_of
from shared.errors import Unavailable
from shared.hearing import Heard, Hearing
from shared.said import PARTITIONS
from shared.tending import Tending
from shared.vocabulary import new_id

log = structlog.get_logger()

BEAT_EVERY = 1.0
ALIVE_FOR = timedelta(seconds=5)
MOST_EVENTS = 50
PAUSE_WHEN_AWAY = 0.5
# Longer than a killed relay's lease and the pauses of one that waits for the broker.
JUDGE_AT_FIRST = 10.0
JUDGE_AT_LAST = 60.0

BEAT = """
INSERT INTO replicas (replica, seen_at) VALUES ($1, $2)
ON CONFLICT (replica) DO UPDATE SET seen_at = excluded.seen_at
"""
ALIVE = "SELECT replica FROM replicas WHERE seen_at > $1"
FORGET_OLD = "DELETE FROM replicas WHERE seen_at < $1"
LEAVE = "DELETE FROM replicas WHERE replica = $1"


def owner_of(partition: int, replicas: Sequence[UUID]) -> UUID:
    """The replica whose hash with the partition is highest: one that joins takes only its own share."""
    return max(replicas, key=lambda replica: hashlib.sha256(f"{partition}/{replica}".encode()).digest())


class Listener:
    """Hears one owned partition until told to give it up."""

    def __init__(self, hearing: Hearing, bus: Bus, partition: int) -> None:
        self.hearing = hearing
        self.bus = bus
        self.partition = partition
        self.stopping = asyncio.Event()
        self.is_open = False
        self.opened_at = 0.0
        self.caught_up = False
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(self.run(), name=f"{self.hearing.service}.{self.partition:02d}")

    async def stop(self) -> None:
        """Ends after the batch in hand is committed and acknowledged: never by cancelling it."""
        self.stopping.set()
        if self.task is not None:
            await self.task

    async def run(self) -> None:
        """Away means: close the channel, wait a little, subscribe again. Nothing is held meanwhile."""
        while not self.stopping.is_set():
            try:
                async with self.bus.consume(self.hearing.service, self.partition) as subscription:
                    await self.hear(subscription)
            except Exception as error:
                if isinstance(error, Unavailable):
                    reason = str(error)
                elif meaning_of(error) is not Meaning.BUG:
                    reason = type(error).__name__
                else:
                    # The partition must go on being heard, and the log must say why it was not.
                    log.error("a listener failed", partition=self.partition, exc_info=error)
                    reason = type(error).__name__
                log.info("a listener pauses", service=self.hearing.service, partition=self.partition, why=reason)
            self.show(is_open=False)
            self.caught_up = False
            if not self.stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.stopping.wait(), PAUSE_WHEN_AWAY)

    def may_judge(self) -> bool:
        """
        Once the mailbox was empty; but not before the speakers' relays have had time to send what they held back, and
        after a minute in any case.
        """
        open_for = asyncio.get_running_loop().time() - self.opened_at if self.is_open else 0.0
        return open_for > JUDGE_AT_LAST or (self.caught_up and open_for > JUDGE_AT_FIRST)

    def show(self, *, is_open: bool) -> None:
        """Counted up and down: the one that gives a partition up may still be ending while the next has begun."""
        if is_open is not self.is_open:
            shown = telemetry.PARTITION_HEARD.labels(self.hearing.service, f"{self.partition:02d}")
            shown.inc(1 if is_open else -1)
        self.is_open = is_open

    async def hear(self, subscription: Subscription) -> None:
        self.show(is_open=True)
        self.opened_at = asyncio.get_running_loop().time()
        left = subscription.backlog
        self.caught_up = left == 0
        await self.hearing.drain_ahead(self.partition)
        stopped = asyncio.ensure_future(self.stopping.wait())
        arriving: asyncio.Future[Delivery] | None = None
        try:
            while not self.stopping.is_set():
                arriving = arriving or asyncio.ensure_future(subscription.next())
                await asyncio.wait((arriving, stopped), return_when=asyncio.FIRST_COMPLETED)
                if self.stopping.is_set():
                    return
                first, arriving = arriving.result(), None
                left -= await self.hear_batch(first, subscription)
                self.caught_up = self.caught_up or left <= 0
        finally:
            stopped.cancel()
            if arriving is not None and not arriving.cancel():
                # It ended in the same moment; a message it brought goes back when the channel closes.
                arriving.exception()

    async def hear_batch(self, first: Delivery, subscription: Subscription) -> int:
        """Handles and acknowledges a few messages; how many."""
        deliveries = [first]
        events = await self.read(first)
        if not first.redelivered:
            while len(events) < MOST_EVENTS and (more := subscription.ready()) is not None:
                deliveries.append(more)
                events += await self.read(more)
                if more.redelivered:
                    break
        if any(delivery.redelivered for delivery in deliveries):
            await self.hearing.handle_carefully(self.partition, events)
        else:
            for start in range(0, len(events), MOST_EVENTS):
                await self.hearing.handle(self.partition, events[start : start + MOST_EVENTS])
        if self.partition in self.hearing.with_gaps:
            await self.hearing.drain_ahead(self.partition)
        for delivery in deliveries:
            await delivery.acknowledge()
        return len(deliveries)

    async def read(self, delivery: Delivery) -> list[Heard]:
        """What cannot be read is parked as it came, so that the queue goes on."""
        events, unreadable = self.hearing.read(delivery.body, self.partition)
        for each in unreadable:
            await self.hearing.keep_unreadable(self.partition, delivery.speaker, each)
        return events


class Owners:
    """Keeps this replica's heartbeat, and its listeners in step with what it owns."""

    def __init__(self, hearing: Hearing, bus: Bus) -> None:
        self.hearing = hearing
        self.workshop = hearing.workshop
        self.bus = bus
        self.tending = Tending(hearing)
        self.replica = new_id()
        self.listeners: dict[int, Listener] = {}
        self.leaving: set[asyncio.Task[None]] = set()
        self.knows_owned = False

    def not_ready(self) -> str | None:
        """Names an owned partition without an open channel."""
        if not self.hearing.speakers:
            return None
        if not self.knows_owned:
            return "it is not yet known which partitions are ours"
        closed = sorted(p for p, listener in self.listeners.items() if not listener.is_open)
        return f"no open channel for partition {', '.join(map(str, closed))}" if closed else None

    def judged(self) -> list[int]:
        """
        The partitions whose promises may be judged here: ours, once what was missed has been heard, so that an outage
        makes no false breach. Where nothing is heard, nothing can be missed.
        """
        if not self.hearing.speakers:
            return list(range(PARTITIONS))
        return [partition for partition, listener in self.listeners.items() if listener.may_judge()]

    async def run(self, stopping: asyncio.Event) -> None:
        """The heartbeat; nothing slow may stand in its way, or this replica counts as gone."""
        if not self.hearing.speakers:
            return
        try:
            await self.again_and_again(self.beat, stopping)
        finally:
            if stopping.is_set():
                await self.leave()

    async def tend(self, stopping: asyncio.Event) -> None:
        """Acts on what is set aside in the partitions that are ours at the moment."""
        if self.hearing.speakers:
            await self.again_and_again(lambda: self.tending.tend(list(self.listeners)), stopping)

    async def again_and_again(self, act: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await act()
            except Exception as error:
                if not isinstance(error, Unavailable) and meaning_of(error) is Meaning.BUG:
                    raise
                log.info("left out for once", service=self.hearing.service, why=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), BEAT_EVERY)

    async def beat(self) -> None:
        async with self.workshop.reading() as db:
            now = await self.workshop.timesource.now(db)
            await db.execute(BEAT, self.replica, now)
            await db.execute(FORGET_OLD, now - 12 * ALIVE_FOR)
            alive = [row["replica"] for row in await db.fetch(ALIVE, now - ALIVE_FOR)]
            if not self.knows_owned:
                await cursors.make(db, self.hearing.speakers)
        self.own({p for p in range(PARTITIONS) if owner_of(p, alive) == self.replica})
        self.knows_owned = True

    def own(self, partitions: set[int]) -> None:
        """Takes up what is new, gives up what is another's; the broker lets only one of two consumers be active."""
        for partition in self.listeners.keys() - partitions:
            task = asyncio.create_task(self.listeners.pop(partition).stop())
            self.leaving.add(task)
            task.add_done_callback(self.leaving.discard)
        for partition in sorted(partitions - self.listeners.keys()):
            self.listeners[partition] = Listener(self.hearing, self.bus, partition)
            self.listeners[partition].start()

    async def leave(self) -> None:
        """Ends every listener after its batch, then says that this replica is gone."""
        await asyncio.gather(*(listener.stop() for listener in self.listeners.values()), *self.leaving)
        self.listeners.clear()
        with contextlib.suppress(Unavailable):
            async with self.workshop.reading() as db:
                await db.execute(LEAVE, self.replica)
