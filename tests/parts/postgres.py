"""PostgreSQL for tests: the one you name, else one of our own, else a container; and databases in it."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
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
INSTALLED_IN = (
    "/usr/lib/postgresql/{version}/bin",
    "/usr/pgsql-{version}/bin",
    "/opt/homebrew/opt/postgresql@{version}/bin",
    "/usr/local/opt/postgresql@{version}/bin",
)
"""Where the packages of Debian, Red Hat and Homebrew put a version's programs."""


class NotInstalled(Unavailable):
    """The version of PostgreSQL that was asked for is not on this machine."""


@contextmanager
def any_postgres() -> Iterator[str]:
    """
    The address of a server on which databases may be made.

    ACCESSPOINT_TEST_DATABASE_URL names one that runs, ACCESSPOINT_TEST_POSTGRES an installed version, such as 15, of
    which a private one is started. Raises `NotInstalled` where that version is not.
    """
    given = os.environ.get("ACCESSPOINT_TEST_DATABASE_URL")
    if given:
        yield given
        return
    version = os.environ.get("ACCESSPOINT_TEST_POSTGRES")
    if version:
        with private_postgres(IN_A_HURRY, programs_of(version), in_memory=True) as server:
            yield server.url
        return
    try:
        with private_postgres(IN_A_HURRY, in_memory=True) as server:
            yield server.url
    except Unavailable as why:
        if not docker_answers():
            raise
        print(f"{why} Using a container instead.")
        with _container() as url:
            yield url


@contextmanager
def private_postgres(
    options: Mapping[str, str] | None = None, programs: Path | None = None, *, in_memory: bool = False
) -> Iterator[EmbeddedPostgres]:
    """A server that this test may stop and kill. Without options, it keeps its promises like the real one."""
    with scratch("postgres", in_memory=in_memory) as folder:
        server = EmbeddedPostgres(folder / "data", programs, options)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def programs_of(version: str) -> Path:
    """Of the system's own packages: the folder with `initdb` and `postgres`."""
    for place in (*(pattern.format(version=version) for pattern in INSTALLED_IN), _told_by_pg_config(version)):
        if place and (Path(place) / "initdb").exists():
            return Path(place)
    raise NotInstalled(f"PostgreSQL {version} is not installed here (on Debian: the package postgresql-{version}).")


def _told_by_pg_config(version: str) -> str | None:
    program = shutil.which("pg_config")
    if program is None:
        return None
    told, place = (
        subprocess.run([program, asked], capture_output=True, text=True, check=False).stdout.strip()
        for asked in ("--version", "--bindir")
    )
    return place if told.startswith(f"PostgreSQL {version}.") else None


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


async def value_from(url: str, statement: str) -> Any:
    """The first value of the first row."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


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
