"""`accesspoint` as it is, with a witness beside every handler: one row for each event whose handling was committed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import asyncpg

from services.cli import house, main
from shared.contracts.base import Event
from shared.db import role_of
from shared.hearing import Handler, Hears
from shared.runtime import Service
from shared.work import Work

MAKE = """
CREATE TABLE IF NOT EXISTS witnessed (
    nth      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    said_id  uuid,
    heard_at timestamptz NOT NULL
)
"""
SAW = "INSERT INTO witnessed (said_id, heard_at) VALUES ($1, $2)"


def witnessed(service: Service) -> Service:
    """The same service; whatever it handles is written down in the same transaction, without a key against doubles."""
    return replace(service, hears=tuple(Hears(h.event, with_witness(h.handler)) for h in service.hears))


def with_witness(handler: Handler[Any]) -> Handler[Any]:
    async def handle_and_note(event: Event, work: Work) -> None:
        await handler(event, work)
        await work.db.execute(SAW, work.cause.causation_id, work.now)

    return handle_and_note


async def make_tables(url: str, services: Iterable[str]) -> None:
    db = await asyncpg.connect(url)
    try:
        for service in services:
            async with db.transaction():
                await db.execute(f"SET LOCAL ROLE {role_of(service)}")
                await db.execute(f"SET LOCAL search_path TO {service}")
                await db.execute(MAKE)
    finally:
        await db.close()


async def migrate_first(url: str) -> None:
    """For `up`, which migrates by itself when it starts: the tables of the witness must be there before."""
    from shared.migrate import migrate  # noqa: PLC0415 - only one of the two ways of starting needs it

    await migrate(url, [service.schema for service in house.SERVICES])
    await make_tables(url, [service.name for service in house.SERVICES])


if __name__ == "__main__":
    house.SERVICES = tuple(witnessed(service) for service in house.SERVICES)  # type: ignore[assignment]
    sys.argv[0] = "accesspoint"
    main()
