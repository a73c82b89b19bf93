"""A batch of an import is in once, in whole or not at all: however its senders race, and wherever they are cut off."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import asyncpg
import pytest

from services.intake.store import imports as store
from shared.db import Connection
from shared.work import Workshop
from tests.builders import said_by
from tests.integration.intake.desk import rows
from tests.integration.intake.importing import Importer, a_row, closed


@pytest.mark.parametrize("after", [0, 1, 3, 7])
async def test_a_batch_that_begins_elsewhere_is_told_where_to_go_on(importer: Importer, after: int) -> None:
    path = await importer.begun()
    await importer.takes_in(path, a_row(2))
    answered = await importer.sends(path, [a_row(9)], after)
    assert (answered.status, "go on after line 2" in answered.sentence) == (409, True)
    assert (await importer.shows(path))["rows_in"] == 1


async def test_a_batch_that_stands_on_its_head_is_refused(importer: Importer) -> None:
    path = await importer.begun()
    for given, up_to in (([a_row(5)], 4), ([a_row(2), a_row(2, "other")], 4)):
        answered = await importer.sends(path, given, 0, up_to)
        assert answered.status == 422, answered.told
    too_many = await importer.sends(path, [a_row(line) for line in range(1, 202)], 0)
    assert (too_many.status, "200" in too_many.sentence) == (422, True)


@pytest.mark.parametrize("seed", range(4))
async def test_p01_however_several_senders_cut_and_race_each_row_becomes_one_enquiry(
    importer: Importer, workshop: Workshop, seed: int
) -> None:
    """Two send the same file, the third another file of the same system with the same rows."""
    dice = random.Random(seed)
    file = [a_row(line) for line in range(2, 62)]
    path, other = await importer.begun(), await importer.begun()

    async def send(target: str) -> None:
        while (at := (await importer.shows(target))["read_up_to"]) < file[-1]["line"]:
            up_to = min(at + dice.randint(1, 9), file[-1]["line"])
            part = [row for row in file if at < row["line"] <= up_to]
            answered = await importer.sends(target, part, at, up_to)
            assert answered.status in (200, 409), answered.told

    await asyncio.gather(send(path), send(path), send(other))
    shown = [await importer.shows(each) for each in (path, other)]
    assert [each["rows_in"] + each["known_already"] for each in shown] == [60, 60]
    assert (sum(each["rows_in"] for each in shown), sum(each["rejected"] for each in shown)) == (60, 0)
    said = [each.data["row_id"] for each in await said_by(workshop)]
    assert sorted(said) == sorted(row["row_id"] for row in file)


async def counts(workshop: Workshop) -> dict[str, int]:
    tables = ("contacts", "submissions", "steps", "imported_rows", "rejected_rows", "said", "unplaced")
    return {table: len(await rows(workshop, table)) for table in tables}


BATCH = [closed(2), a_row(3, queue_id="nowhere"), a_row(4)]
ALL = {
    "contacts": 2,
    "submissions": 2,
    "steps": 1,
    "imported_rows": 2,
    "rejected_rows": 1,
    "said": 2,
    "unplaced": 2,
}
MOVE = store.move
NOTHING = dict.fromkeys(ALL, 0)


class Dying:
    """Stands where the cursor is moved, and has the server end the connection there as often as it is told."""

    def __init__(self, url: str, times: int) -> None:
        self.url = url
        self.left = times
        self.move = MOVE

    async def __call__(self, db: Connection, *given: Any) -> None:
        if self.left:
            self.left -= 1
            killer = await asyncpg.connect(self.url)
            await killer.execute("SELECT pg_terminate_backend($1)", await db.fetchval("SELECT pg_backend_pid()"))
            await killer.close()
        await self.move(db, *given)


async def test_p01_a_batch_cut_off_in_the_middle_is_in_whole_or_not_at_all(
    importer: Importer, workshop: Workshop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await importer.begun()
    monkeypatch.setattr(store, "move", Dying(database, 100))
    assert (await importer.sends(path, BATCH, 0)).status == 503
    assert (await counts(workshop), (await importer.shows(path))["read_up_to"]) == (NOTHING, 0)
    monkeypatch.setattr(store, "move", Dying(database, 1))
    assert (await importer.sends(path, BATCH, 0)).status == 200
    assert (await counts(workshop), (await importer.shows(path))["read_up_to"]) == (ALL, 4)


async def test_p01_a_batch_whose_commit_nobody_heard_of_is_in_once(
    importer: Importer, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await importer.begun()
    once, deaf = Workshop.once, [True]

    async def lose_the_answer(self: Workshop, *given: Any, **more: Any) -> Any:
        done = await once(self, *given, **more)
        if deaf:
            deaf.clear()
            raise ConnectionResetError
        return done

    monkeypatch.setattr(Workshop, "once", lose_the_answer)
    answered = await importer.sends(path, BATCH, 0)
    assert (answered.status, "go on after line 4" in answered.sentence) == (409, True)
    assert await counts(workshop) == ALL
