"""One connection to RabbitMQ: opened when needed, watched, opened again by whoever needs it next."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import CONNECTION_EXCEPTIONS, ChannelNotFoundEntity, ProbableAuthenticationError
from yarl import URL

from shared.errors import Invalid, Unavailable

CONNECT_SECONDS = 5.0
CLOSE_SECONDS = 5.0
HEARTBEAT_SECONDS = 10
LONGEST_PAUSE_SECONDS = 1.0

T = TypeVar("T")
log = structlog.get_logger()


def read_url(url: str) -> URL:
    try:
        parsed = URL(url)
        readable = parsed.scheme in ("amqp", "amqps") and bool(parsed.host)
    except ValueError:
        parsed, readable = URL(), False
    if not readable:
        raise Invalid("ACCESSPOINT_AMQP_URL cannot be read: write it like amqp://user:password@host:5672/")
    return parsed


def hush_libraries() -> None:
    """Both log every failed attempt with its traceback; an outage is worth one line, written by `Outage`."""
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # noqa: TID251 -- to silence it, not to write to it


class Outage:
    """Says once that the broker is away, and once that it is back, however many connections notice."""

    def __init__(self, broker: str) -> None:
        self.broker = broker
        self._lasts = False

    def begins(self, why: str) -> None:
        if not self._lasts:
            log.warning("broker away", broker=self.broker, why=why)
        self._lasts = True

    def ends(self) -> None:
        if self._lasts:
            log.info("broker back", broker=self.broker)
        self._lasts = False


class Chores:
    """Tasks that go on when whoever started them is cancelled."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def leave(self, work: Coroutine[Any, Any, object]) -> None:
        """Nobody waits for this one."""
        _ = self.start(work)

    async def finish(self, within: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)
        for task in self._tasks:
            task.cancel()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Whoever waited has it; when nobody did, asyncio must not complain about it later.
            task.exception()


