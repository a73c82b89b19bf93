"""What the databases say in the end: has everything been heard, and is every enquiry everywhere exactly once."""

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from services.cli.house import SERVICES
from tests.parts.waiting import pause, until

# Looking is work for the database too, and it may be busy.
LOOK_EVERY = 0.1

PLACED = "SELECT partition, placed_up_to FROM {speaker}.partitions WHERE placed_up_to > 0"
UNPLACED = "SELECT count(*) FROM {speaker}.unplaced"
HEARD = "SELECT partition, position FROM {listener}.cursors WHERE speaker = $1"
SET_ASIDE = "SELECT count(*) FROM {listener}.set_aside"
PARKED = "SELECT name || ' ' || coalesce(subject, '') || ': ' || why FROM {listener}.set_aside WHERE state = 'parked'"
PARKED_TIMERS = "SELECT name || ': ' || parked_why FROM {listener}.timers WHERE parked_why IS NOT NULL"

EACH_ONCE = {
    "received by intake": "SELECT enquiry_id FROM intake.submissions",
    "recorded by crm": "SELECT enquiry_id FROM crm.enquiries",
    "recorded as one contact by crm": "SELECT enquiry_id FROM crm.contact_enquiries",
    "noted as received by crm": "SELECT enquiry_id FROM crm.timeline WHERE kind = 'received'",
    "queued by routing": "SELECT enquiry_id FROM routing.tasks",
    "clocked by sla": "SELECT enquiry_id FROM sla.clocks",
    "started in the ledger of sla": "SELECT enquiry_id FROM sla.ledger JOIN sla.clocks USING (clock_id)"
    " WHERE entry = 'started'",
    "promised at intake": "SELECT enquiry_id FROM intake.promises WHERE standard = 'acknowledgement'",
}
FINISHED_ONCE = {
    "answered in crm": "SELECT enquiry_id FROM crm.timeline WHERE kind = 'answered' AND detail = 'full'",
    "resolved in crm": "SELECT enquiry_id FROM crm.enquiries WHERE state = 'resolved'",
    "noted as resolved by crm": "SELECT enquiry_id FROM crm.timeline WHERE kind = 'resolved'",
    "done in routing": "SELECT enquiry_id FROM routing.tasks WHERE state IN ('completed', 'withdrawn')",
    "met in sla": "SELECT enquiry_id FROM sla.clocks WHERE state = 'met'",
    "met in the ledger of sla": "SELECT enquiry_id FROM sla.ledger JOIN sla.clocks USING (clock_id)"
    " WHERE entry = 'met'",
    "heard to be resolved by intake": "SELECT enquiry_id FROM intake.steps WHERE step = 'resolved'",
    "shown as kept by intake": "SELECT enquiry_id FROM intake.promises WHERE standing = 'kept'",
}


@asynccontextmanager
async def looking(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def unheard(url: str) -> list[str]:
    """What is still under way: events without a position, not handled yet by some listener, or set aside."""
    found = []
    async with looking(url) as db:
        for speaker in SERVICES:
            if waiting := await db.fetchval(UNPLACED.format(speaker=speaker.name)):
                found.append(f"{waiting} of {speaker.name} have no position")
            placed = by_partition(await db.fetch(PLACED.format(speaker=speaker.name)))
            for listener in SERVICES:
                if speaker.name in {hears.event.speaker for hears in listener.hears}:
                    heard = by_partition(await db.fetch(HEARD.format(listener=listener.name), speaker.name))
                    behind = sum(up_to - heard.get(partition, 0) for partition, up_to in placed.items())
                    found += [f"{listener.name} has {behind} to hear from {speaker.name}"] if behind else []
        for listener in SERVICES:
            if aside := await db.fetchval(SET_ASIDE.format(listener=listener.name)):
                found.append(f"{listener.name} has {aside} set aside")
    return found


def by_partition(rows: Iterable[asyncpg.Record]) -> dict[int, int]:
    return {row[0]: row[1] for row in rows}


async def parked(url: str) -> list[str]:
    """Events and timers that wait for a person."""
    async with looking(url) as db:
        return [
            f"{service.name}: {row[0]}"
            for service in SERVICES
            for statement in (PARKED, PARKED_TIMERS)
            for row in await db.fetch(statement.format(listener=service.name))
        ]


async def until_all_is_heard(url: str, within: float = 60.0) -> None:
    """Events only follow from events, so once nothing is under way, nothing comes any more."""

    async def quiet() -> bool:
        await pause(LOOK_EVERY)
        last[:] = await unheard(url)
        return not last

    last: list[str] = []
    try:
        await until(quiet, within=within, what="hearing everything")
    except AssertionError as error:
        error.add_note("; ".join([*last, *await parked(url)]))
        raise


async def not_once(url: str, enquiries: Collection[str], *, finished: bool = False) -> dict[str, dict[str, int]]:
    """Which of these enquiries a service has lost or doubled, and how often it has them; empty when all is well."""
    asked = EACH_ONCE | (FINISHED_ONCE if finished else {})
    found = {}
    async with looking(url) as db:
        for what, statement in asked.items():
            counted = how_often((row[0] for row in await db.fetch(statement)), enquiries)
            if wrong := {enquiry: times for enquiry, times in counted.items() if times != 1}:
                found[what] = wrong
    return found


def how_often(rows: Iterable[UUID], enquiries: Collection[str]) -> dict[str, int]:
    counted = dict.fromkeys(enquiries, 0)
    for row in rows:
        if str(row) in counted:
            counted[str(row)] += 1
    return counted
