"""Timers fire once, late rather than never, and one that fails is pushed back and parked."""

from collections.abc import Sequence
from datetime import timedelta

from shared.said import partition_of
from shared.timers import Timer, TimerLoop, When, cancel_timer, set_timer, when
from shared.timesource import TimeSource
from shared.work import Work, Workshop
from tests.integration.kernel.toys import a_cause, a_workshop

FIRED = "INSERT INTO fired (key, due_at) VALUES ($1, $2)"


async def note_firing(work: Work, timer: Timer) -> None:
    assert work.occurred_at == timer.due_at
    await work.db.execute(FIRED, timer.key, timer.due_at)


async def set_for(workshop: Workshop, key: str, seconds: float) -> None:
    async def action(work: Work) -> None:
        await set_timer(work, "toy", key, "toy/bear", work.now + timedelta(seconds=seconds))

    await workshop.run(["toy/bear"], action, a_cause())


def a_loop(workshop: Workshop, *timers: When, judged: Sequence[int] = range(16)) -> TimerLoop:
    return TimerLoop(workshop, timers or (when("toy", note_firing),), lambda: judged)


async def fired(workshop: Workshop) -> list[str]:
    async with workshop.reading() as db:
        return [row["key"] for row in await db.fetch("SELECT key FROM fired ORDER BY due_at")]


async def test_a_timer_fires_once_it_is_due_and_not_before(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        await set_for(workshop, "soon", 0)
        await set_for(workshop, "later", 3600)
        loop = a_loop(workshop)
        assert await loop.fire_due() == 1
        assert await loop.fire_due() == 0
        assert await fired(workshop) == ["soon"]
        workshop.timesource = TimeSource(timedelta(hours=2))
        await loop.fire_due()
        assert await fired(workshop) == ["soon", "later"]


async def test_a_cancelled_timer_does_not_fire(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        await set_for(workshop, "soon", 0)

        async def cancel(work: Work) -> None:
            await cancel_timer(work, "toy", "soon")

        await workshop.run(["toy/bear"], cancel, a_cause())
        assert await a_loop(workshop).fire_due() == 0


async def test_a_judging_timer_waits_until_what_was_missed_has_been_heard(toys: str) -> None:
    async with a_workshop(toys) as workshop:
        await set_for(workshop, "due", 0)
        judging = when("toy", note_firing, judging=True)
        bear = partition_of("toy/bear")
        others = [partition for partition in range(16) if partition != bear]
        assert await a_loop(workshop, judging, judged=others).fire_due() == 0
        assert await a_loop(workshop, judging, judged=[bear]).fire_due() == 1


async def test_one_timer_that_fails_does_not_hold_up_the_others_and_is_parked_after_three_tries(toys: str) -> None:
    async def fail_on_bad(work: Work, timer: Timer) -> None:
        if timer.key == "bad":
            raise RuntimeError("broken")
        await note_firing(work, timer)

    async with a_workshop(toys) as workshop:
        for key in ("bad", "good", "better"):
            await set_for(workshop, key, 0)
        loop = a_loop(workshop, when("toy", fail_on_bad))
        await loop.fire_due()
        assert sorted(await fired(workshop)) == ["better", "good"]
        for hours in (1, 2):
            workshop.timesource = TimeSource(timedelta(hours=hours))
            await loop.fire_due()
        async with workshop.reading() as db:
            assert "RuntimeError" in await db.fetchval("SELECT parked_why FROM timers WHERE key = 'bad'")
        assert await loop.fire_due() == 0
