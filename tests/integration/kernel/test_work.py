"""One transaction: what is written and what is said become real together, or not at all."""

import asyncio

import asyncpg
import pytest

from shared.db import Meaning, meaning_of
from shared.errors import Refused, TooLarge, Unavailable
from shared.said import partition_of
from shared.work import Work
from tests.integration.kernel.toys import NOTE, ToyThrown, a_cause, a_workshop, throw

SAID = "SELECT subject, sequence, data->>'number' AS number FROM said ORDER BY subject, sequence"


async def test_what_is_said_is_numbered_within_its_subject(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        await throw(workshop, "bear", 1, 2)
        await throw(workshop, "ball", 3)
        await throw(workshop, "bear", 4)
        async with workshop.reading() as db:
            said = [tuple(row) for row in await db.fetch(SAID)]
            partitions = {row["partition"] for row in await db.fetch("SELECT partition FROM unplaced")}

    assert said == [("toy/ball", 1, "3"), ("toy/bear", 1, "1"), ("toy/bear", 2, "2"), ("toy/bear", 3, "4")]
    assert partitions == {partition_of("toy/bear"), partition_of("toy/ball")}


async def test_an_action_that_fails_leaves_nothing_written_and_nothing_said(toys: str) -> None:
    async def fail(work: Work) -> None:
        await work.db.execute(NOTE, "toy/bear", 1, None)
        work.say(ToyThrown(toy="bear", number=1))
        raise Refused("no")

    async with a_workshop(toys) as workshop:
        with pytest.raises(Refused):
            await workshop.run(["toy/bear"], fail, a_cause())
        async with workshop.reading() as db:
            assert await db.fetchval("SELECT count(*) FROM handled") == 0
            assert await db.fetchval("SELECT count(*) FROM said") == 0


async def test_saying_something_about_a_subject_that_is_not_locked_is_a_bug(toys: str) -> None:
    async def careless(work: Work) -> None:
        work.say(ToyThrown(toy="ball", number=1))

    async with a_workshop(toys) as workshop:
        with pytest.raises(ValueError, match="has not locked"):
            await workshop.run(["toy/bear"], careless, a_cause())


async def test_an_event_that_is_too_large_is_refused_and_not_cut(toys: str) -> None:
    async def shout(work: Work) -> None:
        work.say(ToyThrown(toy="x" * 200_001, number=1))

    async with a_workshop(toys) as workshop:
        with pytest.raises(TooLarge, match="200 kB"):
            await workshop.run([f"toy/{'x' * 200_001}"], shout, a_cause(), fresh=())


async def test_works_on_one_subject_follow_each_other_and_none_is_lost(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        await asyncio.gather(*(throw(workshop, "bear", number) for number in range(40)))
        async with workshop.reading() as db:
            sequences = [row["sequence"] for row in await db.fetch(SAID)]

    assert sequences == list(range(1, 41))


async def test_a_work_that_a_deadlock_ends_is_run_again(toys: str) -> None:
    tries = 0

    async def clash(work: Work) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise asyncpg.DeadlockDetectedError("deadlock detected")
        work.say(ToyThrown(toy="bear", number=tries))

    async with a_workshop(toys) as workshop:
        await workshop.run(["toy/bear"], clash, a_cause())
        async with workshop.reading() as db:
            assert await db.fetchval("SELECT data->>'number' FROM said") == "2"


async def test_a_work_whose_connection_is_cut_is_run_again_once_more_and_says_once(toys: str) -> None:
    tries = 0

    async def cut_off(work: Work) -> None:
        nonlocal tries
        tries += 1
        work.say(ToyThrown(toy="bear", number=tries))
        if tries == 1:
            backend = await work.db.fetchval("SELECT pg_backend_pid()")
            await owner.execute("SELECT pg_terminate_backend($1)", backend)

    owner = await asyncpg.connect(toys)
    async with a_workshop(toys) as workshop:
        await workshop.run(["toy/bear"], cut_off, a_cause())
        await owner.close()
        async with workshop.reading() as db:
            assert await db.fetchval("SELECT count(*) FROM said") == 1


async def test_a_value_that_the_database_cannot_store_is_refused(toys: str) -> None:
    async def store_nul(work: Work) -> None:
        await work.db.execute(NOTE, "toy/\x00", 1, None)

    async with a_workshop(toys) as workshop:
        with pytest.raises(Refused, match="cannot store"):
            await workshop.run([], store_nul, a_cause())


async def test_a_read_that_takes_too_long_is_for_later_and_no_bug(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        with pytest.raises(Unavailable, match="ask for less") as caught:
            async with workshop.reading() as db:
                await db.fetchval("SELECT pg_sleep(60)", timeout=0.01)
        async with workshop.reading() as db:
            assert await db.fetchval("SELECT 1") == 1
    assert meaning_of(caught.value) is Meaning.AGAIN


async def test_a_database_that_stays_away_is_said_in_a_sentence(toys: str) -> None:
    async def gone(_: Work) -> None:
        raise ConnectionResetError("gone")

    async with a_workshop(toys) as workshop:
        with pytest.raises(Unavailable, match="ACCESSPOINT_DATABASE_URL"):
            await workshop.run([], gone, a_cause())
