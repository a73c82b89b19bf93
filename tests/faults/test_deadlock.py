"""Two batches that lock what the other needs next: PostgreSQL ends one of them, and both are handled once."""

import asyncio

from structlog.testing import capture_logs

from shared.contracts import envelope
from shared.hearing import Hearing
from shared.said import partition_of
from shared.work import Work, Workshop
from tests.faults.letters import beta_with, numbers_of, set_aside, toys_apart, written
from tests.integration.kernel.toys import ToyThrown, note
from tests.parts.waiting import until

ONE, OTHER = toys_apart(2)
MAKE = "INSERT INTO subjects (subject) VALUES ('shared/a'), ('shared/b')"
LOCK = "SELECT 1 FROM subjects WHERE subject = $1 FOR UPDATE"


class Crossing:
    """Handlers that take two locks in opposite order. At first each waits until the other has taken its first."""

    def __init__(self) -> None:
        self.holding: set[str] = set()
        self.starts = 0

    async def handle(self, event: ToyThrown, work: Work) -> None:
        self.starts += 1
        mine, theirs = ("shared/a", "shared/b") if event.toy == ONE else ("shared/b", "shared/a")
        await work.db.execute(LOCK, mine)
        self.holding.add(event.toy)
        await until(lambda: self.holding == {ONE, OTHER}, what="each batch holding what the other needs")
        await work.db.execute(LOCK, theirs)
        await note(event, work)


async def test_of_two_batches_in_a_deadlock_both_are_handled_once(beta: Workshop) -> None:
    crossing = Crossing()
    hearing = Hearing(beta, beta_with(crossing.handle).hears)
    async with beta.reading() as db:
        await db.execute(MAKE)
    with capture_logs() as logs:
        await asyncio.gather(hear_three(hearing, ONE), hear_three(hearing, OTHER))
    assert "DeadlockDetectedError" in [line.get("error") for line in logs]
    assert await numbers_of(beta) == {ONE: [1, 2, 3], OTHER: [1, 2, 3]}
    assert await set_aside(beta) == []
    assert crossing.starts > 6


async def hear_three(hearing: Hearing, toy: str) -> None:
    partition = partition_of(f"toy/{toy}")
    bodies = [written(ToyThrown(toy=toy, number=nth), nth, nth) for nth in (1, 2, 3)]
    events, _ = hearing.read(envelope.joined(bodies), partition)
    await hearing.handle(partition, events)
