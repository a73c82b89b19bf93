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

ACQUIRE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0

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
    "40001": Meaning.AGAIN,  # serialisation failure
    "40P01": Meaning.AGAIN,  # deadlock
    "55P03": Meaning.AGAIN,  # lock timeout
    "57014": Meaning.AGAIN,  # statement timeout
    "22001": Meaning.REFUSED,  # text too long
    "22003": Meaning.REFUSED,  # number out of range
    "22008": Meaning.REFUSED,  # date out of range
    "22021": Meaning.REFUSED,  # not UTF-8
    "22P05": Meaning.REFUSED,  # NUL character
    "54000": Meaning.REFUSED,  # beyond a limit of the database
    "25P03": Meaning.AWAY,  # session ended while it was stopped in a transaction
    "53300": Meaning.AWAY,  # too many connections
    "53100": Meaning.AWAY,  # disk full
    "57P01": Meaning.AWAY,  # shut down
    "57P02": Meaning.AWAY,  # crashed
    "57P03": Meaning.AWAY,  # starting up
    "3D000": Meaning.AWAY,  # no such database
    "28000": Meaning.AWAY,  # may not sign in
    "28P01": Meaning.AWAY,  # wrong password
}


def meaning_of(error: BaseException) -> Meaning:
    """One table maps every error of the database; what it does not know is a bug."""
    if isinstance(error, asyncpg.PostgresError):
        state = str(error.sqlstate)
        if state.startswith("08"):
            return Meaning.AWAY
        return MEANING_BY_SQLSTATE.get(state, Meaning.BUG)
    if isinstance(error, asyncpg.InterfaceError):
        # asyncpg says so when the connection went away under a statement; a misuse of it reads differently.
        text = str(error)
        away = "connection" in text and ("closed" in text or "released" in text or "lost" in text)
        return Meaning.AWAY if away or "pool is clos" in text else Meaning.BUG
    if isinstance(error, asyncpg.InternalClientError):
        # The driver lost its place: a dying server's last words came between two of our statements.
        return Meaning.AWAY
    if isinstance(error, OSError | TimeoutError | asyncio.TimeoutError):
        return Meaning.AWAY
    return Meaning.BUG


def address_of(url: str) -> str:
    """The URL without its password, for sentences."""
    parts = urlsplit(url)
    where = parts.hostname or "a local socket"
    return f"{where}{f':{parts.port}' if parts.port else ''}/{parts.path.lstrip('/')}"


def unreachable(url: str, error: BaseException) -> Unavailable:
    reason = str(error).strip() or type(error).__name__
    return Unavailable(
        f"The database at {address_of(url)} cannot be used ({reason}). Start it, or correct ACCESSPOINT_DATABASE_URL."
    )


class Database:
    """A pool of connections that act as one service's role, in that service's schema."""

    def __init__(self, url: str, service: str, *, size: int = 8) -> None:
        self.url = url
        self.service = service
        self.size = size
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
                server_settings=session_of(self.service),
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
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
            raise Unavailable("The database has not been opened yet.")
        async with self.pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Commits at the end, rolls back on any error."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def connect(self) -> asyncpg.Connection[asyncpg.Record]:
        """A connection of its own, for listening. The caller closes it."""
        return await asyncpg.connect(self.url, timeout=CONNECT_SECONDS, server_settings=session_of(self.service))


def session_of(service: str) -> dict[str, str]:
    """The service's role and schema, and limits that keep a stuck session from blocking others."""
    return {
        **SESSION,
        "application_name": f"accesspoint-{service}",
        "role": role_of(service),
        "search_path": service,
    }


def role_of(service: str) -> str:
    return f"accesspoint_{service}"


async def nothing_to_reset(connection: Any) -> None:
    """Stands where the pool would otherwise reset a session that we never change."""
