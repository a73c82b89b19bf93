"""Two relays of one service at work at the same time: which the lease forbids, and the positions forgive."""

import asyncio

from shared.bus.local import LocalBus
from shared.health import Health
from shared.relay import Relay
from shared.work import Workshop
from tests.faults.letters import GAMMA, beta_with, numbers_of, set_aside
from tests.faults.records import records_of
from tests.faults.verdict import GAPS, OUT_OF_STEP, SEQUENCES, UNNUMBERED
from tests.integration.kernel.toys import ALPHA, a_workshop, replicas_of, throw
from tests.parts.waiting import until

LEAVE_LEASE = "UPDATE relay_lease SET holder = NULL, until = NULL"
GIVE_LEASE = "UPDATE relay_lease SET holder = gen_random_uuid(), until = clock_timestamp() + interval '1 hour'"
TOYS, THROWS = 12, 25


async def test_two_relays_that_both_believe_they_lead_leave_no_gap_and_double_nothing(toys: str) -> None:
    """The lease is torn from whoever has it, again and again, while both are kept busy."""
    async with (
        a_workshop(toys, "beta") as reader,
        replicas_of(toys, ALPHA, ALPHA, beta_with(), GAMMA) as (one, other, *_),
    ):
        throwing = asyncio.gather(
            *(throw_all((one, other)[toy % 2].workshop, f"toy-{toy}") for toy in range(TOYS)),
        )
        led: set[str] = set()
        while not throwing.done():
            led |= {name for name, replica in (("one", one), ("other", other)) if replica.relay.leads}
            async with one.workshop.reading() as db:
                await db.execute(LEAVE_LEASE)
            other.relay.wake()
            await asyncio.sleep(0)
        await throwing
        found = await until(lambda: when_all(reader, TOYS * THROWS), within=60, what="every event")
        assert await set_aside(reader) == []
    assert led == {"one", "other"}
    assert found == {f"toy-{toy}": list(range(THROWS)) for toy in range(TOYS)}
    async with records_of(toys) as records:
        for statement in (GAPS, UNNUMBERED, OUT_OF_STEP, SEQUENCES):
            assert await records.at("alpha", statement) == []


async def throw_all(workshop: Workshop, toy: str) -> None:
    for number in range(THROWS):
        await throw(workshop, toy, number)


async def when_all(beta: Workshop, how_many: int) -> dict[str, list[int]] | None:
    found = await numbers_of(beta)
    return found if sum(map(len, found.values())) >= how_many else None


async def test_a_relay_that_has_lost_its_lease_without_knowing_numbers_nothing(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        relay = Relay(workshop, LocalBus(), "anytown.example", Health())
        await relay.turn()
        assert relay.leads
        async with workshop.reading() as db:
            await db.execute(GIVE_LEASE)
        await throw(workshop, "bear", 1)
        await relay.turn()
        async with workshop.reading() as db:
            assert await db.fetchval("SELECT count(*) FROM unplaced") == 1
            assert await db.fetchval("SELECT count(*) FROM positions") == 0
        assert not relay.leads
