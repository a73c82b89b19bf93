"""P06: a standard changes under a thousand running clocks; each is closed once, and followed from the same start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.sla.actions import hearing, settling, taking_up
from services.sla.app import SERVICE
from shared.errors import Unavailable
from shared.vocabulary import Channel, EnquiryId, enquiry_subject
from shared.work import Action, Cause, T, Workshop
from tests.builders import MORNING, Ear, a_cause, a_workshop, an_answer, an_ear, an_enquiry_id, an_enquiry_received
from tests.integration.sla.looking import CLOCKS, LEDGER, TIMERS, clocks, rows
from tests.parts.councils import anytown, plain, take_up

ENQUIRIES = 1_000
AT_ONCE = 100
DAY = 86_400
LONGER = 95_000
BETWEEN = MORNING + timedelta(hours=25)

PAUSING = plain().replace('calendar = "always"', 'calendar = "always"\npauses = ["enquiry.awaiting_citizen"]')
SAID_ONCE = """
SELECT name, count(*) AS times, count(DISTINCT data->>'clock_id') AS clocks FROM said GROUP BY name ORDER BY name
"""


async def receive(workshop: Workshop, enquiries: Sequence[EnquiryId]) -> None:
    for first in range(0, len(enquiries), AT_ONCE):
        several = enquiries[first : first + AT_ONCE]

        async def act(work: Any, several: Sequence[EnquiryId] = several) -> None:
            for nth, enquiry_id in enumerate(several):
                then = work.because(a_cause(at=MORNING + timedelta(seconds=nth)))
                await hearing.hear(then, enquiry_id, "enquiry.received", channel=Channel.WEB, service_code=None)

        await workshop.run(list(map(enquiry_subject, several)), act, a_cause())


class Dying(Workshop):
    """Ends in the middle of its third work, as a killed process does: what that one wrote is lost."""

    works = 0

    async def run(self, subjects: Sequence[str], action: Action[T], cause: Cause, **rest: Any) -> T:
        self.works += 1

        async def act(work: Any) -> T:
            result = await action(work)
            if self.works == 3:
                raise Unavailable("This process is no more.")
            return result

        return await super().run(subjects, act, cause, **rest)


async def test_p06_a_thousand_running_clocks_are_each_closed_once_and_followed_by_one(
    database: str, workshop: Workshop
) -> None:
    enquiries = [an_enquiry_id() for _ in range(ENQUIRIES)]
    await receive(workshop, enquiries)
    before = {clock["enquiry_id"]: clock for clock in await clocks(workshop)}
    await take_up(database, plain(LONGER))
    dying = Dying(workshop.database, workshop.timesource)
    with pytest.raises(Unavailable):
        await taking_up.supersede(dying)
    half = await clocks(workshop)
    assert sum(clock["retired"] for clock in half) == 2 * taking_up.MOST_AT_ONCE
    await asyncio.gather(taking_up.supersede(workshop), taking_up.supersede(workshop))
    await taking_up.supersede(workshop)
    after = await clocks(workshop)
    assert len(after) == 2 * ENQUIRIES
    for old, new in zip(after[::2], after[1::2], strict=True):
        assert old == {**before[old["enquiry_id"]], **CLOSED, "version": 2}
        assert (new["state"], new["replaces"], new["council_version"]) == ("running", old["clock_id"], 2)
        assert new["started_at"] == old["started_at"]
        assert new["due_at"] == old["started_at"] + timedelta(seconds=LONGER)
    assert [tuple(row.values()) for row in await rows(workshop, SAID_ONCE)] == [
        ("clock.started", 2 * ENQUIRIES, 2 * ENQUIRIES),
        ("clock.superseded", ENQUIRIES, ENQUIRIES),
    ]
    assert {timer["due_at"] for timer in await rows(workshop, TIMERS)} == {new["due_at"] for new in after[1::2]}


CLOSED = {"state": "superseded", "retired": True, "next_moment": None}


async def test_p06_a_changed_standard_whose_timer_fires_before_the_sweep_is_judged_all_the_same(
    ear: Ear, workshop: Workshop, database: str
) -> None:
    """With the same due time as before, which is the moment of the timer that is just being fired."""
    await ear.hears(an_enquiry_received())
    await take_up(database, PAUSING)
    await ear.fires()
    await taking_up.supersede(workshop)
    while await ear.fires():
        pass
    old, new = await clocks(workshop)
    assert (old["state"], new["state"], new["replaces"]) == ("superseded", "breached", old["clock_id"])
    assert await rows(workshop, TIMERS) == []


async def test_p06_an_enquiry_that_cannot_be_moved_keeps_no_other_waiting(
    ear: Ear, workshop: Workshop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *good = [an_enquiry_id() for _ in range(4)]
    await receive(workshop, [bad, *good])
    await take_up(database, plain(LONGER))

    async def failing(work: Any, known: Any) -> Any:
        if known.enquiry_id == bad:
            raise OverflowError("This due time is after the end of time.")
        return await settling.settle(work, known)

    monkeypatch.setattr(taking_up, "settle", failing)
    await taking_up.supersede(workshop)
    found = await clocks(workshop)
    assert {clock["enquiry_id"] for clock in found if clock["retired"]} == set(good)
    monkeypatch.undo()
    await taking_up.supersede(workshop)
    assert sum(clock["retired"] for clock in await clocks(workshop)) == 4


async def test_p06_a_clock_that_has_ended_keeps_the_standard_it_ended_under(
    ear: Ear, workshop: Workshop, database: str
) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await ear.fires()
    await take_up(database, plain(LONGER))
    await taking_up.supersede(workshop)
    await ear.hears(an_answer(enquiry_id), at=BETWEEN)
    [clock] = await clocks(workshop)
    assert (clock["state"], clock["due_at"]) == ("breached", MORNING + timedelta(days=1))
    assert clock["stopped_at"] == BETWEEN


async def test_p06_an_answer_heard_before_the_sweep_is_judged_by_the_standard_that_holds(
    ear: Ear, workshop: Workshop, database: str
) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(an_enquiry_received(enquiry_id))
    await take_up(database, plain(LONGER))
    await ear.hears(an_answer(enquiry_id), at=BETWEEN)
    old, new = await clocks(workshop)
    assert (old["state"], new["state"], new["stopped_at"]) == ("superseded", "met", BETWEEN)
    assert [line["entry"] for line in await rows(workshop, LEDGER)] == ["started", "superseded", "started", "met"]


async def test_p06_the_calendar_counts_as_part_of_the_standard_and_its_name_does_not(
    ear: Ear, workshop: Workshop, database: str
) -> None:
    await take_up(database, anytown())
    await taking_up.supersede(workshop)
    await ear.hears(an_enquiry_received())
    await take_up(database, anytown().replace('name = "Office hours"', 'name = "When the town hall is open"'))
    await taking_up.supersede(workshop)
    assert [clock["state"] for clock in await clocks(workshop)] == ["running", "running"]
    shorter = anytown().replace('hours.friday = ["09:00-16:30"]', 'hours.friday = ["09:00-12:00"]')
    await take_up(database, shorter)
    await taking_up.supersede(workshop)
    assert [clock["state"] for clock in await clocks(workshop)] == ["superseded", "running"] * 2


async def test_p06_a_standard_that_vanishes_closes_its_clocks_and_a_new_one_is_for_what_comes(
    ear: Ear, workshop: Workshop, database: str
) -> None:
    old, new = an_enquiry_id(), an_enquiry_id()
    await ear.hears(an_enquiry_received(old))
    renamed = plain().replace('code = "acknowledgement"', 'code = "first-word"')
    await take_up(database, renamed)
    await taking_up.supersede(workshop)
    await ear.hears(an_answer(old), at=MORNING + timedelta(hours=1))
    await ear.hears(an_enquiry_received(new))
    found = {(clock["enquiry_id"], clock["standard"]): clock["state"] for clock in await clocks(workshop)}
    assert found == {(old, "acknowledgement"): "superseded", (new, "first-word"): "running"}


@pytest.mark.parametrize("statement", ["UPDATE standards SET code = 'other'", "DELETE FROM standards"])
async def test_p06_a_standard_that_was_kept_never_changes(workshop: Workshop, statement: str) -> None:
    with pytest.raises(Exception, match="A standard never changes"):
        async with workshop.reading() as db:
            await db.execute(statement)


async def test_every_replica_goes_by_the_council_that_holds(database: str, workshop: Workshop) -> None:
    """None of them keeps an older one in mind."""
    async with a_workshop(database, SERVICE) as other:
        first, second = await an_ear(workshop, SERVICE), await an_ear(other, SERVICE)
        await first.hears(an_enquiry_received())
        await take_up(database, plain(60))
        second.positions = first.positions
        await second.hears(an_enquiry_received())
    assert sorted(clock["due_at"] - clock["started_at"] for clock in await rows(workshop, CLOCKS)) == [
        timedelta(seconds=60),
        timedelta(seconds=DAY),
    ]
