"""When everything said has been heard, and how long each enquiry took: asked of the database, by its one clock."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.cli.house import SERVICES

SPEAKERS_HEARD: Mapping[str, tuple[str, ...]] = {
    service.name: tuple(sorted({hears.event.speaker for hears in service.hears})) for service in SERVICES
}
# One statement, so one moment: what a handler says and how far its cursor moves become visible together.
BEHIND = (
    "SELECT sum(behind)::bigint FROM ("
    + " UNION ALL ".join(
        [f"SELECT count(*) AS behind FROM {service}.unplaced" for service in SPEAKERS_HEARD]
        + [
            f"SELECT sum(p.placed_up_to - coalesce(c.position, 0)) FROM {speaker}.partitions p "
            f"LEFT JOIN {listener}.cursors c ON c.speaker = '{speaker}' AND c.partition = p.partition"
            for listener, speakers in SPEAKERS_HEARD.items()
            for speaker in speakers
        ]
    )
    + ") AS everywhere"
)

# Rows that are written once, so that the transaction of a row is the one that made it.
WRITTEN = {
    "routing": "routing.enquiries",
    "crm": "crm.contact_enquiries",
    "sla": "(SELECT enquiry_id, xmin FROM sla.facts WHERE kind = 'enquiry.received')",
}
VISIBLE = (
    "SELECT enquiry_id, pg_xact_commit_timestamp(s.xmin) AS intake, "
    + ", ".join(f"pg_xact_commit_timestamp({service}.xmin) AS {service}" for service in WRITTEN)
    + " FROM intake.submissions s "
    + " ".join(f"JOIN {table} AS {service} USING (enquiry_id)" for service, table in WRITTEN.items())
    + " WHERE s.received_at > $1"
)
COUNTS = "SELECT (SELECT count(*) FROM intake.submissions) AS intake, " + ", ".join(
    f"(SELECT count(DISTINCT enquiry_id) FROM {table} AS t) AS {service}" for service, table in WRITTEN.items()
)
SET_ASIDE = "SELECT " + " + ".join(f"(SELECT count(*) FROM {service}.set_aside)" for service in SPEAKERS_HEARD)
LAST_HEARD = (
    "SELECT max(at) FROM ("
    + " UNION ALL ".join(
        f"SELECT max(pg_xact_commit_timestamp(xmin)) AS at FROM {service}.cursors" for service in SPEAKERS_HEARD
    )
    + ") AS everywhere"
)
FIRST_RECEIVED = "SELECT min(received_at) FROM intake.submissions WHERE received_at > $1"

CAUGHT_UP_WITHIN = 600.0
LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Witness:
    """Looks at the database of an installation from outside."""

    db: asyncpg.Connection[asyncpg.Record]

    async def behind(self) -> int:
        """How many events still have to be placed or heard, counted once per listener."""
        return int(await self.db.fetchval(BEHIND))

    async def caught_up(self) -> None:
        """Looks seldom, because looking costs what is being measured."""
        async with asyncio.timeout(CAUGHT_UP_WITHIN):
            while await self.behind():  # noqa: ASYNC110  the database tells nobody when a cursor moves
                await asyncio.sleep(LOOK_EVERY)

    async def now(self) -> datetime:
        moment: datetime = await self.db.fetchval("SELECT clock_timestamp()")
        return moment

    async def seconds_since(self, moment: datetime) -> float:
        """From the first enquiry received after that moment until the last cursor moved."""
        first: datetime = await self.db.fetchval(FIRST_RECEIVED, moment)
        last: datetime = await self.db.fetchval(LAST_HEARD)
        return (last - first).total_seconds()

    async def milliseconds_since(self, moment: datetime) -> dict[str, list[float]]:
        """Of each enquiry: from its commit in intake until its commit in each service, and in all of them."""
        found: dict[str, list[float]] = {name: [] for name in (*WRITTEN, "all")}
        for row in await self.db.fetch(VISIBLE, moment):
            took = {name: 1000 * (row[name] - row["intake"]).total_seconds() for name in WRITTEN}
            for name, milliseconds in took.items():
                found[name].append(milliseconds)
            found["all"].append(max(took.values()))
        return found

    async def check_all_is_there(self) -> None:
        """A rate of something that was lost on the way would be no rate."""
        counts = dict(await self.db.fetchrow(COUNTS) or {})
        aside = await self.db.fetchval(SET_ASIDE)
        if len(set(counts.values())) != 1 or aside:
            raise RuntimeError(f"Not every enquiry came through: {counts}, {aside} set aside.")


async def witness(url: str) -> Witness:
    return Witness(await asyncpg.connect(url))
