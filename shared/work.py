"""One transaction, and everything an action may touch inside it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog

from shared import said, telemetry
from shared.contracts.base import Event
from shared.db import Connection, Database, DatabaseBusy, Meaning, meaning_of, unreachable
from shared.errors import Refused, TooLarge, Unavailable
from shared.said import Said
from shared.timesource import TimeSource
from shared.vocabulary import new_id

T = TypeVar("T")
log = structlog.get_logger()

RERUNS = 12
AWAY_TRIES = 3

LOCK_SUBJECTS = "SELECT lock_subjects($1::text[])"


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what makes a work happen; it goes into every event the work says."""

    actor: str
    correlation_id: UUID
    causation_id: UUID | None = None
    traceparent: str | None = None
    occurred_at: datetime | None = None


@dataclass(slots=True)
class Outbound:
    """What a work leaves for the moment of commit, shared by all the events of a batch."""

    events: list[Said] = field(default_factory=list)
    sweeps: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Work:
    """
    Rows written through `db` and events given to `say` become real together, or not at all.

    `occurred_at` decides everything about promises, waits, contacts and figures; `now` is for leases and audit.
    """

    db: Connection
    now: datetime
    occurred_at: datetime
    cause: Cause
    outbound: Outbound
    subjects: frozenset[str]

    def say(self, event: Event) -> None:
        """Kept until the action ends, then written last. A subject that is not locked is a bug."""
        if event.subject not in self.subjects:
            raise ValueError(f"{event.name} is about {event.subject}, which this work has not locked")
        data = event.model_dump_json()
        if len(data.encode()) > said.LARGEST_EVENT:
            raise TooLarge(
                f"The event {event.name} would be larger than {said.LARGEST_EVENT // 1000} kB: "
                "send long texts and files as attachments."
            )
        self.outbound.events.append(
            Said(
                said_id=new_id(),
                subject=event.subject,
                name=event.name,
                data=data,
                occurred_at=self.occurred_at,
                correlation_id=self.cause.correlation_id,
                causation_id=self.cause.causation_id,
                actor=self.cause.actor,
                traceparent=self.cause.traceparent,
            )
        )

    def wake(self, sweep: str) -> None:
        """After commit, that sweep runs at once instead of at its next turn."""
        self.outbound.sweeps.add(sweep)

    def because(self, cause: Cause) -> Work:
        """The same transaction, for another cause: the next event of a batch, the next timer."""
        telemetry.continue_trace(cause.correlation_id, cause.traceparent)
        return Work(self.db, self.now, cause.occurred_at or self.now, cause, self.outbound, self.subjects)


Action = Callable[[Work], Awaitable[T]]
Claim = Callable[[Connection], Awaitable[Sequence[str]]]
"""Locks what must be locked before the subjects, and names the subjects that follow from it."""


class Workshop:
    """Where one service's works are run. Nothing else opens a transaction for an action."""

    def __init__(self, database: Database, timesource: TimeSource) -> None:
        self.database = database
        self.timesource = timesource
        self.service = database.service
        self.on_said: Callable[[], None] = do_nothing
        self.on_wake: Callable[[str], None] = ignore_name

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection for plain reads, which nobody runs again. Raises `Unavailable` when it is away or too busy."""
        try:
            async with self.database.connection() as db:
                yield db
        except Exception as error:
            meaning = meaning_of(error)
            if meaning is Meaning.AWAY:
                raise unreachable(self.database.url, error) from error
            if meaning is Meaning.AGAIN:
                log.warning("a read was given up", service=self.service, why=telemetry.kinds_of(error))
                raise DatabaseBusy from error
            raise

    async def run(
        self,
        subjects: Sequence[str],
        action: Action[T],
        cause: Cause,
        *,
        fresh: Sequence[str] = (),
        claim: Claim | None = None,
    ) -> T:
        """
        Locks the subjects in sorted order, runs the action, says, commits; runs it all again when PostgreSQL asks.

        `fresh` names subjects whose ids were made just now, so that nobody else can know them: they need no lock.
        A re-run is safe because the action looks again at what it depends on. Raises `Unavailable` when the database
        stays away, `Refused` when a value cannot be stored.
        """
        away = 0
        for turn in range(RERUNS):
            try:
                return await self.once(subjects, action, cause, fresh=fresh, claim=claim)
            except Exception as error:
                meaning = meaning_of(error)
                if meaning is Meaning.REFUSED:
                    raise Refused(f"The database cannot store this ({telemetry.kinds_of(error)}).") from error
                if meaning is Meaning.BUG:
                    raise
                away += meaning is Meaning.AWAY
                telemetry.WORKS_RERUN.labels(self.service, meaning.name.lower()).inc()
                if away == AWAY_TRIES:
                    raise unreachable(self.database.url, error) from error
            await asyncio.sleep(random.uniform(0, 0.02 * 2 ** min(turn, 5)))  # noqa: S311  spreads works apart
        raise Unavailable("Too many people are changing this at the same moment: try again.")

    async def once(
        self,
        subjects: Sequence[str],
        action: Action[T],
        cause: Cause,
        *,
        fresh: Sequence[str] = (),
        claim: Claim | None = None,
    ) -> T:
        """One attempt, for those who decide themselves what a failure means. `claim` runs before the locks."""
        outbound = Outbound()
        telemetry.continue_trace(cause.correlation_id, cause.traceparent)
        async with self.database.transaction() as db:
            if claim is not None:
                subjects = [*subjects, *await claim(db)]
            wanted = sorted(set(subjects))
            now = self.timesource.of(await db.fetchval(LOCK_SUBJECTS, wanted))
            work = Work(db, now, cause.occurred_at or now, cause, outbound, frozenset((*wanted, *fresh)))
            result = await action(work)
            if outbound.events:
                await said.write(db, outbound.events, now)
        self.tell(outbound)
        return result

    def tell(self, outbound: Outbound) -> None:
        """Only after commit: a waker that comes too early finds nothing and sleeps on."""
        if outbound.events:
            telemetry.EVENTS_SAID.labels(self.service).inc(len(outbound.events))
            self.on_said()
        for sweep in outbound.sweeps:
            self.on_wake(sweep)


def do_nothing() -> None:
    """Nobody listens yet."""


def ignore_name(sweep: str) -> None:
    """Nobody sweeps yet."""
