"""What is heard: deliveries become events, events become handled rows, and what fails is set aside with its reason."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import structlog
from pydantic import ValidationError

from shared import cursors, setaside, telemetry
from shared.contracts import envelope
from shared.contracts.base import Event
from shared.contracts.envelope import Envelope
from shared.db import Connection, Meaning, meaning_of
from shared.errors import Early, Refused, Unavailable
from shared.said import partition_of
from shared.setaside import Ruling, SetAside, State
from shared.telemetry import kinds_of
from shared.vocabulary import new_id
from shared.work import Cause, Work, Workshop

E = TypeVar("E", bound=Event)
Handler: TypeAlias = Callable[[E, Work], Awaitable[None]]
Place: TypeAlias = tuple[str, int, int]
"""Where an event stands: its speaker, partition and position."""
log = structlog.get_logger()

TRIES = 3
STARTS = 3


@dataclass(frozen=True, slots=True)
class Hears(Generic[E]):
    """An event and what is done about it."""

    event: type[E]
    handler: Handler[E]


def on(event: type[E], handler: Handler[E]) -> Hears[Any]:
    """Pairs an event with its handler; the type checker refuses a mismatched pair."""
    return Hears(event, handler)


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as it arrived. `event` is missing when nobody here hears its type, `why` says why it is unreadable."""

    envelope: Envelope
    body: bytes
    event: Event | None
    handler: Handler[Any] | None
    why: str | None = None

    @property
    def thread(self) -> tuple[str, str]:
        """What order is promised for: one speaker on one subject."""
        return (self.envelope.speaker, self.envelope.subject)

    @property
    def is_unknown(self) -> bool:
        """Nobody here hears its type, so that only the cursor moves."""
        return self.handler is None and self.why is None

    @property
    def cause(self) -> Cause:
        said = self.envelope
        return Cause(said.actor, said.correlation_id, said.said_id, said.traceparent, said.occurred_at)

    def set_aside(self, state: State, why: str, waits_for: str | None = None) -> SetAside:
        said = self.envelope
        return SetAside(
            speaker=said.speaker,
            partition=said.partition,
            position=said.position,
            subject=said.subject,
            name=said.name,
            body=self.body,
            state=state,
            why=why,
            waits_for=waits_for,
        )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is not an event of ours, as it came, and why."""

    body: bytes
    why: str


def ruling_on(error: Exception, tries: int) -> Ruling:
    """The whole policy for a handler's failure. Raises `Unavailable` where nothing is wrong with the event."""
    if isinstance(error, Unavailable):
        raise error
    if isinstance(error, Early):
        return Ruling(State.EARLY, str(error), error.subject)
    if isinstance(error, Refused):
        return Ruling(State.PARKED, str(error))
    meaning = meaning_of(error)
    if meaning is Meaning.AWAY:
        raise Unavailable("The database went away while an event was handled.") from error
    if meaning is Meaning.REFUSED:
        return Ruling(State.PARKED, f"The database cannot store this ({kinds_of(error)})")
    if tries >= TRIES:
        return Ruling(State.PARKED, f"gave up after {tries} tries ({kinds_of(error)}); the log has the place")
    return Ruling(None, "tried again at once")


