"""`accesspoint parked`: what waits for a person, and what the person wants done with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from services.cli.house import SERVICES
from services.cli.place import database_of
from services.cli.tables import lay_out
from shared import setaside
from shared.db import Connection, Row
from shared.errors import NotFound
from shared.settings import HouseSettings, read_settings

app = typer.Typer(
    no_args_is_help=True,
    help="Look at events that could not be handled, and have them handled again or dropped.",
)
console = Console(highlight=False)

Id = Annotated[UUID, typer.Argument(help="As `accesspoint parked list` shows it.")]


@asynccontextmanager
async def records_of(service: str) -> AsyncIterator[Connection]:
    settings = read_settings(HouseSettings)
    database = database_of(settings, service)
    await database.open()
    try:
        async with database.connection() as db:
            yield db
    finally:
        await database.close()


@app.command("list")
def show_list() -> None:
    """Every event that is set aside, in every service: why, since when, and behind what."""
    table = Table("service", "id", "state", "event", "subject", "why", "since")
    for service in SERVICES:
        for row in asyncio.run(rows_of(service.name)):
            since = f"{row['since']:%Y-%m-%d %H:%M:%S}"
            state = f"{row['state']} ({row['wanted']} asked for)" if row["wanted"] else row["state"]
            table.add_row(service.name, str(row["set_aside_id"]), state, row["name"], row["subject"], row["why"], since)
    if table.row_count:
        lay_out(table)
    else:
        console.print("Nothing is set aside.")


async def rows_of(service: str) -> list[Row]:
    async with records_of(service) as db:
        return await setaside.listed(db)


@app.command()
def show(event: Id) -> None:
    """One event as it came. It may hold what a citizen wrote."""
    service, row = asyncio.run(found(event))
    console.print(f"{service}: {row['state']}, {row['why']}")
    try:
        console.print_json(json.dumps(json.loads(bytes(row["body"]))))
    except ValueError:
        console.print(repr(bytes(row["body"])))


async def found(event: UUID) -> tuple[str, Row]:
    for service in SERVICES:
        async with records_of(service.name) as db:
            row = await setaside.shown(db, event)
        if row is not None:
            return service.name, row
    raise NotFound(f"No event {event} is set aside: `accesspoint parked list` shows those that are.")


@app.command()
def replay(event: Id) -> None:
    """Have it handled again, and after it what waits behind it."""
    asyncio.run(mark(event, "replay"))
    console.print("It will be handled again within a second or two, by whoever hears its partition.")


@app.command()
def drop(event: Id) -> None:
    """Give it up for good; what waits behind it is handled."""
    asyncio.run(mark(event, "drop"))
    console.print("It will be dropped within a second or two, by whoever hears its partition.")


async def mark(event: UUID, wanted: str) -> None:
    service, row = await found(event)
    async with records_of(service) as db:
        if not await setaside.mark(db, event, wanted):
            raise NotFound(f"{event} is {row['state']}: mark the parked event of its subject that it waits behind.")
