"""What was said gets gap-free positions and goes out in order, by one relay at a time."""

import asyncio
from datetime import timedelta
from typing import Any

from shared.bus.local import LocalBus
from shared.contracts.envelope import Envelope, read, unbatched
from shared.health import Health
from shared.relay import Relay, resend
from shared.runtime import topology_of
from shared.said import PARTITIONS
from shared.timesource import TimeSource
from shared.work import Workshop
from tests.integration.kernel.toys import ALPHA, a_workshop, beta, handled, replicas_of, throw
from tests.parts.waiting import until

POSITIONS = "SELECT partition, array_agg(position ORDER BY position) AS positions FROM positions GROUP BY partition"


def a_relay(workshop: Workshop, bus: LocalBus) -> Relay:
    return Relay(workshop, bus, "anytown.example", Health())


async def positions_of(workshop: Workshop) -> dict[int, list[int]]:
    async with workshop.reading() as db:
        return {row["partition"]: row["positions"] for row in await db.fetch(POSITIONS)}


async def test_positions_have_no_gaps_whatever_is_said_at_the_same_time(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        relay = a_relay(workshop, LocalBus())
        await relay.hold_lease()
        for _ in range(3):
            await asyncio.gather(*(throw(workshop, f"toy-{n}", n, n) for n in range(40)), relay.place())
        await relay.place()
        positions = await positions_of(workshop)

    assert sum(map(len, positions.values())) == 240
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in positions.values())


async def test_a_relay_that_has_lost_its_lease_numbers_nothing(toys: str) -> None:
    async with a_workshop(toys) as early, a_workshop(toys) as late:
        late.timesource = TimeSource(timedelta(seconds=6))
        first, second = a_relay(early, LocalBus()), a_relay(late, LocalBus())
        assert await first.hold_lease()
        assert await second.hold_lease()
        await throw(early, "bear", 1)

        assert await first.place() == 0
        assert await second.place() == 1


async def test_a_second_relay_waits_while_the_first_holds_the_lease(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        assert await a_relay(workshop, LocalBus()).hold_lease()
        assert not await a_relay(workshop, LocalBus()).hold_lease()


async def test_events_arrive_in_the_order_of_their_subject(toys: str) -> None:
    async with replicas_of(toys, ALPHA, beta()) as (alpha, listener):
        for number in range(30):
            await throw(alpha.workshop, f"toy-{number % 3}", number)
        rows = await until(lambda: thirty(listener.workshop), what="thirty handled events")

    for toy in range(3):
        numbers = [row["number"] for row in rows if row["subject"] == f"toy/toy-{toy}"]
        assert numbers == sorted(numbers)


async def thirty(workshop: Workshop) -> list[dict[str, Any]]:
    rows = await handled(workshop)
    return [dict(row) for row in rows] if len(rows) >= 30 else []


async def test_what_is_sent_again_is_handled_once(toys: str) -> None:
    async with replicas_of(toys, ALPHA, beta()) as (alpha, listener):
        for number in range(30):
            await throw(alpha.workshop, "bear", number)
        await until(lambda: thirty(listener.workshop), what="thirty handled events")
        async with alpha.workshop.reading() as db:
            await resend(db, 1)
        alpha.relay.wake()
        await until(lambda: all_sent(alpha.workshop), what="everything sent again")
        assert len(await handled(listener.workshop)) == 30


async def all_sent(workshop: Workshop) -> bool:
    async with workshop.reading() as db:
        return await db.fetchval("SELECT bool_and(sent_up_to = placed_up_to) FROM partitions") is True


async def test_an_envelope_carries_who_when_and_why(toys: str) -> None:
    bus = LocalBus()
    await bus.declare(topology_of([ALPHA, beta()], "accesspoint"))
    async with a_workshop(toys) as workshop:
        relay = a_relay(workshop, bus)
        await throw(workshop, "bear", 7)
        turning = asyncio.ensure_future(relay.turn())
        event = await first_delivery(bus)
        await turning

    assert (event.name, event.speaker, event.subject) == ("toy.thrown", "alpha", "toy/bear")
    assert (event.sequence, event.position, event.data["number"]) == (1, 1, 7)
    assert event.actor == "machine/test"


async def first_delivery(bus: LocalBus) -> Envelope:
    async def from_partition(partition: int) -> Envelope:
        async with bus.consume("beta", partition) as subscription:
            delivery = await subscription.next()
            await delivery.acknowledge()
            return read(unbatched(delivery.body)[0])

    tasks = [asyncio.ensure_future(from_partition(partition)) for partition in range(PARTITIONS)]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    for other in others:
        other.cancel()
    return done.pop().result()


async def test_what_nobody_acts_on_goes_with_the_next_event_that_somebody_does(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        relay = a_relay(workshop, LocalBus())
        relay.awaited = frozenset({"toy.mended"})
        relay.send_all_at = float("inf")
        await relay.hold_lease()
        await throw(workshop, "bear", 1)
        await relay.place()
        assert await relay.unsent() == []

        relay.awaited = frozenset({"toy.thrown"})
        await throw(workshop, "bear", 2)
        await relay.place()
        assert [row["position"] for row in await relay.unsent()] == [1, 2]


async def test_what_nobody_acts_on_is_sent_within_a_second_all_the_same(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        relay = a_relay(workshop, LocalBus())
        relay.awaited = frozenset({"toy.mended"})
        await relay.hold_lease()
        await throw(workshop, "bear", 1)
        await relay.place()
        assert [row["position"] for row in await relay.unsent()] == [1]
