"""What must happen later: durable timers, and sweeps that look again every so often."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

import structlog

from shared import telemetry
from shared.db import Connection, Meaning, Row, meaning_of
from shared.errors import Unavailable
from shared.said import partition_of
from shared.telemetry import kinds_of
from shared.vocabulary import new_id
from shared.work import Cause, Work, Workshop

log = structlog.get_logger()

LOOK_EVERY = 0.5
MOST_AT_ONCE = 50
TRIES = 3

SET = """
INSERT INTO timers (timer_id, name, key, subject, partition, due_at, fire_at, correlation_id, causation_id, traceparent)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9)
ON CONFLICT (name, key) DO NOTHING
"""
CANCEL = """
DELETE FROM timers WHERE timer_id IN (
    SELECT timer_id FROM timers WHERE name = $1 AND key = $2 FOR UPDATE SKIP LOCKED)
"""
CLAIM = """
SELECT * FROM timers
 WHERE fire_at <= $1 AND parked_why IS NULL
   AND (name = ANY ($2) OR (name = ANY ($3) AND partition = ANY ($4)))
 ORDER BY fire_at LIMIT $5 FOR UPDATE SKIP LOCKED
"""
CLAIM_ONE = "SELECT * FROM timers WHERE timer_id = $1 AND parked_why IS NULL FOR UPDATE SKIP LOCKED"
DONE = "DELETE FROM timers WHERE timer_id = ANY ($1)"
PUSH_BACK = """
UPDATE timers SET tries = tries + 1, fire_at = $2, parked_why = CASE WHEN tries + 1 >= $4 THEN $3 END
 WHERE timer_id = $1
RETURNING tries, name, parked_why
"""
TRIED = "SELECT tries FROM timers WHERE timer_id = $1"


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that has come due. `key` is what it was set for: an offer's id, a clock's id."""

    timer_id: UUID
    name: str
    key: str
    subject: str
    due_at: datetime


TimerAction: TypeAlias = Callable[[Work, Timer], Awaitable[None]]
SweepAction: TypeAlias = Callable[[Workshop], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class When:
    """A kind of timer and what is done when it comes due. A judging one waits until what was missed has been heard."""

    name: str
    action: TimerAction
    judging: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """A sweep: run every so many seconds, and at once when a work wakes it."""

    seconds: float
    name: str
    action: SweepAction


def when(name: str, action: TimerAction, *, judging: bool = False) -> When:
    return When(name, action, judging)


def every(seconds: float, name: str, action: SweepAction) -> Every:
    return Every(seconds, name, action)


async def set_timer(work: Work, name: str, key: str, subject: str, due_at: datetime) -> None:
    """Keys are used once: setting the same one again changes nothing."""
    cause = work.cause
    await work.db.execute(
        SET,
        new_id(),
        name,
        key,
        subject,
        partition_of(subject),
        due_at,
        cause.correlation_id,
        cause.causation_id,
        cause.traceparent,
    )


async def cancel_timer(work: Work, name: str, key: str) -> None:
    """Skips one that is being fired: it will look again, and find that nothing is left to do."""
    await work.db.execute(CANCEL, name, key)


class TimerLoop:
    """Fires what is due, in batches, in whichever replica gets hold of it."""

    def __init__(self, workshop: Workshop, timers: Sequence[When], judged: Callable[[], Sequence[int]]) -> None:
        self.workshop = workshop
        self.timers = {timer.name: timer for timer in timers}
        self.plain = [timer.name for timer in timers if not timer.judging]
        self.judging = [timer.name for timer in timers if timer.judging]
        self.judged = judged

    async def run(self, stopping: asyncio.Event) -> None:
        while self.timers and not stopping.is_set():
            fired = 0
            try:
                fired = await self.fire_due()
            except Exception as error:
                if not isinstance(error, Unavailable) and meaning_of(error) is Meaning.BUG:
                    raise
                log.info("timers wait for the database", service=self.workshop.service)
            if fired < MOST_AT_ONCE:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), LOOK_EVERY)

    async def fire_due(self) -> int:
        """How many were claimed. All in one transaction; if anything fails, one by one."""
        claimed: list[Row] = []

        async def claim(db: Connection) -> Sequence[str]:
            now = await self.workshop.timesource.now(db)
            claimed[:] = await db.fetch(CLAIM, now, self.plain, self.judging, list(self.judged()), MOST_AT_ONCE)
            return [row["subject"] for row in claimed]

        try:
            await self.fire(claim, claimed)
        except Exception as error:
            if isinstance(error, Unavailable) or meaning_of(error) is Meaning.AWAY:
                raise
            for row in list(claimed):
                await self.fire_alone(row["timer_id"])
        return len(claimed)

    async def fire(self, claim: Callable[[Connection], Awaitable[Sequence[str]]], claimed: list[Row]) -> None:
        lateness: list[tuple[str, float]] = []

        async def action(work: Work) -> None:
            for row in claimed:
                timer = Timer(row["timer_id"], row["name"], row["key"], row["subject"], row["due_at"])
                cause = Cause(
                    actor=f"timer/{timer.name}",
                    correlation_id=row["correlation_id"],
                    causation_id=row["causation_id"],
                    traceparent=row["traceparent"],
                    occurred_at=timer.due_at,
                )
                await self.timers[timer.name].action(work.because(cause), timer)
                lateness.append((timer.name, (work.now - timer.due_at).total_seconds()))
            if claimed:
                await work.db.execute(DONE, [row["timer_id"] for row in claimed])

        await self.workshop.once([], action, Cause("timer", new_id()), claim=claim)
        for name, seconds in lateness:
            telemetry.TIMER_LATENESS_SECONDS.labels(self.workshop.service, name).observe(seconds)

    async def fire_alone(self, timer_id: UUID) -> None:
        claimed: list[Row] = []

        async def claim(db: Connection) -> Sequence[str]:
            claimed[:] = await db.fetch(CLAIM_ONE, timer_id)
            return [row["subject"] for row in claimed]

        try:
            await self.fire(claim, claimed)
        except Exception as error:
            meaning = meaning_of(error)
            if isinstance(error, Unavailable) or meaning is Meaning.AWAY:
                raise
            if meaning is not Meaning.AGAIN:
                await self.push_back(timer_id, error)

    async def push_back(self, timer_id: UUID, error: Exception) -> None:
        """Later, doubling; after three tries it is parked with the reason."""
        async with self.workshop.reading() as db:
            now = await self.workshop.timesource.now(db)
            tries = await db.fetchval(TRIED, timer_id) or 0
            why = kinds_of(error)
            row = await db.fetchrow(PUSH_BACK, timer_id, now + timedelta(seconds=2**tries), why, TRIES)
        parked = row is not None and row["parked_why"] is not None
        log.error("a timer failed", service=self.workshop.service, parked=parked, exc_info=error)


class SweepLoop:
    """Runs one sweep at its pace, and at once when a work has woken it."""

    def __init__(self, workshop: Workshop, sweep: Every) -> None:
        self.workshop = workshop
        self.sweep = sweep
        self.woken = asyncio.Event()

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            self.woken.clear()
            try:
                await self.sweep.action(self.workshop)
            except Exception as error:
                if not isinstance(error, Unavailable) and meaning_of(error) is Meaning.BUG:
                    raise
                log.info("a sweep is left out", service=self.workshop.service, sweep=self.sweep.name)
            waits = [asyncio.ensure_future(event.wait()) for event in (self.woken, stopping)]
            await asyncio.wait(waits, timeout=self.sweep.seconds, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
