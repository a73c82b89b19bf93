"""What any test may ask for: a database of its own on a real server, and a real broker."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Protocol, TypeVar

import hypothesis
import pytest

from shared.migrate import migrate
from tests.parts.dovecot import PrivateDovecot, look_for_dovecot, private_dovecot
from tests.parts.mailing import NoMailServer
from tests.parts.postfix import PrivatePostfix, Relays, look_for_postfix, private_postfix
from tests.parts.postgres import NotInstalled, any_postgres, create_database, drop_database, name_of
from tests.parts.rabbit import NoBroker, any_rabbit

T = TypeVar("T")
CI = os.environ.get("CI") == "true"

hypothesis.settings.register_profile("accesspoint", deadline=None, derandomize=CI, print_blob=True)
hypothesis.settings.load_profile("accesspoint")


def pytest_collection_finish() -> None:
    """Thousands of tests that stay to the end would be looked through for garbage all the time: a seventh of it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server on which databases may be made."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(any_postgres())
        except NotInstalled as why:
            if CI:
                raise
            pytest.skip(str(why))
        yield url


@pytest.fixture(scope="session")
def migrated(postgres: str) -> str:
    """The address of a database with everything migrated, a plain council and nothing else in it: only ever copied."""
    from services.cli.house import SERVICES  # noqa: PLC0415 - tests of one part need no services
    from tests.parts.councils import plain, take_up  # noqa: PLC0415 - the same

    url = outside_the_loop(create_database(postgres))
    outside_the_loop(migrate(url, [service.schema for service in SERVICES]))
    outside_the_loop(take_up(url, plain()))
    return url


@pytest.fixture
async def database(postgres: str, migrated: str) -> AsyncIterator[str]:
    """The address of a database of this test's own, migrated and empty."""
    url = await create_database(postgres, template=name_of(migrated))
    yield url
    await drop_database(url)


@pytest.fixture
async def bare_database(postgres: str) -> AsyncIterator[str]:
    """The address of a database of this test's own that nobody has migrated."""
    url = await create_database(postgres)
    yield url
    await drop_database(url)


@pytest.fixture(scope="session")
def rabbit_url() -> Iterator[str]:
    """The address of a broker that tests share: take names of your own on it."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(any_rabbit())
        except NoBroker as why:
            if CI:
                raise
            pytest.skip(str(why))
        yield url


def outside_the_loop(work: Coroutine[Any, Any, T]) -> T:
    """Runs to its end on a thread of its own: whoever asks for a fixture may have a loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


class StartPostfix(Protocol):
    """Starts a Postfix; see PrivatePostfix for what it is told."""

    def __call__(self, relays_to: Relays, settings: Mapping[str, str] | None = None) -> PrivatePostfix: ...


class StartDovecot(Protocol):
    """Starts a Dovecot; see PrivateDovecot for what it is told."""

    def __call__(self, users: Mapping[str, str], *, lmtp: bool = True) -> PrivateDovecot: ...


@pytest.fixture
def postfix() -> Iterator[StartPostfix]:
    """Starts mail servers of this test's own, each in less than a second, that relay where they are told."""
    with ExitStack() as stack:
        _there_or_skipped(look_for_postfix)
        yield lambda relays_to, settings=None: stack.enter_context(private_postfix(relays_to, settings))


@pytest.fixture
def dovecot() -> Iterator[StartDovecot]:
    """Starts servers of mailboxes of this test's own, each in less than a second."""
    with ExitStack() as stack:
        _there_or_skipped(look_for_dovecot)
        yield lambda users, *, lmtp=True: stack.enter_context(private_dovecot(users, lmtp=lmtp))


def _there_or_skipped(look: Callable[[], None]) -> None:
    try:
        look()
    except NoMailServer as why:
        if CI:
            raise
        pytest.skip(str(why))
