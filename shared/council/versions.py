"""The council as it was applied to the database: the version that holds now, and how a further one is made."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from shared.council.model import Council
from shared.council.reading import read_again
from shared.db import Connection
from shared.errors import Conflict, Unavailable
from shared.vocabulary import new_id
from shared.work import Cause, Work, Workshop

NOW = "SELECT version, fingerprint FROM council_versions ORDER BY version DESC LIMIT 1"
FILE = "SELECT file FROM council_versions WHERE version = $1"
KEEP = """
INSERT INTO council_versions (version, fingerprint, file, author, reason, applied_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
HISTORY = "SELECT version, fingerprint, file, author, reason, applied_at FROM council_versions ORDER BY version"

COUNCIL = "council"
"""What is locked while a version is made, so that of two people at once one comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One state of the council file, with who made it and why. `applied_at` is set once it is."""

    version: int
    fingerprint: str
    file: str
    author: str
    reason: str
    applied_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Current:
    """The council that holds now, and the number of its version."""

    version: int
    council: Council


TakeUp = Callable[[Work, Current], Awaitable[None]]
"""What a further version of the council means to a service. It says nothing: a council file is no event."""


READ: dict[str, Council] = {}
MOST_READ = 64


async def current(db: Connection) -> Current:
    """
    Looked up in the database each time, so that all replicas agree; read from its text once per process.

    `Unavailable` while no council file has been applied.
    """
    row = await db.fetchrow(NOW)
    if row is None:
        raise Unavailable("No council file has been applied yet: run `accesspoint council apply FILE`.")
    council = READ.get(row["fingerprint"])
    if council is None:
        council = read_again(await db.fetchval(FILE, row["version"]))
        if len(READ) >= MOST_READ:
            READ.clear()
        READ[row["fingerprint"]] = council
    return Current(row["version"], council)


async def history(db: Connection) -> list[Version]:
    """Every version there has been, the first one first."""
    return [Version(**dict(row)) for row in await db.fetch(HISTORY)]


def fingerprint_of(file: str) -> str:
    return hashlib.sha256(file.encode()).hexdigest()


async def apply(workshop: Workshop, version: Version, take_up: TakeUp | None) -> bool:
    """
    Makes it the version that holds for one service. False when the service has it already.

    `Conflict` when somebody else has applied another file in the meantime, under the same number or a later one.
    """
    council = read_again(version.file)

    async def act(work: Work) -> bool:
        kept = await work.db.fetchrow(NOW)
        if kept is not None and kept["version"] >= version.version:
            if (kept["version"], kept["fingerprint"]) != (version.version, version.fingerprint):
                raise Conflict(
                    f"Somebody else has applied another council file meanwhile, as version {kept['version']}: "
                    "look at the difference and try again."
                )
            return False
        await work.db.execute(
            KEEP, version.version, version.fingerprint, version.file, version.author, version.reason, work.now
        )
        if take_up is not None:
            await take_up(work, Current(version.version, council))
        return True

    return await workshop.run([COUNCIL], act, Cause(version.author, new_id()))
