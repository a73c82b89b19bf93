"""The shipped slice, replayed against a whole house: every row taken in, recorded, queued and clocked once."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import aiohttp

from services.cli.replay import Replayed, replay
from tests.parts.house import EmbeddedHouse, House, ProcessHouse
from tests.parts.ledger import looking, not_once, parked, until_all_is_heard
from tests.parts.people import Citizen, desk_of
from tests.parts.postgres import private_postgres
from tests.parts.rabbit import private_rabbit
from tests.parts.scratch import scratch

SLICE = Path(__file__).parents[2] / "deploy" / "demo" / "boston311-slice.csv"
FOLLOWED = 20
CLIENTS = 8
HEARD_WITHIN = 120.0
RECEIVED = "SELECT enquiry_id::text AS enquiry_id, reference FROM intake.submissions"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a replay came to. The rate counts until the last service has heard the last event."""

    where: str
    replayed: Replayed
    heard_after: float
    followed: int

    @property
    def rate(self) -> float:
        return self.replayed.rows / self.heard_after

    def in_words(self) -> str:
        return (
            f"{self.where}: {self.replayed.in_words()}\n"
            f"Every service had heard everything after {self.heard_after:.1f} s ({self.rate:.1f} rows per second): "
            f"each row recorded, queued and clocked once; {self.followed} followed to an answer."
        )

    def figures(self) -> dict[str, float]:
        """For whoever keeps them; latencies in milliseconds."""
        percentiles = {f"p{percent}": 1000 * self.replayed.percentile(percent) for percent in (50, 95, 99)}
        return {
            "rows": self.replayed.rows,
            "accepted per second": self.replayed.rate,
            "rows per second until heard": self.rate,
            **percentiles,
            "followed": self.followed,
        }


async def replayed_and_followed(where: str, house: House, limit: int | None = None) -> Outcome:
    """In a house where nothing has happened yet. Fails, naming what is wrong, unless all of it is right."""
    began = time.monotonic()
    replayed = await replay(SLICE, house.url("intake"), rate=None, limit=limit, clients=CLIENTS, report=lambda *_: None)
    assert replayed.everything_is_in, replayed.in_words()
    assert replayed.accepted == replayed.rows
    await until_all_is_heard(house.database_url, HEARD_WITHIN)
    heard_after = time.monotonic() - began
    references = await received(house)
    assert len(references) == replayed.rows
    assert await not_once(house.database_url, references) == {}
    followed = await followed_to_an_answer(house, references)
    assert await parked(house.database_url) == []
    return Outcome(where, replayed, heard_after, followed)


async def received(house: House) -> dict[str, str]:
    """The reference of each enquiry."""
    async with looking(house.database_url) as db:
        return {row["enquiry_id"]: row["reference"] for row in await db.fetch(RECEIVED)}


async def followed_to_an_answer(house: House, references: dict[str, str]) -> int:
    """An adviser takes what is offered, one by one; then the citizens look, and so do we."""
    answered = []
    async with aiohttp.ClientSession() as session:
        desk, citizen = desk_of(session, house, "ada"), Citizen(session, house)
        await desk.come()
        for _ in range(FOLLOWED):
            offer = await desk.offer()
            assert offer is not None
            await desk.deal_with(offer)
            answered.append(offer["enquiry_id"])
        await desk.come("away")
        for enquiry in answered:
            seen = await citizen.sees(references[enquiry], "resolved")
            assert seen["answered_at"] is not None
    await until_all_is_heard(house.database_url)
    assert len(set(answered)) == FOLLOWED
    assert await not_once(house.database_url, answered, finished=True) == {}
    return len(answered)


async def on_one_process(limit: int | None = None) -> Outcome:
    """`accesspoint up` with its own database, as `make run` starts it."""
    with scratch("up") as folder:
        house = EmbeddedHouse(folder)
        try:
            house.start()
            await house.until_ready()
            return await replayed_and_followed("one process, embedded", house, limit)
        finally:
            house.close()


@asynccontextmanager
async def four_processes(database_url: str, amqp_url: str) -> AsyncIterator[ProcessHouse]:
    """On an empty database."""
    with scratch("four") as folder:
        house = ProcessHouse(database_url, amqp_url, folder, f"replay-{uuid4().hex[:8]}")
        try:
            house.migrate()
            house.start_all()
            await house.until_ready()
            yield house
        except AssertionError as error:
            error.add_note(house.last_words())
            raise
        finally:
            house.close()


async def on_four_processes(limit: int | None = None) -> Outcome:
    """On a broker and a database of their own, which keep what they are given."""
    with private_postgres() as postgres, private_rabbit() as broker:
        async with four_processes(postgres.url, broker.url) as house:
            return await replayed_and_followed("four processes on RabbitMQ", house, limit)


async def main(limit: int | None) -> None:
    for where in (on_one_process, on_four_processes):
        print((await where(limit)).in_words())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else None))