class Starts:
    """Counts, in committed rows, how often handling an event was begun and never ended: it may end the process."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.survived: set[Place] = set()

    async def begin(self, place: Place) -> str | None:
        """Why it must not be tried again, if so. What this very process has outlived does not count."""
        async with self.workshop.reading() as db:
            if place in self.survived:
                await cursors.forget_starts(db, *place)
                self.survived.discard(place)
            starts = await cursors.count_start(db, *place)
        return (
            f"its handling was started {starts} times and never ended: it may end the process"
            if starts >= STARTS
            else None
        )

    @contextmanager
    def outlived(self, place: Place) -> Iterator[None]:
        """An error is an end, too: the database may be away, and the count cannot be taken back now."""
        try:
            yield
        except Exception:
            self.survived.add(place)
            raise

    async def end(self, place: Place) -> None:
        async with self.workshop.reading() as db:
            await cursors.forget_starts(db, *place)


class Hearing:
    """Handles what one service hears, in whichever of its replicas and partitions it arrives."""

    def __init__(self, workshop: Workshop, hears: Sequence[Hears[Any]]) -> None:
        self.workshop = workshop
        self.service = workshop.service
        self.handlers: Mapping[tuple[str, str], Hears[Any]] = {(h.event.speaker, h.event.name): h for h in hears}
        self.speakers = sorted({h.event.speaker for h in hears})
        self.with_gaps: set[int] = set()
        self.starts = Starts(workshop)

    def read(self, body: bytes, partition: int) -> tuple[list[Heard], list[Unreadable]]:
        """One event that makes no sense does not spoil the others of its batch."""
        events: list[Heard] = []
        unreadable: list[Unreadable] = []
        try:
            found = envelope.unbatched(body)
        except Refused as refused:
            return [], [Unreadable(body, str(refused))]
        for event in found:
            try:
                heard = self.read_one(event)
                self.refuse_strays(heard.envelope, partition)
            except Refused as refused:
                body = json.dumps(event).encode()
                place = envelope.salvaged(event)
                if place is not None and place.speaker in self.speakers and place.partition == partition:
                    events.append(Heard(place, body, None, None, str(refused)))
                else:
                    unreadable.append(Unreadable(body, str(refused)))
            else:
                events.append(heard)
        return events, unreadable

    def refuse_strays(self, arrived: Envelope, partition: int) -> None:
        """What came to the wrong place has no cursor here that it could move."""
        if arrived.speaker not in self.speakers:
            raise Refused(f"{self.service} does not listen to {arrived.speaker}.")
        if arrived.partition != partition or partition_of(arrived.subject) != partition:
            raise Refused(f"{arrived.subject} belongs to partition {partition_of(arrived.subject)}, not {partition}.")

    def read_one(self, event: Mapping[str, Any]) -> Heard:
        arrived = envelope.read(event)
        body = json.dumps(event, separators=(",", ":")).encode()
        hears = self.handlers.get((arrived.speaker, arrived.name))
        if hears is None:
            return Heard(arrived, body, None, None)
        try:
            return Heard(arrived, body, hears.event.model_validate(arrived.data), hears.handler)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
            return Heard(arrived, body, None, None, f"The event does not fit its contract: {wrong}")

    async def handle(self, partition: int, events: Sequence[Heard]) -> None:
        """All in one transaction; if anything fails, one by one. Raises `Unavailable` when the database is away."""
        if await self.pass_over(partition, events):
            return
        if len(events) > 1:
            try:
                await self.together(partition, events, once=True)
            except Exception as error:
                if isinstance(error, Unavailable) or meaning_of(error) is Meaning.AWAY:
                    raise Unavailable("The database went away while a batch was handled.") from error
                log.info("a batch goes one by one", service=self.service, error=type(error).__name__)
            else:
                return
        for event in events:
            await self.alone(partition, event)

    async def pass_over(self, partition: int, events: Sequence[Heard]) -> bool:
        """What nobody here hears, in one statement. False when something else has to be done about any of it."""
        if not all(heard.is_unknown for heard in events):
            return False
        passed = True
        for speaker in {heard.envelope.speaker for heard in events}:
            positions = [heard.envelope.position for heard in events if heard.envelope.speaker == speaker]
            try:
                async with self.workshop.reading() as db:
                    moved = await cursors.pass_over(db, partition, speaker, positions)
            except Exception as error:
                if meaning_of(error) is not Meaning.AGAIN:
                    raise
                moved = False
            if moved:
                telemetry.EVENTS_SKIPPED.labels(self.service, "unknown").inc(len(positions))
            passed = passed and moved
        return passed

    async def handle_carefully(self, partition: int, events: Sequence[Heard]) -> None:
        """For what was delivered before: its start is counted first, in case handling it ends the process."""
        for heard in events:
            said = heard.envelope
            place = (said.speaker, partition, said.position)
            async with self.workshop.reading() as db:
                is_duplicate = said.position <= await cursors.position(db, said.speaker, partition)
            if is_duplicate:
                telemetry.EVENTS_SKIPPED.labels(self.service, "duplicate").inc()
            elif heard.is_unknown:
                # Nothing of ours runs for it, so it cannot end the process, however often that ended meanwhile.
                await self.alone(partition, heard)
            elif why := await self.starts.begin(place):
                await self.put_aside(partition, heard, Ruling(State.PARKED, why))
            else:
                with self.starts.outlived(place):
                    await self.alone(partition, heard)
            await self.starts.end(place)

    async def alone(self, partition: int, heard: Heard) -> None:
        for tries in range(1, TRIES + 1):
            try:
                await self.together(partition, [heard])
            except Exception as error:
                ruling = ruling_on(error, tries)
                if ruling.state is None:
                    log.warning("a handler failed", event_name=heard.envelope.name, exc_info=error, tries=tries)
                    continue
                await self.put_aside(partition, heard, ruling)
            return

    async def together(self, partition: int, events: Sequence[Heard], *, once: bool = False) -> None:
        """One transaction: cursors locked, subjects locked, handlers run, cursors moved."""
        positions: dict[str, int] = {}

        async def claim(db: Connection) -> Sequence[str]:
            positions.update(await cursors.lock(db, partition, sorted({h.envelope.speaker for h in events})))
            return []

        async def action(work: Work) -> list[Heard]:
            return await self.take(work, partition, events, positions)

        subjects = [heard.envelope.subject for heard in events if not heard.is_unknown]
        do = self.workshop.once if once else self.workshop.run
        handled = await do(subjects, action, events[0].cause, claim=claim)
        for heard in handled:
            telemetry.EVENTS_HANDLED.labels(self.service, heard.envelope.speaker).inc()

    async def take(self, work: Work, partition: int, events: Sequence[Heard], positions: dict[str, int]) -> list[Heard]:
        """Handles, in order, what follows the cursors; what comes too soon or behind a set-aside event is kept."""
        threads = [heard.thread for heard in events if not heard.is_unknown]
        blocked, waited_for = await setaside.blocked(
            work.db, sorted({subject for _, subject in threads}), sorted({speaker for speaker, _ in threads})
        )
        handled: list[Heard] = []
        for heard in events:
            said = heard.envelope
            at = positions[said.speaker]
            if said.position <= at:
                telemetry.EVENTS_SKIPPED.labels(self.service, "duplicate").inc()
            elif said.position > at + 1:
                await self.keep_ahead(work, heard, at)
            else:
                positions[said.speaker] = said.position
                if await self.take_one(work, heard, blocked):
                    handled.append(heard)
        await cursors.move(work.db, partition, positions)
        if woken := waited_for & {heard.envelope.subject for heard in handled}:
            await setaside.wake_early(work.db, sorted(woken))
        return handled

    async def take_one(self, work: Work, heard: Heard, blocked: set[tuple[str, str]]) -> bool:
        if heard.is_unknown:
            telemetry.EVENTS_SKIPPED.labels(self.service, "unknown").inc()
        elif heard.thread in blocked:
            why = "an earlier event of its subject is set aside"
            await self.keep(work, heard.set_aside(State.BEHIND, why))
        elif heard.why is not None:
            blocked.add(heard.thread)
            await self.keep(work, heard.set_aside(State.PARKED, heard.why))
        elif heard.handler is not None:
            await heard.handler(heard.event, work.because(heard.cause))
            return True
        return False

    async def keep_ahead(self, work: Work, heard: Heard, at: int) -> None:
        await self.keep(work, heard.set_aside(State.AHEAD, f"position {at + 1} has not come yet"))
        self.with_gaps.add(heard.envelope.partition)

    async def keep(self, work: Work, event: SetAside) -> None:
        await setaside.keep(work.db, event, work.now)
        telemetry.EVENTS_SET_ASIDE.labels(self.service, event.state).inc()
        if event.state is State.PARKED:
            telemetry.EVENTS_PARKED.labels(self.service).inc()
        log.warning(
            "an event is set aside",
            service=self.service,
            state=event.state,
            event_name=event.name,
            subject=event.subject,
            position=event.position,
        )

    async def put_aside(self, partition: int, heard: Heard, ruling: Ruling) -> None:
        """Instead of handling it. Skipped when another replica has moved the cursor meanwhile."""
        said = heard.envelope
        state = ruling.state or State.PARKED
        positions: dict[str, int] = {}

        async def claim(db: Connection) -> Sequence[str]:
            positions.update(await cursors.lock(db, partition, [said.speaker]))
            return []

        async def action(work: Work) -> None:
            at = positions[said.speaker]
            if said.position == at + 1:
                await self.keep(work, heard.set_aside(state, ruling.why, ruling.waits_for))
                await cursors.move(work.db, partition, {said.speaker: said.position})
            elif said.position > at:
                await self.keep_ahead(work, heard, at)

        await self.workshop.run([said.subject], action, heard.cause, claim=claim)

    async def keep_unreadable(self, partition: int, speaker: str, unreadable: Unreadable) -> None:
        """What is not an event of ours is parked as it came; delivered again, it is still one row."""
        event = SetAside(
            speaker=speaker,
            partition=partition,
            position=None,
            subject=None,
            name=None,
            body=unreadable.body,
            state=State.PARKED,
            why=unreadable.why,
        )

        async def action(work: Work) -> None:
            await self.keep(work, event)

        await self.workshop.run([], action, Cause("machine/bus", new_id()))

    async def drain_ahead(self, partition: int) -> None:
        """Handles what came before its turn, once its turn has come."""
        self.with_gaps.discard(partition)
        for speaker in self.speakers:
            while True:
                async with self.workshop.reading() as db:
                    at = await cursors.position(db, speaker, partition)
                    await setaside.forget_ahead(db, partition, speaker, at)
                    bodies = await setaside.ahead(db, partition, speaker, at)
                events, _ = self.read(envelope.joined(bodies), partition)
                if not events:
                    break
                if events[0].envelope.position != at + 1:
                    self.with_gaps.add(partition)
                    break
                await self.handle_carefully(partition, events)
