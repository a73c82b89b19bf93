"""Whatever a broker may do to a message, each event is handled once and in order."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import ClassVar

import pytest

from shared import cursors
from shared.bus.local import LocalBus
from shared.contracts import envelope
from shared.errors import Refused, Unavailable
from shared.hearing import STARTS, Hearing
from shared.work import Work, Workshop
from tests.faults.letters import (
    HEADERS,
    beta_with,
    deliver,
    numbers_of,
    set_aside,
    states_set_aside,
    throws,
    toys_in_one_partition,
    written,
)
from tests.integration.kernel.toys import ToyThrown, a_workshop, note, replicas_of
from tests.parts.waiting import until, until_others_wait

BEAR, BALL, DUCK = toys_in_one_partition(3)


class ToyMended(ToyThrown):
    """Beta does not hear this."""

    name: ClassVar[str] = "toy.mended"


async def test_what_is_delivered_twice_is_handled_once(hearing: Hearing, beta: Workshop) -> None:
    bodies = throws(BEAR, BALL, BEAR)
    for _ in range(2):
        await deliver(hearing, bodies)
    await deliver(hearing, bodies[1:2])
    assert await numbers_of(beta) == {BEAR: [1, 2], BALL: [1]}
    assert await set_aside(beta) == []


async def test_p08_everything_delivered_three_times_at_once_is_handled_once(hearing: Hearing, beta: Workshop) -> None:
    bodies = throws(*[BEAR, BALL, DUCK] * 10)
    deliveries = [bodies[start : start + 5] for start in range(0, len(bodies), 5)]
    for delivery in deliveries:
        await asyncio.gather(*(deliver(hearing, delivery) for _ in range(3)))
    assert await numbers_of(beta) == {toy: list(range(1, 11)) for toy in (BEAR, BALL, DUCK)}
    assert await set_aside(beta) == []


async def test_an_event_before_its_turn_waits_for_those_before_it(hearing: Hearing, beta: Workshop) -> None:
    bodies = throws(BEAR, BEAR, BALL)
    await deliver(hearing, bodies[1:])
    assert await numbers_of(beta) == {}
    assert await states_set_aside(beta) == [("ahead", 2), ("ahead", 3)]
    await deliver(hearing, bodies[:1])
    await hearing.drain_ahead(0)
    assert await numbers_of(beta) == {BEAR: [1, 2], BALL: [1]}
    assert await set_aside(beta) == []


@pytest.mark.parametrize("seed", range(6))
async def test_p27_shuffled_and_doubled_deliveries_end_in_the_same_state(toys: str, seed: int) -> None:
    """Through a replica on a bus fed from outside: batches of any size, each event once or twice, in any order."""
    bodies = throws(*Random(seed).choices([BEAR, BALL, DUCK], k=60))
    bus = LocalBus()
    async with replicas_of(toys, beta_with(), bus=bus), a_workshop(toys, "beta") as reader:
        async with asyncio.timeout(60):
            await asyncio.gather(
                *(bus.publish("alpha", 0, envelope.joined(batch), HEADERS) for batch in shuffled(bodies, Random(seed)))
            )
        found = await until(lambda: when_all(reader, len(bodies)), what="every event handled")
        assert await set_aside(reader) == []
    await bus.close()
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in found.values())


async def when_all(workshop: Workshop, how_many: int) -> dict[str, list[int]] | None:
    found = await numbers_of(workshop)
    return found if sum(map(len, found.values())) >= how_many else None


def shuffled(bodies: Sequence[bytes], chance: Random) -> list[list[bytes]]:
    """Every event at least once, some twice, in batches of one to eight."""
    pack = [*bodies, *chance.sample(bodies, len(bodies) // 3)]
    chance.shuffle(pack)
    batches = []
    while pack:
        size = chance.randint(1, 8)
        batches.append(pack[:size])
        pack = pack[size:]
    return batches


async def test_an_event_delivered_again_while_the_database_is_away_is_no_suspect(beta: Workshop) -> None:
    """However often: it did not end the process."""
    tries = 0

    async def away_at_first(event: ToyThrown, work: Work) -> None:
        nonlocal tries
        tries += 1
        if tries <= 5:
            raise Unavailable("The database is away.")
        await note(event, work)

    hearing = Hearing(beta, beta_with(away_at_first).hears)
    events, _ = hearing.read(envelope.joined(throws(BEAR)), 0)
    for _ in range(5):
        with pytest.raises(Unavailable):
            await hearing.handle_carefully(0, events)
    await hearing.handle_carefully(0, events)
    assert await numbers_of(beta) == {BEAR: [1]}
    assert await set_aside(beta) == []
    async with beta.reading() as db:
        assert await db.fetchval("SELECT count(*) FROM starts") == 0


async def test_an_event_nobody_here_hears_is_no_suspect_however_often_the_process_ended(
    hearing: Hearing, beta: Workshop
) -> None:
    """Each process ends while it waits to pass the event over."""
    unheard, heard = written(ToyMended(toy=BEAR, number=1), 1, 1), written(ToyThrown(toy=BEAR, number=1), 2, 2)
    events, _ = hearing.read(envelope.joined([unheard, heard]), 0)
    for _ in range(STARTS + 1):
        async with a_workshop(beta.database.url, "beta") as other, other.reading() as db, db.transaction():
            await cursors.lock(db, 0, ["alpha"])
            passing = asyncio.create_task(hearing.handle_carefully(0, events))
            await until_others_wait(db)
            passing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await passing
    await hearing.handle_carefully(0, events)
    assert await set_aside(beta) == []
    assert await numbers_of(beta) == {BEAR: [1]}


async def test_an_event_that_came_before_its_turn_and_then_fails_is_parked_and_not_lost(beta: Workshop) -> None:
    async def fail(event: ToyThrown, work: Work) -> None:
        if event.number == 2:
            raise Refused("No.")
        await note(event, work)

    hearing = Hearing(beta, beta_with(fail).hears)
    bodies = throws(BEAR, BEAR, BEAR, BALL)
    await deliver(hearing, bodies[1:])
    await deliver(hearing, bodies[:1])
    await hearing.drain_ahead(0)
    assert await numbers_of(beta) == {BEAR: [1], BALL: [1]}
    assert await states_set_aside(beta) == [("parked", 2), ("behind", 3)]
