"""Turns what was said into gap-free positions, and publishes them in order, one relay at a time per service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from shared import telemetry
from shared.announcing import Announcer
from shared.bus.port import Bus
from shared.contracts.envelope import BATCH_TYPE, MOST_EVENTS, batched, written
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
STRAGGLER_SECONDS = 0.2

TAKE_LEASE = """
UPDATE relay_lease SET holder = $1, until = $3 WHERE holder = $1 OR until IS NULL OR until < $2
RETURNING true
"""
GIVE_UP_LEASE = "UPDATE relay_lease SET holder = NULL, until = NULL WHERE holder = $1"
LOCK_LEASE = "SELECT true FROM relay_lease WHERE holder = $1 AND until > $2 FOR UPDATE"
PLACE = """
WITH taken AS (
    DELETE FROM unplaced WHERE unplaced_id IN (SELECT unplaced_id FROM unplaced ORDER BY unplaced_id LIMIT $1)
    RETURNING unplaced_id, said_id, partition
), bumped AS (
    UPDATE partitions p SET placed_up_to = p.placed_up_to + t.how_many
      FROM (SELECT partition, count(*) AS how_many FROM taken GROUP BY partition) t
     WHERE p.partition = t.partition
    RETURNING p.partition, p.placed_up_to - t.how_many AS before
)
INSERT INTO positions (partition, position, said_id)
SELECT t.partition,
       b.before + row_number() OVER (PARTITION BY t.partition ORDER BY t.unplaced_id),
       t.said_id
  FROM taken t JOIN bumped b USING (partition)
"""
UNSENT = """
SELECT p.partition, n.position, s.*
  FROM partitions p
 CROSS JOIN LATERAL (SELECT position, said_id FROM positions
                      WHERE partition = p.partition AND position > p.sent_up_to
                      ORDER BY position LIMIT $1) n
  JOIN said s USING (said_id)
 WHERE p.sent_up_to < p.placed_up_to AND p.partition <> ALL ($2::smallint[])
 ORDER BY p.partition, n.position
"""
MARK_SENT = """
UPDATE partitions p SET sent_up_to = t.position
  FROM unnest($2::smallint[], $3::bigint[], $4::bigint[]) AS t (partition, before, position)
 WHERE p.partition = t.partition AND p.sent_up_to = t.before
   AND EXISTS (SELECT FROM relay_lease WHERE holder = $1)
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
        self.lease_until: datetime | None = None
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
        """Places, publishes and marks once. True when there may be more at once."""
        self.woken.clear()
        if not await self.hold_lease():
            return False
        placed = await self.place()
        await self.settle()
        rows = await self.unsent()
        if not rows:
            return placed == MOST_PLACED
        return await self.publish(rows)

    async def hold_lease(self) -> bool:
        """Renewed when less than half of it is left, so that a busy relay does not write it every turn."""
        async with self.workshop.reading() as db:
            now = await self.workshop.timesource.now(db)
            if self.leads and self.lease_until is not None and self.lease_until - now > LEASE / 2:
                return True
            taken = bool(await db.fetchval(TAKE_LEASE, self.holder, now, now + LEASE))
        if taken and not self.leads:
            log.info("relay leads", service=self.workshop.service)
        self.leads = taken
        self.lease_until = now + LEASE if taken else None
        return taken

    async def place(self) -> int:
        """How many events got their positions; none when the lease was lost meanwhile."""
        async with self.workshop.database.transaction() as db:
            now = await self.workshop.timesource.now(db)
            # A statement of its own: the next one must see what a relay before us has placed.
            if not await db.fetchval(LOCK_LEASE, self.holder, now):
                self.leads = False
                return 0
            placed = how_many(await db.execute(PLACE, MOST_PLACED))
        telemetry.EVENTS_PLACED.labels(self.workshop.service).inc(placed)
        return placed

    async def unsent(self) -> list[Row]:
        async with self.workshop.reading() as db:
            return await db.fetch(UNSENT, MOST_EVENTS, list(self.in_flight))

    async def publish(self, rows: Iterable[Row]) -> bool:
        """
        Partitions side by side, one message in flight in each. What was confirmed is marked even if others failed;
        a partition that takes long stays in flight and does not hold up the others.
        """
        by_partition: dict[int, list[Row]] = {}
        for row in rows:
            by_partition.setdefault(row["partition"], []).append(row)
        for partition, waiting in by_partition.items():
            task = asyncio.ensure_future(self.publish_partition(partition, waiting))
            task.add_done_callback(lambda _: self.woken.set())
            self.in_flight[partition] = task
        if self.in_flight:
            await asyncio.wait(self.in_flight.values(), timeout=STRAGGLER_SECONDS)
        return await self.settle()

    async def settle(self) -> bool:
        """Marks what has been confirmed; raises the first failure after that. True when anything came to an end."""
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
        await self.mark_sent(confirmed)
        if failures:
            raise failures[0]
        return bool(ended)

    async def publish_partition(self, partition: int, rows: list[Row]) -> Confirmed:
        """One batch: a long backlog is marked as it goes."""
        speaker = self.workshop.service
        how_many_events, body = batched([written(dict(row), self.domain, speaker) for row in rows])[0]
        await self.bus.publish(speaker, partition, body, {"content-type": BATCH_TYPE, "speaker": speaker})
        if self.announcer is not None:
            await self.announcer.announce([dict(row) for row in rows[:how_many_events]], speaker)
        telemetry.EVENTS_PUBLISHED.labels(speaker).inc(how_many_events)
        return Confirmed(partition, rows[0]["position"] - 1, rows[how_many_events - 1]["position"])

    async def mark_sent(self, confirmed: Sequence[Confirmed]) -> None:
        if not confirmed:
            return
        async with self.workshop.reading() as db:
            await db.execute(
                MARK_SENT,
                self.holder,
                [each.partition for each in confirmed],
                [each.before for each in confirmed],
                [each.up_to for each in confirmed],
            )

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
                self.notify_wanted.clear()
                if connection.is_closed():
                    return
        finally:
            await connection.close(timeout=2)


def how_many(status: str) -> int:
    """The count in PostgreSQL's answer, such as `INSERT 0 12`."""
    return int(status.rsplit(" ", 1)[1])


async def resend(db: Connection, position: int) -> None:
    """Every partition is published again from `position` on; listeners skip what they have handled."""
    await db.execute(RESEND, position)
