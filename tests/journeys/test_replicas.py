"""Two replicas of each service: they share the work, and when one is killed in the middle of it nothing is lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from shared.said import PARTITIONS, partition_of
from shared.vocabulary import EnquiryId, enquiry_subject
from tests.parts.house import NAMES, ProcessHouse
from tests.parts.ledger import looking, not_once, until_all_is_heard
from tests.parts.people import Citizen, Shift
from tests.parts.programs import Program
from tests.parts.waiting import pause, until

EVERY_PARTITION = set(range(PARTITIONS))
HANDLED = "accesspoint_events_handled_total"
# What each service writes when it hears of an enquiry, and after some other row of the same transaction.
WRITES = {"intake": "promises", "routing": "tasks", "crm": "contacts", "sla": "ledger"}
HELD_UP = """
SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
 WHERE NOT l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND c.oid = $1::text::regclass
"""
SHARE_WITHIN = 10.0


def partition(enquiry_id: str) -> int:
    return partition_of(enquiry_subject(EnquiryId(UUID(enquiry_id))))


async def reports(citizen: Citizen, how_many: int) -> list[str]:
    """The enquiries."""
    receipts = await asyncio.gather(*(citizen.report(f"Lamp {number} is out") for number in range(how_many)))
    return [receipt["enquiry_id"] for receipt in receipts]


async def reports_on_every_partition(citizen: Citizen) -> list[str]:
    enquiries: list[str] = []
    while {partition(enquiry) for enquiry in enquiries} != EVERY_PARTITION:
        enquiries += await reports(citizen, 8)
    return enquiries


async def hears(program: Program) -> set[int]:
    """The partitions whose mailbox it has open."""
    return {
        int(figure.labels["partition"])
        for figure in await program.metrics()
        if figure.name == "accesspoint_partition_heard" and figure.value
    }


async def shares(house: ProcessHouse, service: str) -> dict[str, set[int]] | None:
    """What each replica hears; None while a partition is heard by none or by two."""
    found = {program.name: await hears(program) for program in house.running(service)}
    return found if sorted(p for share in found.values() for p in share) == sorted(EVERY_PARTITION) else None


async def until_shared(house: ProcessHouse, service: str) -> dict[str, set[int]]:
    return await until(lambda: shares(house, service), what=f"every partition having one replica of {service}")


@asynccontextmanager
async def held_up(database_url: str, service: str) -> AsyncIterator[Callable[[Iterable[str]], Any]]:
    """
    Nobody gets further than the middle of handling an enquiry until this ends.

    Gives a wait for the moment when all these enquiries' partitions have got there.
    """
    table = f"{service}.{WRITES[service]}"
    async with looking(database_url) as db, looking(database_url) as watch, db.transaction():
        await db.execute(f"LOCK TABLE {table} IN SHARE MODE")

        async def until_in_the_middle(enquiries: Iterable[str]) -> None:
            busy = len({partition(enquiry) for enquiry in enquiries})

            async def all_there() -> bool:
                return bool(await watch.fetchval(HELD_UP, table) >= busy)

            await until(all_there, within=4, what=f"{busy} partitions in the middle of handling")

        yield until_in_the_middle


async def test_every_replica_handles_events_and_every_partition_has_one_replica(
    two_of_each: ProcessHouse, session: aiohttp.ClientSession
) -> None:
    programs = two_of_each.running()
    before = {program.name: await program.total(HANDLED) for program in programs}
    enquiries = frozenset(await reports_on_every_partition(Citizen(session, two_of_each)))
    await Shift(session, two_of_each, enquiries).work("ada", "grace", "mary")
    await until_all_is_heard(two_of_each.database_url)
    assert await not_once(two_of_each.database_url, enquiries, finished=True) == {}
    handled = {program.name: await program.total(HANDLED) - before[program.name] for program in programs}
    print(f"{len(enquiries)} enquiries; events handled: {handled}")
    assert len(handled) == 8
    assert all(handled.values()), handled
    for service in NAMES:
        assert all((await until_shared(two_of_each, service)).values())


@pytest.mark.parametrize("service", NAMES)
async def test_the_replica_in_the_middle_of_an_event_is_killed_and_its_share_goes_on_without_it(
    two_of_each: ProcessHouse, session: aiohttp.ClientSession, service: str
) -> None:
    house, citizen = two_of_each, Citizen(session, two_of_each)
    before = await until_shared(house, service)
    async with held_up(house.database_url, service) as until_in_the_middle:
        enquiries = await reports(citizen, 4)
        await until_in_the_middle(enquiries)
        victim = next(p for p in house.running(service) if partition(enquiries[0]) in before[p.name])
        posting = asyncio.create_task(reports(citizen, 16))
        victim.kill()
        killed_at = time.monotonic()
    enquiries += await posting
    await until_all_is_heard(house.database_url)
    taken_over = time.monotonic() - killed_at
    await Shift(session, house, frozenset(enquiries)).work("ada", "grace")
    await until_all_is_heard(house.database_url)
    assert await not_once(house.database_url, enquiries, finished=True) == {}
    joined = await a_replica_joins(house, citizen, service)
    print(
        f"{service}: all was heard {taken_over:.1f} s after the kill; the next replica had its share in {joined:.1f} s"
    )
    assert joined < SHARE_WITHIN


async def a_replica_joins(house: ProcessHouse, citizen: Citizen, service: str) -> float:
    """How long it took, from its being ready until it hears its share. It handles events of it then."""
    newcomer = house.start(service)
    await newcomer.until_ready(f"/{service}/ready")
    began = time.monotonic()
    share = (await until_shared(house, service))[newcomer.name]
    took = time.monotonic() - began
    assert share
    enquiries: list[str] = []
    while not share & {partition(enquiry) for enquiry in enquiries}:
        enquiries += await reports(citizen, 4)
    await until(lambda: newcomer.total(HANDLED), what=f"{newcomer.name} handling an event")
    await Shift(citizen.session, house, frozenset(enquiries)).work("ada", "grace")
    await until_all_is_heard(house.database_url)
    assert await not_once(house.database_url, enquiries, finished=True) == {}
    return took


async def test_a_release_replaces_one_replica_after_another_and_nothing_is_lost(
    two_of_each: ProcessHouse, session: aiohttp.ClientSession
) -> None:
    house, citizen = two_of_each, Citizen(session, two_of_each)
    released, enquiries = asyncio.Event(), list[str]()

    async def keep_reporting() -> None:
        while not released.is_set():
            enquiries.extend(await reports(citizen, 2))
            await pause(0.5)

    async with asyncio.TaskGroup() as group:
        reporting = group.create_task(keep_reporting())
        for service in NAMES:
            old, newcomer = house.running(service)[0], house.start(service)
            await newcomer.until_ready(f"/{service}/ready")
            await asyncio.to_thread(old.stop)
            assert old.exit_code == 0, old.last_words()
        released.set()
        await reporting
    await until_all_is_heard(house.database_url)
    await Shift(session, house, frozenset(enquiries)).work("ada", "grace", "mary", within=180)
    await until_all_is_heard(house.database_url)
    assert await not_once(house.database_url, enquiries, finished=True) == {}
