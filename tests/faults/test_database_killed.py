"""A database killed under load is away, whatever the driver makes of it: never a bug, and nothing half-done."""

import asyncio
from collections import Counter
from functools import partial

import asyncpg

from services.cli.embedded import EmbeddedPostgres
from shared.db import Meaning, meaning_of
from shared.errors import Unavailable
from shared.migrate import migrate
from shared.work import Workshop
from tests.integration.kernel.toys import ALPHA, a_workshop, throw
from tests.parts.postgres import private_postgres
from tests.parts.waiting import pause, until

KILLS = 5
SAID = "SELECT data->>'number' AS number, sequence FROM said WHERE subject = $1 ORDER BY sequence"


class Load:
    """One toy, thrown again and again with the next number; counts what was told to have been thrown."""

    def __init__(self, workshop: Workshop, toy: str) -> None:
        self.workshop = workshop
        self.toy = toy
        self.thrown: list[int] = []
        self.away = 0

    async def run(self, ending: asyncio.Event) -> None:
        number = 0
        while not ending.is_set():
            number += 1
            try:
                await throw(self.workshop, self.toy, number)
            except Unavailable:
                self.away += 1
                await pause(0.02)
            else:
                self.thrown.append(number)


def total(loads: list[Load]) -> int:
    return sum(len(load.thrown) for load in loads)


def has_reached(loads: list[Load], enough: int) -> bool:
    return total(loads) >= enough


async def kill_again_and_again(server: EmbeddedPostgres, loads: list[Load]) -> None:
    for _ in range(KILLS):
        enough = total(loads) + 100
        await until(partial(has_reached, loads, enough), what=f"{enough} throws")
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)


async def test_works_under_a_database_that_is_killed_are_done_once_or_said_to_be_unavailable() -> None:
    with private_postgres() as server:
        await migrate(server.url, [ALPHA.schema])
        async with a_workshop(server.url) as workshop:
            ending = asyncio.Event()
            loads = [Load(workshop, f"toy-{nth}") for nth in range(16)]
            running = [asyncio.create_task(load.run(ending)) for load in loads]
            await kill_again_and_again(server, loads)
            ending.set()
            await asyncio.gather(*running)
            assert sum(load.away for load in loads) > 0
            for load in loads:
                async with workshop.reading() as db:
                    rows = await db.fetch(SAID, f"toy/{load.toy}")
                said = Counter(int(row["number"]) for row in rows)
                assert not set(load.thrown) - said.keys(), "what was told to be done is there"
                assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))


def test_a_driver_that_has_lost_its_place_means_that_the_database_is_away() -> None:
    """It says so when the server's last words come in between two statements of a transaction."""
    error = asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")
    assert meaning_of(error) is Meaning.AWAY
