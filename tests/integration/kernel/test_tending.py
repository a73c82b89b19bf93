"""What is set aside comes back in order, whoever was interrupted, and nothing that is not an event blocks the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared import setaside
from shared.contracts.envelope import unbatched
from shared.errors import Early, Refused
from shared.hearing import Hearing
from shared.said import partition_of
from shared.setaside import Ruling, State
from shared.tending import Tending
from shared.timesource import TimeSource
from shared.work import Work, Workshop
from tests.integration.kernel.test_hearing import BEAR, a_batch, an_event, hear, set_aside
from tests.integration.kernel.toys import ToyThrown, a_cause, a_workshop, beta, handled, note

SIBLING = next(f"toy/{n}" for n in range(1000) if partition_of(f"toy/{n}") == BEAR)
"""Another toy in the bear's partition."""


async def numbers(workshop: Workshop) -> list[int]:
    return [row["number"] for row in await handled(workshop)]


async def first_row(workshop: Workshop) -> Any:
    async with workshop.reading() as db:
        return (await setaside.listed(db))[0]


async def mark(workshop: Workshop, wanted: str) -> None:
    row = await first_row(workshop)
    async with workshop.reading() as db:
        assert await setaside.mark(db, row["set_aside_id"], wanted)


async def test_a_dropped_event_lets_those_behind_it_go_on_in_order(toys: str) -> None:
    broken = an_event(1, 1, data={"toy": "bear", "number": "many"})
    async with a_workshop(toys, "beta") as workshop:
        await hear(workshop, a_batch(broken, an_event(2, 2), an_event(3, 3)))
        await mark(workshop, "drop")
        await Tending(Hearing(workshop, beta().hears)).tend([BEAR])
        assert await numbers(workshop) == [2, 3]
        assert await set_aside(workshop) == []


async def test_those_behind_a_gone_event_are_not_forgotten_when_the_process_ends_in_between(toys: str) -> None:
    broken = an_event(1, 1, data={"toy": "bear", "number": "many"})
    async with a_workshop(toys, "beta") as workshop:
        await hear(workshop, a_batch(broken, an_event(2, 2), an_event(3, 3)))
        await mark(workshop, "drop")
        head = await first_row(workshop)
        await Tending(Hearing(workshop, beta().hears)).replay(head["set_aside_id"], "toy/bear")
        assert await numbers(workshop) == []
        await Tending(Hearing(workshop, beta().hears)).tend([BEAR])
        assert await numbers(workshop) == [2, 3]


async def test_a_replayed_event_is_handled_before_those_behind_it(toys: str) -> None:
    mended = False

    async def refuse_until_mended(event: ToyThrown, work: Work) -> None:
        if event.number == 1 and not mended:
            raise Refused("not yet")
        await note(event, work)

    async with a_workshop(toys, "beta") as workshop:
        await hear(workshop, a_batch(an_event(1, 1), an_event(2, 2)), service=beta(refuse_until_mended))
        mended = True
        await mark(workshop, "replay")
        await Tending(Hearing(workshop, beta(refuse_until_mended).hears)).tend([BEAR])
        assert await numbers(workshop) == [1, 2]


async def test_early_events_are_tried_again_however_many_wait(toys: str) -> None:
    async def wait_for_the_box(event: ToyThrown, work: Work) -> None:
        if not open_box:
            raise Early("toy/box")
        await note(event, work)

    open_box = False
    async with a_workshop(toys, "beta") as workshop:
        tending = Tending(Hearing(workshop, beta(wait_for_the_box).hears))
        async with workshop.reading() as db:
            now = await workshop.timesource.now(db)
            for nth in range(50):
                body = a_batch(an_event(nth + 1, nth, subject=f"toy/{nth}"))
                (event,) = unbatched(body)
                heard = tending.hearing.read_one(event)
                await setaside.keep(db, heard.set_aside(State.EARLY, "early", "toy/box"), now)
        workshop.timesource = TimeSource(timedelta(seconds=6))
        await tending.tend([BEAR])
        assert await numbers(workshop) == []
        open_box = True
        workshop.timesource = TimeSource(timedelta(seconds=12))
        await tending.tend([BEAR])
        assert sorted(await numbers(workshop)) == list(range(50))


async def test_an_early_event_is_parked_after_ten_minutes(toys: str) -> None:
    async def never(_: ToyThrown, __: Work) -> None:
        raise Early("toy/box")

    async with a_workshop(toys, "beta") as workshop:
        await hear(workshop, a_batch(an_event(1, 1)), service=beta(never))
        assert await set_aside(workshop) == [("early", 1)]
        workshop.timesource = TimeSource(timedelta(minutes=11))
        await Tending(Hearing(workshop, beta(never).hears)).tend([BEAR])
        assert await set_aside(workshop) == [("parked", 1)]
        assert "10 minutes" in (await first_row(workshop))["why"]


async def test_what_a_person_has_asked_for_is_done_although_the_event_has_waited_too_long(toys: str) -> None:
    tries = []

    async def never(event: ToyThrown, _: Work) -> None:
        tries.append(event)
        raise Early("toy/box")

    async with a_workshop(toys, "beta") as workshop:
        await hear(workshop, a_batch(an_event(1, 1)), service=beta(never))
        workshop.timesource = TimeSource(timedelta(minutes=11))
        tending = Tending(Hearing(workshop, beta(never).hears))
        await mark(workshop, "replay")
        await tending.tend([BEAR])
        assert (await set_aside(workshop), len(tries)) == ([("early", 1)], 2)
        await mark(workshop, "drop")
        await tending.tend([BEAR])
        assert (await set_aside(workshop), len(tries)) == ([], 2)


async def test_a_drop_that_was_promised_is_not_forgotten_by_a_try_under_way(toys: str) -> None:
    async with a_workshop(toys, "beta") as workshop:
        await hear(workshop, a_batch(an_event(1, 1, data={})))
        await mark(workshop, "drop")
        row = await first_row(workshop)

        async def put_back(work: Work) -> None:
            await setaside.change(work.db, row["set_aside_id"], Ruling(State.PARKED, "again"), work.now)

        await workshop.run(["toy/bear"], put_back, a_cause())
        assert (await first_row(workshop))["wanted"] == "drop"


@pytest.mark.parametrize(
    "nonsense",
    [
        {"subject": "toy/\ud800"},
        {"subject": "toy/\x00"},
        {"type": "accesspoint.\x00"},
        {"position": str(2**63)},
        {"time": "yesterday"},
        {"correlationid": "no"},
        {"data": [1]},
        {"data": {"toy": "bear", "number": 2**70}},
        {"data": {"toy": "\x00", "number": 1}, "subject": "toy/bear"},
    ],
    ids=str,
)
async def test_nonsense_blocks_nobody(toys: str, nonsense: dict[str, Any]) -> None:
    """It is parked at its place where that can be read, so that what follows is not a gap."""
    async with a_workshop(toys, "beta") as workshop:
        beginning = 0 if "position" in nonsense else 1
        following = an_event(beginning + 1, 7, subject=SIBLING, data={"toy": SIBLING[4:], "number": 7})
        await hear(workshop, a_batch(an_event(1, 1) | nonsense), a_batch(following))
        assert 7 in await numbers(workshop)
        assert [state for state, _ in await set_aside(workshop)] in (["parked"], [])
