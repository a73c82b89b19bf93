"""PostgreSQL: the pool, the one way to open a transaction, and what each of its errors means to us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.errors import Unavailable

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Row: TypeAlias = asyncpg.Record
DatabaseError: TypeAlias = asyncpg.PostgresError

NO_CONNECTION = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, ValueError)
"""What asyncpg raises where a connection cannot be made; a bad URL is among them."""

ACQUIRE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 10.0

SESSION = {
    # A lock that takes longer than this is given up and the work run again: the holder may be a stopped process.
    "lock_timeout": "5s",
    # A replica stopped in mid-transaction loses its session, so that its locks do not outlive its ownership.
    "idle_in_transaction_session_timeout": "10s",
    # Small statements everywhere: compiling plans costs more than it saves.
    "jit": "off",
}


class Meaning(Enum):
    """What an error of the database asks for."""

    AGAIN = "run the work again: somebody else was in the way"
    REFUSED = "the values themselves cannot be stored"
    AWAY = "the database cannot be reached"
    BUG = "nobody expected this"


MEANING_BY_SQLSTATE = {
    "55P03": Meaning.AGAIN,  # lock timeout
    "57014": Meaning.AGAIN,  # statement timeout
    "22001": Meaning.REFUSED,  # text too long
    "22003": Meaning.REFUSED,  # number out of range
    "22008": Meaning.REFUSED,  # date out of range
    "22021": Meaning.REFUSED,  # not UTF-8
    "22P05": Meaning.REFUSED,  # NUL character
    "54000": Meaning.REFUSED,  # beyond a limit of the database
    "25006": Meaning.AWAY,  # read only: a standby has not taken over yet
    "25P03": Meaning.AWAY,  # session ended while it was stopped in a transaction
    "53100": Meaning.AWAY,  # disk full
    "53200": Meaning.AWAY,  # out of memory
    "53300": Meaning.AWAY,  # too many connections
    "53400": Meaning.AWAY,  # a configured limit is reached
    "57P01": Meaning.AWAY,  # shut down
    "57P02": Meaning.AWAY,  # crashed
    "57P03": Meaning.AWAY,  # starting up
    "57P04": Meaning.AWAY,  # database dropped
    "57P05": Meaning.AWAY,  # session ended for idleness
    "58030": Meaning.AWAY,  # its disk fails
    "3D000": Meaning.AWAY,  # no such database
    "28000": Meaning.AWAY,  # may not sign in
    "28P01": Meaning.AWAY,  # wrong password
}
MEANING_BY_CLASS = {
    "08": Meaning.AWAY,  # connection exceptions
    "40": Meaning.AGAIN,  # deadlocks, serialisation failures and other rollbacks
}


class DatabaseAway(Unavailable):
    """No connection can be had."""


class DatabaseBusy(Unavailable):
    """It is there, and did not come to it in time."""

    def __init__(self) -> None:
        super().__init__("There was too much to do for this just now: try again in a moment, or ask for less at once.")


def meaning_of(error: BaseException) -> Meaning:
    """One table maps every error of the database; what it does not know is a bug."""
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        return Meaning.AGAIN  # a migration made its plan stale; the next run makes a new one
    if isinstance(error, asyncpg.PostgresError):
        state = str(error.sqlstate)
        return MEANING_BY_SQLSTATE.get(state) or MEANING_BY_CLASS.get(state[:2], Meaning.BUG)
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return Meaning.AWAY if tells_of_a_lost_connection(error) else Meaning.BUG
    if isinstance(error, DatabaseAway | ConnectionError):
        return Meaning.AWAY
    if isinstance(error, DatabaseBusy | TimeoutError):
        return Meaning.AGAIN  # a statement took longer than COMMAND_SECONDS
    return Meaning.BUG


def tells_of_a_lost_connection(error: Exception) -> bool:
    """asyncpg raises one class for a connection that went away under a statement and for misuse; its words differ."""
    if isinstance(error, asyncpg.InternalClientError):
        return True  # a dying server's last words came between two statements, and the driver lost its place
    text = str(error)
    return "pool is clos" in text or ("connection" in text and any(w in text for w in ("closed", "released", "lost")))


def address_of(url: str) -> str:
    """The URL without its password, for sentences."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address given"
    return f"{parts.hostname or 'a local socket'}{port}/{parts.path.lstrip('/')}"


def unreachable(url: str, error: BaseException) -> DatabaseAway:
    """A sentence with the server's own words; a driver's may quote the URL and are left out."""
    if isinstance(error, DatabaseAway):
        return error
    if isinstance(error, asyncpg.InvalidParameterValueError):
        return DatabaseAway(f"The database at {address_of(url)} has not been prepared: run `accesspoint migrate`.")
    said = str(error).strip() if isinstance(error, asyncpg.PostgresError | OSError) else ""
    return DatabaseAway(
        f"The database at {address_of(url)} cannot be used ({said or type(error).__name__}). "
        "Start it, or correct ACCESSPOINT_DATABASE_URL."
    )


class Database:
    """A pool of connections that act as one service's role, in that service's schema."""

    def __init__(self, url: str, service: str, *, size: int = 8, own_login: bool = False) -> None:
        self.url = url
        self.service = service
        self.size = size
        self.session = session_of(service, own_login=own_login)
        self.pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Raises `Unavailable` with a sentence when the database cannot be reached."""
        try:
            self.pool = await asyncpg.create_pool(
                self.url,
                min_size=1,
                max_size=self.size,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                # Our statements leave nothing behind in a session, so the usual reset would be a wasted round trip.
                reset=nothing_to_reset,
                server_settings=self.session,
            )
        except NO_CONNECTION as error:
            raise unreachable(self.url, error) from error

    async def close(self) -> None:
        if self.pool is not None:
            try:
                await asyncio.wait_for(self.pool.close(), timeout=5)
            except TimeoutError:
                self.pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for plain reads and single statements."""
        if self.pool is None:
            raise DatabaseAway("The database has not been opened yet.")
        try:
            connection = await self.pool.acquire(timeout=ACQUIRE_SECONDS)
        except NO_CONNECTION as error:
            raise unreachable(self.url, error) from error
        try:
            yield connection
        finally:
            await self.pool.release(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Commits at the end, rolls back on any error."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def connect(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection of its own, for listening. The caller closes it."""
        try:
            return await asyncpg.connect(self.url, timeout=CONNECT_SECONDS, server_settings=self.session)
        except NO_CONNECTION as error:
            raise unreachable(self.url, error) from error


def session_of(service: str, *, own_login: bool) -> dict[str, str]:
    """The service's schema and, unless it signs in by itself, its role; and limits so that nobody blocks others."""
    role = {} if own_login else {"role": role_of(service)}
    return {**SESSION, **role, "application_name": f"accesspoint-{service}", "search_path": service}


def role_of(service: str) -> str:
    return f"accesspoint_{service}"


async def nothing_to_reset(connection: Any) -> None:
    """Stands where the pool would otherwise reset a session that we never change."""
