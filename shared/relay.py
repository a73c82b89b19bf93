"""Turns what was said into gap-free positions, and publishes them in order, one relay at a time per service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

import structlog

from shared import telemetry
from shared.announcing import Announcer
from shared.bus.port import Bus
from shared.contracts.envelope import BATCH_TYPE, MOST_EVENTS, first_batch, written
from shared.db import Connection, Meaning, Row, meaning_of
from shared.errors import Unavailable
from shared.health import Health
from shared.vocabulary import new_id
from shared.work import Workshop

log = structlog.get_logger()

LEASE = timedelta(seconds=5)
LOOK_EVERY = 1.0
PAUSE_WHEN_AWAY = 0.5
MOST_PLACED = 1000
STRAGGLER_SECONDS = 0.05

TAKE_LEASE = """
UPDATE relay_lease SET holder = $1, until = $3 WHERE holder = $1 OR until IS NULL OR until < $2
RETURNING true
"""
GIVE_UP_LEASE = "UPDATE relay_lease SET holder = NULL, until = NULL WHERE holder = $1"
TURN = "SELECT relay_turn($1, $2, $3, $4, $5, $6, $7)"
# LATERAL, so that each event is looked up by its key: a plan made while `said` was small would read all of it later.
UNSENT = """
SELECT p.partition, n.position, s.*
  FROM partitions p
 CROSS JOIN LATERAL (SELECT position, said_id FROM positions
                      WHERE partition = p.partition AND position > p.sent_up_to
                      ORDER BY position LIMIT $1) n
 CROSS JOIN LATERAL (SELECT * FROM said WHERE said.said_id = n.said_id LIMIT 1) s
 WHERE p.sent_up_to < CASE WHEN $3 THEN p.placed_up_to ELSE p.awaited_up_to END AND p.partition <> ALL ($2::smallint[])
 ORDER BY p.partition, n.position
"""
RESEND = "UPDATE partitions SET sent_up_to = least(sent_up_to, greatest($1::bigint - 1, 0))"
UNSENT_COUNT = "SELECT coalesce(sum(placed_up_to - sent_up_to), 0) FROM partitions"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The broker has a partition's events after `before`, up to `up_to`."""

    partition: int
    before: int
    up_to: int


