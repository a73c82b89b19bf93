"""What is heard is handled once and in order, or kept with its reason."""

import json
from typing import Any
from uuid import uuid4

from shared import setaside
from shared.bus.local import LocalBus
from shared.hearing import Hearing
from shared.owners import Listener
from shared.runtime import Service, topology_of
from shared.said import partition_of
from shared.work import Workshop
from tests.integration.kernel.toys import ALPHA, a_workshop, beta, handled

BEAR = partition_of("toy/bear")
MAKE_CURSORS = "INSERT INTO cursors (speaker, partition) SELECT 'alpha', generate_series(0, 15)"


def an_event(position: int, number: int, **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "type": "accesspoint.toy.thrown",
        "source": "//anytown.example/alpha",
        "subject": "toy/bear",
        "time": "2026-11-02T09:00:00+00:00",
        "recordedtime": "2026-11-02T09:00:00+00:00",
        "partition": BEAR,
        "position": str(position),
        "sequence": str(position),
        "correlationid": str(uuid4()),
        "actor": "public",
        "data": {"toy": "bear", "number": number},
        **changes,
    }


async def hear(workshop: Workshop, *bodies: bytes, service: Service | None = None) -> list[int]:
    """Each body as one message to a listener; the numbers that were handled."""
    bus = LocalBus()
    await bus.declare(topology_of([ALPHA, beta()], "accesspoint"))
    async with workshop.reading() as db:
        await db.execute(f"{MAKE_CURSORS} ON CONFLICT DO NOTHING")
    listener = Listener(Hearing(workshop, (service or beta()).hears), bus, BEAR)
    listener.start()
    for body in bodies:
        await bus.publish("alpha", BEAR, body, {})
    await listener.stop()
    return [row["number"] for row in await handled(workshop)]


def a_batch(*events: dict[str, Any]) -> bytes:
    return json.dumps(events).encode()


async def set_aside(workshop: Workshop) -> list[tuple[str, int | None]]:
    async with workshop.reading() as db:
        return [(row["state"], row["position"]) for row in await setaside.listed(db, all_states=True)]


async def test_a_batch_is_handled_in_its_order(toys: str) -> None:
    async with a_workshop(toys, "beta") as workshop:
        assert await hear(workshop, a_batch(*(an_event(n, n) for n in range(1, 121)))) == list(range(1, 121))


async def test_what_was_handled_is_skipped_however_often_it_comes(toys: str) -> None:
    batch = a_batch(an_event(1, 1), an_event(2, 2))
    async with a_workshop(toys, "beta") as workshop:
        assert await hear(workshop, batch, batch, a_batch(an_event(2, 2), an_event(3, 3))) == [1, 2, 3]


async def test_what_comes_too_soon_waits_for_what_lies_before_it(toys: str) -> None:
    async with a_workshop(toys, "beta") as workshop:
        assert await hear(workshop, a_batch(an_event(1, 1)), a_batch(an_event(3, 3), an_event(4, 4))) == [1]
        assert await set_aside(workshop) == [("ahead", 3), ("ahead", 4)]
        assert await hear(workshop, a_batch(an_event(2, 2))) == [1, 2, 3, 4]
        assert await set_aside(workshop) == []


async def test_one_unreadable_event_does_not_spoil_the_others_and_is_kept_once(toys: str) -> None:
    strange = {"hello": "world"}
    async with a_workshop(toys, "beta") as workshop:
        batch = a_batch(an_event(1, 1), strange, an_event(2, 2))
        assert await hear(workshop, batch, batch) == [1, 2]
        assert await set_aside(workshop) == [("parked", None)]


async def test_a_message_that_is_no_batch_is_kept_as_it_came(toys: str) -> None:
    async with a_workshop(toys, "beta") as workshop:
        assert await hear(workshop, b"\xff\x00 not json", a_batch(an_event(1, 1))) == [1]
        assert await set_aside(workshop) == [("parked", None)]
        async with workshop.reading() as db:
            (row,) = await setaside.listed(db)
        assert bytes(row["body"]) == b"\xff\x00 not json"


async def test_an_event_that_breaks_its_contract_is_parked_and_later_ones_of_its_subject_wait(toys: str) -> None:
    broken = an_event(1, 1, data={"toy": "bear", "number": "many"})
    async with a_workshop(toys, "beta") as workshop:
        assert await hear(workshop, a_batch(broken, an_event(2, 2))) == []
        assert await set_aside(workshop) == [("parked", 1), ("behind", 2)]


async def test_an_event_from_a_stranger_or_in_the_wrong_partition_is_parked(toys: str) -> None:
    stranger = an_event(1, 1, source="//anytown.example/gamma")
    astray = an_event(1, 1, subject="toy/elsewhere", partition=partition_of("toy/elsewhere"))
    async with a_workshop(toys, "beta") as workshop:
        assert await hear(workshop, a_batch(stranger, astray, an_event(1, 1))) == [1]
        assert await set_aside(workshop) == [("parked", None), ("parked", None)]


async def test_a_type_nobody_here_knows_is_skipped(toys: str) -> None:
    async with a_workshop(toys, "beta") as workshop:
        unknown = an_event(1, 1, type="accesspoint.toy.mended")
        assert await hear(workshop, a_batch(unknown, an_event(2, 2))) == [2]


async def test_a_listener_that_stops_has_finished_its_batch(toys: str) -> None:
    async with a_workshop(toys, "beta") as workshop:
        bodies = [a_batch(an_event(n, n)) for n in range(1, 6)]
        assert await hear(workshop, *bodies) == [1, 2, 3, 4, 5]
        async with workshop.reading() as db:
            assert await db.fetchval("SELECT position FROM cursors WHERE partition = $1", BEAR) == 5


async def test_what_nobody_here_hears_only_moves_the_cursor_and_only_without_a_gap(toys: str) -> None:
    unknown = {"type": "accesspoint.toy.mended"}
    async with a_workshop(toys, "beta") as workshop:
        first, second, fourth = (a_batch(an_event(position, 0, **unknown)) for position in (1, 2, 4))
        assert await hear(workshop, first, second, second, fourth) == []
        assert await set_aside(workshop) == [("ahead", 4)]
        assert await hear(workshop, a_batch(an_event(3, 3)), a_batch(an_event(5, 5))) == [3, 5]
        assert await set_aside(workshop) == []
