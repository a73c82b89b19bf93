"""Migrations: once each, in order, all or nothing, and refused with a sentence when something is wrong."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from shared.db import Database
from shared.errors import Refused, Unavailable
from shared.migrate import Schema, migrate, migrations_in
from tests.integration.kernel.toys import ALPHA

KERNEL = ("0001_create_kernel.sql", "0002_create_council.sql")


def a_schema(folder: Path, *statements: str) -> Schema:
    for number, statement in enumerate(statements, start=1):
        (folder / f"{number:04d}_step.sql").write_text(statement)
    return Schema("alpha", folder)


async def test_each_migration_is_applied_once(bare_database: str) -> None:
    first = await migrate(bare_database, [ALPHA.schema])
    assert [m.file for m in first] == [*KERNEL, "0001_create_toys.sql"]
    assert await migrate(bare_database, [ALPHA.schema]) == []


async def test_several_processes_may_migrate_at_the_same_time(bare_database: str) -> None:
    applied = await asyncio.gather(*(migrate(bare_database, [ALPHA.schema]) for _ in range(4)))
    assert sum(map(len, applied)) == len(KERNEL) + 1


async def test_a_broken_migration_changes_nothing_and_says_which_it_was(bare_database: str, tmp_path: Path) -> None:
    broken = a_schema(tmp_path, "CREATE TABLE one (id int)", "CREATE TABEL two (id int)")
    with pytest.raises(Refused, match=r"alpha/0002_step\.sql failed and nothing was changed"):
        await migrate(bare_database, [broken])
    db = await asyncpg.connect(bare_database)
    assert await db.fetchval("SELECT to_regclass('alpha.one')") is None
    await db.close()


async def test_a_migration_changed_after_it_was_applied_is_refused(bare_database: str, tmp_path: Path) -> None:
    await migrate(bare_database, [a_schema(tmp_path, "CREATE TABLE one (id int)")])
    with pytest.raises(Refused, match="write a new migration instead"):
        await migrate(bare_database, [a_schema(tmp_path, "CREATE TABLE one (id bigint)")])


async def test_a_database_newer_than_the_release_is_refused(bare_database: str, tmp_path: Path) -> None:
    await migrate(bare_database, [a_schema(tmp_path, "SELECT 1", "SELECT 2")])
    (tmp_path / "0002_step.sql").unlink()
    with pytest.raises(Refused, match="Start a newer release"):
        await migrate(bare_database, [Schema("alpha", tmp_path)])


def test_a_gap_in_the_numbers_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0002_step.sql").write_text("SELECT 1")
    with pytest.raises(Refused, match="four digits and no gaps"):
        migrations_in("alpha", tmp_path)


async def test_a_database_that_is_not_there_is_said_in_a_sentence_without_the_password() -> None:
    with pytest.raises(Unavailable, match="ACCESSPOINT_DATABASE_URL") as refusal:
        await migrate("postgresql://ann:secret@127.0.0.1:1/nowhere", [ALPHA.schema])
    assert "secret" not in str(refusal.value)


async def test_a_service_cannot_read_the_tables_of_another(toys: str) -> None:
    db = await asyncpg.connect(toys, server_settings={"role": "accesspoint_alpha", "search_path": "alpha"})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await db.fetch("SELECT * FROM beta.handled")
    await db.close()


async def test_a_service_that_signs_in_by_itself_needs_no_role_of_ours(bare_database: str, tmp_path: Path) -> None:
    schema = a_schema(tmp_path, "CREATE TABLE one (id int)")
    applied = await migrate(None, [Schema(schema.service, schema.folder, bare_database)])
    assert [m.file for m in applied] == [*KERNEL, "0001_step.sql"]
    database = Database(bare_database, "alpha", own_login=True)
    await database.open()
    async with database.connection() as db:
        assert await db.fetchval("SELECT current_user") != "accesspoint_alpha"
        assert await db.fetchval("SELECT count(*) FROM one") == 0
    await database.close()


async def test_nothing_takes_effect_when_another_service_of_the_same_database_fails(
    bare_database: str, tmp_path: Path
) -> None:
    broken = Schema("beta", a_schema(tmp_path, "CREATE TABEL one (id int)").folder)
    with pytest.raises(Refused, match="nothing was changed"):
        await migrate(bare_database, [ALPHA.schema, broken])
    db = await asyncpg.connect(bare_database)
    assert await db.fetchval("SELECT to_regnamespace('alpha')") is None
    await db.close()


async def test_an_address_that_cannot_be_read_is_not_quoted() -> None:
    for url in ("postgresql://u:hunter2/x@h/db", "postgresql://u:hunter2@h:abc/db"):
        with pytest.raises(Unavailable, match="ACCESSPOINT_DATABASE_URL") as refusal:
            await migrate(url, [ALPHA.schema])
        assert "hunter2" not in str(refusal.value)
