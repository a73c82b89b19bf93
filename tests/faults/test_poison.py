"""An event that cannot be handled holds up what comes after it on its subject, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared import setaside
from shared.runtime import Replica
from shared.work import Work, Workshop
from tests.faults.letters import beta_with, numbers_of, set_aside, toys_in_one_partition
from tests.integration.kernel.toys import ALPHA, ToyThrown, note, replicas_of, throw
from tests.parts.waiting import until

BEAR, BALL = toys_in_one_partition(2)


class Digestion:
    """Fails on the second throw of the bear, until it is told better."""

    def __init__(self) -> None:
        self.cured = False
        self.tries = 0

    async def digest(self, event: ToyThrown, work: Work) -> None:
        if (event.toy, event.number) == (BEAR, 2) and not self.cured:
            self.tries += 1
            raise ZeroDivisionError("nobody expected this")
        await note(event, work)


@asynccontextmanager
async def poisoned(toys: str, digestion: Digestion) -> AsyncIterator[Replica]:
    """A listener that has met the poison: four throws of the bear, two of the ball in the same partition."""
    async with replicas_of(toys, ALPHA, beta_with(digestion.digest)) as (alpha, beta):
        await throw(alpha.workshop, BEAR, 1, 2, 3)
        await throw(alpha.workshop, BALL, 1, 2)
        await throw(alpha.workshop, BEAR, 4)
        await until(lambda: aside(beta.workshop, 3), what="three events set aside")
        yield beta


async def aside(workshop: Workshop, how_many: int) -> bool:
    return len(await set_aside(workshop)) == how_many and (await numbers_of(workshop)).get(BALL) == [1, 2]


async def test_a_poison_event_is_parked_after_three_tries_and_others_flow(toys: str) -> None:
    digestion = Digestion()
    async with poisoned(toys, digestion) as beta:
        rows = await set_aside(beta.workshop)
        assert [(row["state"], row["subject"]) for row in rows] == [
            ("parked", f"toy/{BEAR}"),
            ("behind", f"toy/{BEAR}"),
            ("behind", f"toy/{BEAR}"),
        ]
        assert "after 3 tries" in rows[0]["why"]
        assert "ZeroDivisionError" in rows[0]["why"]
        assert digestion.tries in (3, 4), "alone three times, after perhaps once together with others"
        assert await numbers_of(beta.workshop) == {BEAR: [1], BALL: [1, 2]}


async def test_a_replayed_event_is_handled_and_then_those_behind_it_in_order(toys: str) -> None:
    digestion = Digestion()
    async with poisoned(toys, digestion) as beta:
        digestion.cured = True
        await mark_parked(beta.workshop, "replay")
        await until(lambda: aside(beta.workshop, 0), what="nothing set aside")
        assert await numbers_of(beta.workshop) == {BEAR: [1, 2, 3, 4], BALL: [1, 2]}


async def test_a_dropped_event_is_never_handled_and_those_behind_it_are(toys: str) -> None:
    async with poisoned(toys, Digestion()) as beta:
        await mark_parked(beta.workshop, "drop")
        await until(lambda: aside(beta.workshop, 0), what="nothing set aside")
        assert await numbers_of(beta.workshop) == {BEAR: [1, 3, 4], BALL: [1, 2]}


async def test_an_event_replayed_without_a_cure_is_parked_again_and_nothing_passes_it(toys: str) -> None:
    digestion = Digestion()
    async with poisoned(toys, digestion) as beta:
        before = digestion.tries
        await mark_parked(beta.workshop, "replay")
        await until(lambda: digestion.tries >= before + 3, what="three more tries")
        await until(lambda: parked_again(beta.workshop), what="the event parked again")
        assert (await numbers_of(beta.workshop))[BEAR] == [1]


async def parked_again(workshop: Workshop) -> bool:
    return [(row["state"], row["wanted"]) for row in await set_aside(workshop)] == [
        ("parked", None),
        ("behind", None),
        ("behind", None),
    ]


async def mark_parked(workshop: Workshop, wanted: str) -> None:
    """As `accesspoint parked` does: only the first of a subject can be marked."""
    async with workshop.reading() as db:
        marked = [await setaside.mark(db, row["set_aside_id"], wanted) for row in await set_aside(workshop)]
    assert marked == [True, False, False]
