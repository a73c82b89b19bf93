"""Events as they arrive, numbered as a test wants them: twice, too soon, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from shared.contracts import envelope
from shared.contracts.base import Event
from shared.contracts.envelope import BATCH_TYPE
from shared.db import Row
from shared.hearing import Handler, Hearing, on
from shared.runtime import Service
from shared.said import PARTITIONS, partition_of
from shared.vocabulary import new_id
from shared.work import Work, Workshop
from tests.integration.kernel.toys import NOTE, ToyThrown, a_cause, note, toy_service

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SET_ASIDE = "SELECT * FROM set_aside ORDER BY speaker, partition, position"
HEADERS = {"content-type": BATCH_TYPE}


class ToyCaught(Event):
    """Somebody else says something about the same toys."""

    name: ClassVar[str] = "toy.caught"
    speaker: ClassVar[str] = "gamma"

    toy: str
    number: int

    @property
    def subject(self) -> str:
        return f"toy/{self.toy}"


GAMMA = replace(toy_service("gamma"), says=(ToyCaught,))


async def note_catch(event: ToyCaught, work: Work) -> None:
    await work.db.execute(NOTE, event.subject, event.number, work.cause.causation_id)


def beta_with(thrown: Handler[ToyThrown] = note, caught: Handler[ToyCaught] = note_catch) -> Service:
    """Hears two speakers."""
    return toy_service("beta", hears=(on(ToyThrown, thrown), on(ToyCaught, caught)))


async def catch(workshop: Workshop, toy: str, *numbers: int) -> None:
    """Gamma says one event a number, in one work."""

    async def action(work: Work) -> None:
        for number in numbers:
            work.say(ToyCaught(toy=toy, number=number))

    await workshop.run([f"toy/{toy}"], action, a_cause())


def written(event: Event, position: int, sequence: int) -> bytes:
    row = {
        "said_id": new_id(),
        "name": event.name,
        "subject": event.subject,
        "occurred_at": MORNING,
        "recorded_at": MORNING,
        "partition": partition_of(event.subject),
        "position": position,
        "sequence": sequence,
        "correlation_id": new_id(),
        "causation_id": None,
        "actor": "machine/test",
        "traceparent": None,
        "data": event.model_dump_json(),
    }
    return envelope.written(row, "anytown.example", event.speaker)


def throws(*toys: str) -> list[bytes]:
    """One event a toy, at the positions 1, 2, 3 of the one partition they share; numbered within each toy."""
    seen: dict[str, int] = {}
    bodies = []
    for position, toy in enumerate(toys, start=1):
        seen[toy] = seen.get(toy, 0) + 1
        bodies.append(written(ToyThrown(toy=toy, number=seen[toy]), position, seen[toy]))
    return bodies


def toys_in_one_partition(how_many: int) -> list[str]:
    found: list[str] = []
    nth = 0
    while len(found) < how_many:
        nth += 1
        if partition_of(f"toy/{nth}") == 0:
            found.append(str(nth))
    return found


def toys_apart(how_many: int) -> list[str]:
    """Each in a partition of its own."""
    found = {partition_of(f"toy/{nth}"): str(nth) for nth in range(20 * PARTITIONS)}
    return list(found.values())[:how_many]


async def deliver(hearing: Hearing, bodies: Sequence[bytes], partition: int = 0) -> None:
    events, unreadable = hearing.read(envelope.joined(bodies), partition)
    assert unreadable == []
    await hearing.handle(partition, events)


async def numbers_of(workshop: Workshop) -> dict[str, list[int]]:
    """What was handled, in the order in which it was, by toy."""
    found: dict[str, list[int]] = {}
    async with workshop.reading() as db:
        for row in await db.fetch("SELECT subject, number FROM handled ORDER BY handled_id"):
            found.setdefault(row["subject"].removeprefix("toy/"), []).append(row["number"])
    return found


async def set_aside(workshop: Workshop) -> list[Row]:
    async with workshop.reading() as db:
        return await db.fetch(SET_ASIDE)


async def states_set_aside(workshop: Workshop) -> list[tuple[str, int | None]]:
    return [(row["state"], row["position"]) for row in await set_aside(workshop)]
