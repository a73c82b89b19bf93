"""The embedded PostgreSQL keeps what it was given, whatever ends it, and says so when it cannot start."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from services.cli.embedded import EmbeddedPostgres
from shared.errors import Unavailable
from tests.parts.postgres import private_postgres
from tests.parts.scratch import scratch
from tests.parts.waiting import until_now


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    with private_postgres() as started:
        yield started


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own, which is closed to the server's user again and again."""
    with scratch("postgres") as made:
        yield made


async def ask(server: EmbeddedPostgres, statement: str) -> object:
    connection = await asyncpg.connect(server.url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_what_was_committed_is_there_after_a_stop(server: EmbeddedPostgres) -> None:
    await ask(server, "CREATE TABLE kept AS SELECT 7 AS number")
    server.stop()
    server.start()
    assert await ask(server, "SELECT number FROM kept") == 7


async def test_what_was_committed_is_there_after_a_power_cut(server: EmbeddedPostgres) -> None:
    await ask(server, "CREATE TABLE kept AS SELECT 7 AS number")
    server.kill()
    server.start()
    assert await ask(server, "SELECT number FROM kept") == 7


async def test_it_starts_again_after_somebody_else_killed_it(server: EmbeddedPostgres) -> None:
    killed = server.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    until_now(lambda: server.pid != killed, within=10, what="the end of the server")
    server.start()
    assert await ask(server, "SELECT 1") == 1


async def test_a_server_that_outlived_its_starter_is_taken_over(server: EmbeddedPostgres) -> None:
    server.abandon()
    successor = EmbeddedPostgres(server.data)
    before = server.pid
    successor.start()
    assert successor.pid == before
    assert await ask(successor, "SELECT 1") == 1
    successor.stop()
    assert server.pid is None


async def test_a_server_started_with_other_options_is_started_anew(server: EmbeddedPostgres) -> None:
    server.abandon()
    successor = EmbeddedPostgres(server.data, options={"work_mem": "7MB"})
    successor.start()
    assert await ask(successor, "SHOW work_mem") == "7MB"
    successor.stop()


def test_two_on_one_folder_are_told_apart(server: EmbeddedPostgres) -> None:
    with pytest.raises(Unavailable, match=rf"Process {os.getpid()} is already using .*another folder"):
        EmbeddedPostgres(server.data).start()


async def test_it_keeps_its_promises_by_default(server: EmbeddedPostgres) -> None:
    for option, wanted in {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "deadlock_timeout": "100ms",
        "max_connections": "120",
        "TimeZone": "UTC",
    }.items():
        assert await ask(server, f"SHOW {option}") == wanted, option


async def test_what_a_citizen_wrote_does_not_reach_its_log(server: EmbeddedPostgres) -> None:
    await ask(server, "CREATE TABLE kept (words text PRIMARY KEY)")
    await ask(server, "INSERT INTO kept VALUES ('my secret')")
    with pytest.raises(asyncpg.UniqueViolationError, match="duplicate"):
        await ask(server, "INSERT INTO kept VALUES ('my secret')")
    written = (server.data / "log").read_text()
    assert "duplicate key" in written
    assert "my secret" not in written


def test_a_long_path_gets_its_socket_elsewhere(folder: Path) -> None:
    server = EmbeddedPostgres(folder / ("a" * 100))
    try:
        server.start()
        assert server.pid is not None
    finally:
        server.stop()


def test_a_folder_that_cannot_be_written_to_is_named() -> None:
    with pytest.raises(Unavailable, match=r"/proc/accesspoint cannot be written to .*ACCESSPOINT_DATA"):
        EmbeddedPostgres(Path("/proc/accesspoint")).start()


def test_an_option_it_does_not_know_is_named(folder: Path) -> None:
    with pytest.raises(Unavailable, match=r"could not start: .*nonsense"):
        EmbeddedPostgres(folder / "data", options={"nonsense": "on"}).start()


def test_data_of_another_version_is_left_alone(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(Unavailable, match="was written by PostgreSQL 9"):
        server.start()
