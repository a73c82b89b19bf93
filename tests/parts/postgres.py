"""PostgreSQL for tests: the one you name, else one of our own, else a container; and databases in it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from services.cli.embedded import EmbeddedPostgres
from shared.errors import Unavailable
from tests.parts.docker import docker_answers
from tests.parts.scratch import scratch

IMAGE = "postgres:18"
# Tests kill processes, not the power: what the operating system holds is safe, and tests are quicker.
IN_A_HURRY: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}


@contextmanager
def any_postgres() -> Iterator[str]:
    """The address of a server on which databases may be made."""
    given = os.environ.get("ACCESSPOINT_TEST_DATABASE_URL")
    if given:
        yield given
        return
    try:
        with private_postgres(IN_A_HURRY) as server:
            yield server.url
    except Unavailable as why:
        if not docker_answers():
            raise
        print(f"{why} Using a container instead.")
        with _container() as url:
            yield url


@contextmanager
def private_postgres(options: Mapping[str, str] | None = None) -> Iterator[EmbeddedPostgres]:
    """A server that this test may stop and kill. Without options, it keeps its promises like the real one."""
    with scratch("postgres") as folder:
        server = EmbeddedPostgres(folder / "data", options=options)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def _container() -> Iterator[str]:
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 - it asks for an engine

    with PostgresContainer(IMAGE, driver=None) as container:
        yield str(container.get_connection_url())


async def create_database(server: str, *, template: str | None = None) -> str:
    """A new database, empty or like the template; its address."""
    name = f"test_{uuid4().hex}"
    like = f' TEMPLATE "{template}"' if template else ""
    await _at_the_server(server, f'CREATE DATABASE "{name}"{like}')
    return with_name(server, name)


async def drop_database(url: str) -> None:
    """Ends whoever is still connected, too."""
    await _at_the_server(with_name(url, "postgres"), f'DROP DATABASE IF EXISTS "{name_of(url)}" WITH (FORCE)')


def name_of(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def with_name(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def _at_the_server(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