class Together(Generic[T]):
    """One attempt at a time; everybody who asks meanwhile shares its outcome."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]], chores: Chores) -> None:
        self._make = make
        self._chores = chores
        self._attempt: asyncio.Task[T] | None = None

    async def outcome(self) -> T:
        if self._attempt is None or self._attempt.done():
            self._attempt = self._chores.start(self._make())
        return await asyncio.shield(self._attempt)


class Link:
    """One connection. Channels are asked for; that they need a connection is this class's business."""

    def __init__(self, url: URL, purpose: str, outage: Outage, patience: float) -> None:
        self._url = url.update_query(heartbeat=HEARTBEAT_SECONDS, name=f"accesspoint {purpose}")
        self._outage = outage
        self._patience = patience
        self._chores = Chores()
        self._connecting = Together(self._connect, self._chores)
        self._connection: AbstractConnection | None = None
        self._failures = 0
        self._closed = False
        self._waits: set[asyncio.Timeout] = set()

    @property
    def connected(self) -> bool:
        return self._connection is not None and self._connection.connected.is_set()

    async def reach(self) -> AbstractConnection:
        if self._closed:
            raise Unavailable("The connection to the broker has been closed")
        if self._connection is not None and self.connected:
            return self._connection
        async with self.wait("The broker was not reached", CONNECT_SECONDS + LONGEST_PAUSE_SECONDS + 1):
            return await self._connecting.outcome()

    async def confirming_channel(self) -> AbstractChannel:
        """To publish on; it stays open as long as the connection."""
        return await self._open_channel(await self.reach(), confirms=True)

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[AbstractChannel]:
        """Closed at the end even when the task is cancelled: an open channel keeps messages from others."""
        connection = await self.reach()
        channel = await self._open_channel(connection, confirms=False)
        try:
            yield channel
        finally:
            await asyncio.shield(self._chores.start(self._close_channel(connection, channel)))

    @asynccontextmanager
    async def wait(self, trouble: str, seconds: float | None = None) -> AsyncIterator[None]:
        """Ends in time whatever the wire does, and at once when the connection is lost: as Unavailable."""
        seconds = seconds or self._patience
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                self._waits.add(limit)
                yield
        except TimeoutError as error:
            why = f"no answer in {seconds:g} s" if self.connected else "the connection was lost"
            raise Unavailable(f"{trouble}: {why} ({self._outage.broker})") from error
        except asyncio.CancelledError as error:
            # aiormq cancels its own futures when a connection ends; that must not look like our cancellation.
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise Unavailable(f"{trouble}: the connection was lost ({self._outage.broker})") from error
        except Exception as error:
            if not is_of_the_wire(error):
                raise
            raise Unavailable(f"{trouble}: {reason_of(error)} ({self._outage.broker})") from error
        finally:
            self._waits.discard(limit)

    async def unblocked(self) -> None:
        """Waits while the broker takes no messages because its memory or disk is full."""
        connection = await self.reach()
        if connection.transport is not None:
            await connection.transport.ready()

    async def close(self) -> None:
        self._closed = True
        if self._connection is not None:
            self._drop(self._connection)
        await self._chores.finish(CLOSE_SECONDS)

    async def _open_channel(self, connection: AbstractConnection, *, confirms: bool) -> AbstractChannel:
        async with self.wait("The broker opened no channel"):
            channel = connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
            await channel.initialize()
            return channel

    async def _connect(self) -> AbstractConnection:
        if self._failures:
            await asyncio.sleep(min(LONGEST_PAUSE_SECONDS, 0.05 * 2**self._failures))
        connection = aio_pika.Connection(self._url)
        try:
            async with self.wait(f"The broker at {self._outage.broker} cannot be reached", CONNECT_SECONDS):
                await connection.connect()
        except Unavailable as error:
            self._failures = min(self._failures + 1, 10)
            self._chores.leave(self._dispose(connection))
            self._outage.begins(str(error.__cause__ or error))
            raise Unavailable(self._advice(error.__cause__)) from error
        if self._closed:
            self._chores.leave(self._dispose(connection))
            raise Unavailable("The connection to the broker has been closed")
        self._failures = 0
        self._connection = connection
        connection.close_callbacks.add(self._on_lost)
        self._outage.ends()
        return connection

    def _advice(self, cause: BaseException | None) -> str:
        broker = self._outage.broker
        if isinstance(cause, ProbableAuthenticationError):
            return f"The broker at {broker} refuses the name or password in ACCESSPOINT_AMQP_URL"
        return f"The broker at {broker} cannot be reached: start RabbitMQ there or set ACCESSPOINT_AMQP_URL"

    def _on_lost(self, connection: AbstractConnection | None, why: BaseException | None) -> None:
        if connection is not None and connection is self._connection:
            if not self._closed:
                self._outage.begins(str(why or "the connection was lost"))
            self._drop(connection)

    def _drop(self, connection: AbstractConnection) -> None:
        """Everybody who still waits on it is told now; the next one who asks connects again."""
        if connection is not self._connection:
            return
        self._connection = None
        for limit in self._waits:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())
        self._chores.leave(self._dispose(connection))

    async def _dispose(self, connection: AbstractConnection) -> None:
        async with self.wait("The connection could not be closed", CLOSE_SECONDS):
            await connection.close()

    async def _close_channel(self, connection: AbstractConnection, channel: AbstractChannel) -> None:
        try:
            async with self.wait("The broker did not close a channel", CLOSE_SECONDS):
                await channel.close()
        except Unavailable:
            # What the channel holds must go to others: then the whole connection has to end.
            self._drop(connection)


def reason_of(error: Exception) -> str:
    if isinstance(error, ChannelNotFoundEntity):
        return "it lacks what is asked for: run `accesspoint migrate`"
    return str(error) or "the connection was lost"


def is_of_the_wire(error: Exception) -> bool:
    """aiormq rejects what was in flight with a bare `Exception` when the socket ends without a reason."""
    return isinstance(error, (*CONNECTION_EXCEPTIONS, EOFError)) or type(error) is Exception
