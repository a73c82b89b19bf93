"""An event that ends its process is found out, and a process that stands still in mid-batch does nothing twice."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from shared import setaside
from shared.bus.rabbit import RabbitBus
from shared.runtime import Replica, topology_of
from shared.said import PARTITIONS
from shared.settings import HouseSettings
from shared.work import Workshop
from tests.faults.deadly import DEADLY, STILL
from tests.faults.letters import GAMMA, beta_with, catch, numbers_of, set_aside, states_set_aside, toys_in_one_partition
from tests.integration.kernel.toys import ALPHA, a_workshop, replicas_of, throw
from tests.parts.programs import Program
from tests.parts.waiting import until

BEAR, BALL = toys_in_one_partition(2)
STOPPED_FOR = 30.0


@contextmanager
def a_process(toys: str, broker: str, folder: Path, prefix: str) -> Iterator[Program]:
    arguments = (toys, broker, str(folder / "still"), prefix)
    program = Program("deadly", (sys.executable, "-m", "tests.faults.deadly", *arguments), {}, folder)
    try:
        yield program
    finally:
        program.thaw()
        program.kill()


async def deaths_until_parked(program: Program, beta: Workshop) -> int:
    """Starts it again whenever it has died, as whoever looks after processes does."""
    deaths = 0

    async def parked() -> bool:
        nonlocal deaths
        if not program.is_running:
            deaths += program.wait() == DEADLY
            program.start()
        return bool(await set_aside(beta))

    program.start()
    await until(parked, within=100, what="the deadly event parked")
    return deaths


@pytest.mark.parametrize("carrier", ["local", "rabbit"])
async def test_an_event_that_ends_its_process_is_parked_at_its_third_start(
    toys: str, carrier: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    broker = "local" if carrier == "local" else request.getfixturevalue("rabbit_url")
    prefix = f"deadly-{uuid4().hex[:8]}"
    async with a_workshop(toys) as alpha, a_workshop(toys, "beta") as beta:
        await throw(alpha, BEAR, 12, DEADLY, 14)
        await throw(alpha, BALL, 1, 2)
        if carrier == "rabbit":
            await publish_all(toys, broker, prefix)
        with a_process(toys, broker, tmp_path, prefix) as program:
            deaths = await deaths_until_parked(program, beta)
            await until(lambda: all_but_the_deadly(beta), what="everything else handled")
        [parked, behind] = await set_aside(beta)
    assert deaths == (2 if carrier == "local" else 3), "the first delivery by a broker is not counted"
    assert (parked["state"], behind["state"]) == ("parked", "behind")
    assert "started 3 times and never ended" in parked["why"]


async def test_a_deadly_event_that_a_person_replays_is_parked_again_and_the_service_lives(
    toys: str, tmp_path: Path
) -> None:
    async with a_workshop(toys) as alpha, a_workshop(toys, "beta") as beta:
        await throw(alpha, BEAR, DEADLY)
        with a_process(toys, "local", tmp_path, "accesspoint") as program:
            await deaths_until_parked(program, beta)
            [parked] = await set_aside(beta)
            async with beta.reading() as db:
                assert await setaside.mark(db, parked["set_aside_id"], "replay")
            deaths = 0

            async def parked_again() -> bool:
                nonlocal deaths
                if not program.is_running:
                    deaths += program.wait() == DEADLY
                    program.start()
                return [row["wanted"] for row in await set_aside(beta)] == [None]

            await until(parked_again, within=60, what="the event parked again")
            await throw(alpha, BALL, 1)
            await until(lambda: all_handled(beta, {BALL: [1]}), what="another event handled")
    assert deaths == 2


async def all_handled(beta: Workshop, expected: dict[str, list[int]]) -> bool:
    return await numbers_of(beta) == expected


async def all_but_the_deadly(beta: Workshop) -> bool:
    handled = await numbers_of(beta)
    return handled == {BEAR: [12], BALL: [1, 2]} and len(await set_aside(beta)) == 2


async def publish_all(toys: str, broker: str, prefix: str) -> None:
    """Alpha runs until the broker has everything."""
    bus = RabbitBus(broker)
    everybody = [ALPHA, GAMMA, beta_with()]
    await bus.declare(topology_of(everybody, prefix))
    replica = Replica(ALPHA, HouseSettings(), toys, bus, topology_of(everybody, prefix))
    await replica.start()
    await until(lambda: all_sent(replica.workshop), what="everything sent")
    await replica.stop()
    await bus.close()


async def all_sent(workshop: Workshop) -> bool:
    if workshop.database.pool is None:
        return False
    async with workshop.reading() as db:
        sent = "SELECT bool_and(sent_up_to = placed_up_to) AND sum(placed_up_to) > 0 FROM partitions"
        return bool(await db.fetchval(sent)) and not await db.fetchval("SELECT count(*) FROM unplaced")


async def test_a_deadly_event_is_found_out_though_another_speaker_is_heard_first(toys: str, tmp_path: Path) -> None:
    """On the local bus a first delivery is always in doubt: that of each speaker, whoever of them comes first."""
    async with a_workshop(toys) as alpha, a_workshop(toys, "gamma") as gamma, a_workshop(toys, "beta") as beta:
        await throw(alpha, BEAR, DEADLY)
        with a_process(toys, "local", tmp_path, "accesspoint") as program:
            deaths = 0

            async def parked() -> bool:
                nonlocal deaths
                if not program.is_running:
                    deaths += program.wait() == DEADLY
                    await catch(gamma, BALL, deaths)
                    program.start()
                return bool(await set_aside(beta))

            program.start()
            await until(parked, within=60, what="the deadly event parked")
    assert deaths == 2


async def test_a_replica_stopped_in_mid_batch_and_woken_has_done_nothing_twice(
    toys: str, rabbit_url: str, tmp_path: Path
) -> None:
    """For thirty seconds: its session at the database ends meanwhile, and so does its consumer at the broker."""
    prefix = f"stopped-{uuid4().hex[:8]}"
    numbers = [*range(20, 30), STILL, *range(30, 40)]
    async with a_workshop(toys, "beta") as reader:
        with a_process(toys, rabbit_url, tmp_path, prefix) as program:
            program.start()
            bus = RabbitBus(rabbit_url)
            async with replicas_of(toys, ALPHA, GAMMA, beta_with(), bus=bus, prefix=prefix) as (alpha, _, beta):
                await until(lambda: shares(beta), what="a share for each replica of beta")
                for toy in range(16):
                    await throw(alpha.workshop, f"{toy}", *numbers)
                await until((tmp_path / "still").exists, what="the middle of a batch")
                program.freeze()
                stopped = time.monotonic()
                await until(lambda: time.monotonic() - stopped > STOPPED_FOR, within=60, what="thirty seconds")
                program.thaw()
                handled = await until(lambda: when_all(reader, 16 * len(numbers)), what="every event")
                assert program.is_running
            await bus.close()
        assert await states_set_aside(reader) == []
    assert handled == {f"{toy}": numbers for toy in range(16)}


def shares(replica: Replica) -> bool:
    """Whether it has given up what belongs to another."""
    return 0 < len(replica.owners.listeners) < PARTITIONS and not replica.owners.leaving


async def when_all(beta: Workshop, how_many: int) -> dict[str, list[int]] | None:
    found = await numbers_of(beta)
    return found if sum(map(len, found.values())) >= how_many else None
