"""Brings every service's schema up to date: plain SQL files, once each, in order, under one lock."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from shared.db import CONNECT_SECONDS, Connection, role_of, unreachable
from shared.errors import Refused

KERNEL_FOLDER = Path(__file__).with_name("migrations")
FILE_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")
LOCK_KEY = 0x41435053

ROLES_LOCK = "SELECT pg_advisory_lock($1)"
TAKE_LOCK = "SELECT pg_advisory_xact_lock($1)"
ROLE_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
MAY_MAKE_ROLES = "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
MAKE_LEDGER = """
CREATE TABLE IF NOT EXISTS migrations (
    part       text NOT NULL,
    file       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (part, file)
)
"""
READ_LEDGER = "SELECT part, file, checksum FROM migrations"
KEEP_IN_LEDGER = "INSERT INTO migrations (part, file, checksum) VALUES ($1, $2, $3)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file of one part (`kernel` or the service)."""

    part: str
    file: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Schema:
    """A service's name, the folder of its own migrations, and the URL it signs in with where that is its own."""

    service: str
    folder: Path
    own_url: str | None = None


def migrations_in(part: str, folder: Path) -> list[Migration]:
    """In the order of their numbers. Refused: a name or a number that does not fit."""
    found = [Migration(part, path.name, path.read_text("utf-8")) for path in sorted(folder.glob("*.sql"))]
    for number, migration in enumerate(found, start=1):
        match = FILE_NAME.match(migration.file)
        if match is None or int(match.group(1)) != number:
            raise Refused(
                f"The migration {part}/{migration.file} should be named {number:04d}_what_it_does.sql: "
                "numbers have four digits and no gaps."
            )
    return found


def planned(schema: Schema) -> list[Migration]:
    return migrations_in("kernel", KERNEL_FOLDER) + migrations_in(schema.service, schema.folder)


async def migrate(url: str | None, schemas: Sequence[Schema]) -> list[Migration]:
    """
    Applies what is missing and returns it. In one database all of it, or nothing, takes effect.

    Services with a URL of their own are brought up to date there, each by itself, and make no role.
    """
    applied: list[Migration] = []
    shared = [schema for schema in schemas if schema.own_url is None]
    if shared and url is not None:
        await make_roles(url, [schema.service for schema in shared])
        applied += await migrate_at(url, shared)
    for schema in schemas:
        if schema.own_url is not None:
            applied += await migrate_at(schema.own_url, [schema])
    return applied


async def migrate_at(url: str, schemas: Sequence[Schema]) -> list[Migration]:
    db = await connect(url)
    try:
        async with db.transaction():
            await db.execute(TAKE_LOCK, LOCK_KEY)
            return [migration for schema in schemas for migration in await migrate_one(db, schema)]
    except asyncpg.InsufficientPrivilegeError as error:
        raise Refused(
            f"The database does not let this user migrate ({error}): let an administrator GRANT it the services' roles "
            "and CREATE on the database, or migrate as the database's owner."
        ) from error
    finally:
        await db.close()


async def make_roles(url: str, services: Sequence[str]) -> None:
    """Roles belong to the whole cluster, so they are made once, under a lock that all its databases see."""
    db = await connect(url, maintenance=True)
    try:
        await db.execute(ROLES_LOCK, LOCK_KEY)
        for role in map(role_of, services):
            if not await db.fetchval(ROLE_EXISTS, role):
                if not await db.fetchval(MAY_MAKE_ROLES):
                    raise Refused(
                        f"The database role {role} is missing and this user may not make it: "
                        f"have an administrator run CREATE ROLE {role} and GRANT {role} TO this user."
                    )
                await db.execute(f"CREATE ROLE {role} NOLOGIN")
                await db.execute(f"GRANT {role} TO CURRENT_USER")
    finally:
        await db.close()


async def connect(url: str, *, maintenance: bool = False) -> asyncpg.Connection[asyncpg.Record]:
    """Connects as the installation's own user; `maintenance` to the cluster's `postgres` database where that may be."""
    try:
        if maintenance:
            try:
                return await asyncpg.connect(url, database="postgres", timeout=CONNECT_SECONDS)
            except (asyncpg.InvalidCatalogNameError, asyncpg.InsufficientPrivilegeError):
                pass
        return await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        raise unreachable(url, error) from error


async def migrate_one(db: Connection, schema: Schema) -> list[Migration]:
    if schema.own_url is None:
        await db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema.service} AUTHORIZATION {role_of(schema.service)}")
        await db.execute(f"SET LOCAL ROLE {role_of(schema.service)}")
    else:
        await db.execute(f"CREATE SCHEMA IF NOT EXISTS {schema.service}")
    await db.execute(f"SET LOCAL search_path TO {schema.service}")
    await db.execute(MAKE_LEDGER)
    missing = await unapplied(db, schema)
    for migration in missing:
        await apply(db, migration)
    await db.execute("RESET ROLE")
    return missing


async def unapplied(db: Connection, schema: Schema) -> list[Migration]:
    """Refused: a file that was changed or removed after it had been applied, or a database newer than this release."""
    kept = {(row["part"], row["file"]): row["checksum"] for row in await db.fetch(READ_LEDGER)}
    wanted = planned(schema)
    for migration in wanted:
        checksum = kept.pop((migration.part, migration.file), migration.checksum)
        if checksum != migration.checksum:
            raise Refused(
                f"The migration {migration.part}/{migration.file} was changed after it had been applied: "
                "restore the file and write a new migration instead."
            )
    if kept:
        names = ", ".join(sorted(f"{part}/{file}" for part, file in kept))
        raise Refused(f"The database is newer than this release: it has {names}. Start a newer release.")
    done = {(row["part"], row["file"]) for row in await db.fetch(READ_LEDGER)}
    return [migration for migration in wanted if (migration.part, migration.file) not in done]


async def apply(db: Connection, migration: Migration) -> None:
    try:
        await db.execute(migration.sql)
    except asyncpg.PostgresError as error:
        raise Refused(
            f"The migration {migration.part}/{migration.file} failed and nothing was changed: {error}. "
            "Correct the file and migrate again."
        ) from error
    await db.execute(KEEP_IN_LEDGER, migration.part, migration.file, migration.checksum)


async def missing_migrations(db: Connection, schema: Schema) -> list[Migration]:
    """What a service finds unapplied when it starts; it refuses to run until somebody migrates."""
    try:
        return await unapplied(db, schema)
    except asyncpg.UndefinedTableError:
        return planned(schema)
