"""Waiting for something to become true, with a deadline: the only place in the tests that sleeps."""

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

from shared.db import Connection

T = TypeVar("T")
LOOK_EVERY = 0.02
WHO_WAIT = "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"


@overload
async def until(
    condition: Callable[[], Coroutine[Any, Any, T | None]], *, within: float = ..., what: str = ...
) -> T: ...


@overload
async def until(condition: Callable[[], T | None], *, within: float = ..., what: str = ...) -> T: ...


async def until(condition: Callable[[], Any], *, within: float = 60.0, what: str = "what the test waits for") -> Any:
    """The condition's first true value. Fails with `what` and the last value seen."""
    deadline = time.monotonic() + within
    while True:
        found = condition()
        value = await found if inspect.isawaitable(found) else found
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {within:g} s; last seen: {value!r}")
        await asyncio.sleep(LOOK_EVERY)


async def until_others_wait(db: Connection, many: int = 1) -> None:
    """So many others, for the transaction that is open on this connection."""

    async def all_wait() -> bool:
        return bool(await db.fetchval(WHO_WAIT) == many)

    await until(all_wait, what="others to wait for this transaction")


def until_now(condition: Callable[[], T], *, within: float = 60.0, what: str) -> T:
    """The same outside an event loop."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {within:g} s; last seen: {value!r}")
        time.sleep(LOOK_EVERY)
    return value


async def pause(seconds: float) -> None:
    """For the programs among the tests, which pace themselves as people do. A test waits for a condition instead."""
    await asyncio.sleep(max(0.0, seconds))