class Relay:
    """One per replica; only the holder of the lease places and publishes, the others wait for it to lapse."""

    def __init__(
        self, workshop: Workshop, bus: Bus, domain: str, health: Health, announcer: Announcer | None = None
    ) -> None:
        self.workshop = workshop
        self.bus = bus
        self.domain = domain
        self.health = health
        self.announcer = announcer
        self.holder: UUID = new_id()
        self.woken = asyncio.Event()
        self.notify_wanted = asyncio.Event()
        self.leads = False
        self.renew_at = 0.0
        self.awaited: frozenset[str] | None = None
        self.send_all_at = 0.0
        self.in_flight: dict[int, asyncio.Future[Confirmed]] = {}

    def wake(self) -> None:
        """Something was said in this process: publish it now, or tell the replica that may."""
        self.woken.set()
        if not self.leads:
            self.notify_wanted.set()

    @property
    def channel(self) -> str:
        return f"{self.workshop.service}_relay"

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; then sends what the broker still takes, and gives up the lease."""
        while not stopping.is_set():
            busy = False
            try:
                busy = await self.turn()
                self.health.up("relay")
            except Unavailable as away:
                self.health.down("relay", str(away))
                await self.pause(stopping)
            except Exception as error:
                if meaning_of(error) is Meaning.BUG:
                    raise
                self.health.down("relay", f"the database is away ({type(error).__name__})")
                await self.pause(stopping)
            if not busy:
                await self.wait(stopping)
        with contextlib.suppress(Unavailable, OSError, TimeoutError):
            await self.last_turn()
        for task in self.in_flight.values():
            task.cancel()

    async def last_turn(self) -> None:
        self.send_all_at = 0.0
        async with asyncio.timeout(3):
            while await self.turn():
                pass
            async with self.workshop.reading() as db:
                await db.execute(GIVE_UP_LEASE, self.holder)
            self.leads = False

    async def pause(self, stopping: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), PAUSE_WHEN_AWAY)

    async def wait(self, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (self.woken, stopping)]
        try:
            await asyncio.wait(waits, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def turn(self) -> bool:
        """Marks what was confirmed since the last turn, places, and publishes. True when there may be more at once."""
        self.woken.clear()
        if not await self.hold_lease():
            return False
        placed = await self.settle()
        if not self.leads:
            return False
        # Before anything is read: while the broker is away, a week's events would be read and encoded every second.
        await self.bus.reach()
        self.publish(await self.unsent())
        if not self.in_flight:
            return placed == MOST_PLACED
        await asyncio.wait(self.in_flight.values(), timeout=STRAGGLER_SECONDS)
        return any(task.done() for task in self.in_flight.values())

    async def hold_lease(self) -> bool:
        """Renewed when less than half of it is left, so that a busy relay does not write it every turn."""
        asked_at = monotonic()
        if self.leads and asked_at < self.renew_at:
            return True
        async with self.workshop.reading() as db:
            now = await self.workshop.timesource.now(db)
            taken = bool(await db.fetchval(TAKE_LEASE, self.holder, now, now + LEASE))
        if taken and not self.leads:
            log.info("relay leads", service=self.workshop.service)
        self.leads = taken
        self.renew_at = asked_at + LEASE.total_seconds() / 2
        return taken

    async def place(self, confirmed: Sequence[Confirmed] = ()) -> int:
        """Marks what was confirmed. How many events got their positions; none when the lease was lost meanwhile."""
        async with self.workshop.reading() as db:
            placed: int = await db.fetchval(
                TURN,
                self.holder,
                self.workshop.timesource.offset,
                MOST_PLACED,
                list(self.awaited or ()),
                [each.partition for each in confirmed],
                [each.before for each in confirmed],
                [each.up_to for each in confirmed],
            )
        if placed < 0:
            self.leads = False
        telemetry.EVENTS_PLACED.labels(self.workshop.service).inc(max(placed, 0))
        return max(placed, 0)

    async def unsent(self) -> list[Row]:
        """
        What nobody acts on goes with the next event that somebody does, or within a second: every listener's cursor
        has to pass it, and half of all messages would carry nothing else.
        """
        everything = self.awaited is None or monotonic() >= self.send_all_at
        if everything:
            self.send_all_at = monotonic() + LOOK_EVERY
        async with self.workshop.reading() as db:
            return await db.fetch(UNSENT, MOST_EVENTS, list(self.in_flight), everything)

    def publish(self, rows: Iterable[Row]) -> None:
        """
        Partitions side by side, one message in flight in each. One that takes long stays in flight and does not
        hold up the others.
        """
        by_partition: dict[int, list[Row]] = {}
        for row in rows:
            by_partition.setdefault(row["partition"], []).append(row)
        for partition, waiting in by_partition.items():
            task = asyncio.ensure_future(self.publish_partition(partition, waiting))
            task.add_done_callback(lambda _: self.woken.set())
            self.in_flight[partition] = task
            if len(waiting) == MOST_EVENTS:
                self.send_all_at = 0.0

    async def settle(self) -> int:
        """Marks what has been confirmed even when another message failed; raises the first failure after that."""
        ended = {partition: task for partition, task in self.in_flight.items() if task.done()}
        confirmed: list[Confirmed] = []
        failures: list[BaseException] = []
        for partition, task in ended.items():
            del self.in_flight[partition]
            failure = task.exception()
            if failure is None:
                confirmed.append(task.result())
            else:
                failures.append(failure)
        placed = await self.place(confirmed)
        if failures:
            raise failures[0]
        return placed

    async def publish_partition(self, partition: int, rows: list[Row]) -> Confirmed:
        """One batch: a long backlog is marked as it goes."""
        speaker = self.workshop.service
        how_many_events, body = first_batch(written(dict(row), self.domain, speaker) for row in rows)
        await self.bus.publish(speaker, partition, body, {"content-type": BATCH_TYPE, "speaker": speaker})
        if self.announcer is not None:
            await self.announcer.announce([dict(row) for row in rows[:how_many_events]], speaker)
        telemetry.EVENTS_PUBLISHED.labels(speaker).inc(how_many_events)
        return Confirmed(partition, rows[0]["position"] - 1, rows[how_many_events - 1]["position"])

    async def tell_others(self, stopping: asyncio.Event) -> None:
        """One NOTIFY for whatever was said since the last, never inside a transaction; and hears those of others."""
        while not stopping.is_set():
            try:
                await self.listen_and_notify(stopping)
            except Exception as error:
                if meaning_of(error) is Meaning.BUG:
                    raise
                await self.pause(stopping)

    async def listen_and_notify(self, stopping: asyncio.Event) -> None:
        connection = await self.workshop.database.connect()
        try:
            await connection.add_listener(self.channel, lambda *_: self.woken.set())
            while not stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.notify_wanted.wait(), LOOK_EVERY)
                if self.notify_wanted.is_set() and not self.leads:
                    self.notify_wanted.clear()
                    await connection.execute(f"NOTIFY {self.channel}")
                elif self.leads:
                    self.notify_wanted.clear()
                if connection.is_closed():
                    return
        finally:
            await connection.close(timeout=2)


async def resend(db: Connection, position: int) -> None:
    """Every partition is published again from `position` on; listeners skip what they have handled."""
    await db.execute(RESEND, position)
