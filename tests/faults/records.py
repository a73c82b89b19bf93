"""What stands in the tables of the four services, read from outside, past every service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from services.cli.house import SERVICES

NAMES = tuple(service.name for service in SERVICES)
HEARD = {service.name: tuple(sorted({(h.event.speaker, h.event.name) for h in service.hears})) for service in SERVICES}
"""For each listener, which events of which speaker it hears."""
SPEAKERS = {listener: tuple(sorted({speaker for speaker, _ in heard})) for listener, heard in HEARD.items()}

Row = asyncpg.Record
BEHIND = """
SELECT coalesce(sum(p.placed_up_to - c.position), 0)
  FROM {speaker}.partitions p JOIN {listener}.cursors c ON c.partition = p.partition AND c.speaker = '{speaker}'
"""


class Records:
    """A connection as the installation's own user, who may read every schema."""

    def __init__(self, db: asyncpg.Connection[Row]) -> None:
        self.db = db

    async def rows(self, statement: str, *arguments: Any) -> list[Row]:
        return await self.db.fetch(statement, *arguments)

    async def value(self, statement: str, *arguments: Any) -> Any:
        return await self.db.fetchval(statement, *arguments)

    async def column(self, statement: str, *arguments: Any) -> list[Any]:
        return [row[0] for row in await self.db.fetch(statement, *arguments)]

    async def at(self, service: str, statement: str) -> list[Row]:
        """A statement of the service's own, in its schema."""
        async with self.db.transaction():
            await self.db.execute(f"SET LOCAL search_path TO {service}")
            return await self.db.fetch(statement)


@asynccontextmanager
async def records_of(url: str) -> AsyncIterator[Records]:
    db = await asyncpg.connect(url, timeout=5, command_timeout=60)
    try:
        yield Records(db)
    finally:
        await db.close()


async def undelivered_now(url: str) -> int | None:
    """Events said and not yet handled everywhere; None when the database does not answer."""
    try:
        async with asyncio.timeout(3), records_of(url) as records:
            return sum((await restlessness(records)).values())
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None


async def restlessness(records: Records) -> Mapping[str, int]:
    """What still moves or should: nothing, when all is quiet."""
    found = {}
    for service in NAMES:
        found[f"{service} unplaced"] = await records.value(f"SELECT count(*) FROM {service}.unplaced")
        found[f"{service} unsent"] = await records.value(
            f"SELECT coalesce(sum(placed_up_to - sent_up_to), 0)::bigint FROM {service}.partitions"
        )
        found[f"{service} set aside"] = await records.value(
            f"SELECT count(*) FROM {service}.set_aside WHERE state <> 'parked'"
        )
        found[f"{service} due"] = await records.value(
            f"SELECT count(*) FROM {service}.timers WHERE fire_at < clock_timestamp() AND parked_why IS NULL"
        )
    for listener, speaker in pairs():
        behind = BEHIND.format(listener=listener, speaker=speaker)
        found[f"{listener} behind {speaker}"] = int(await records.value(behind))
    found["live offers"] = await records.value("SELECT count(*) FROM routing.offers WHERE state = 'live'")
    return {name: count for name, count in found.items() if count}


def pairs() -> Sequence[tuple[str, str]]:
    """Every listener with every speaker it hears."""
    return [(listener, speaker) for listener, speakers in SPEAKERS.items() for speaker in speakers]
