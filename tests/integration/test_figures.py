"""
The city's own file through the whole house: our verdicts are the city's, and our figures those of its file.

On the slice that comes with the tests; on the whole file where ACCESSPOINT_TEST_BOSTON311 says where it is.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from shared.vocabulary import Role
from shared.work import Workshop
from tests.builders import a_workshop
from tests.parts import boston_by_hand as by_hand
from tests.parts.councils import take_up
from tests.parts.house import OneAddress, house_in_this_process, token_in
from tests.parts.programs import ROOT, environment, typed
from tests.parts.waiting import until

SLICE = ROOT / "tests" / "data" / "boston311-2015-q1-slice.csv"
WHOLE = os.environ.get("ACCESSPOINT_TEST_BOSTON311")
FILE = Path(WHOLE) if WHOLE else SLICE
COUNCIL = ROOT / "deploy" / "councils" / "boston.toml"
IMPORTED_WITHIN = 900.0
HEARD_WITHIN = 300.0

HEARD = "SELECT count(*) FROM facts WHERE kind = 'enquiry.imported'"
VERDICTS = "SELECT enquiry_id, state FROM clocks WHERE task_id IS NULL AND state <> 'superseded'"
SAID = "SELECT name, count(*) AS times FROM said GROUP BY name"

pytestmark = pytest.mark.timeout(IMPORTED_WITHIN + 2 * HEARD_WITHIN)


@dataclass(frozen=True, slots=True)
class Boston:
    """The whole house with the council of Boston, and somebody who imports into it and asks it."""

    house: OneAddress
    sla: Workshop
    session: aiohttp.ClientSession
    data: Path

    async def imports(self, file: Path) -> dict[str, str]:
        """The enquiry that each row has become, once sla has heard of them all."""
        told = ["import", str(file), "--map", str(by_hand.MAP), "--url", self.house.url("intake")]
        knows = environment({"ACCESSPOINT_DATA": str(self.data)})
        done = await asyncio.to_thread(typed, told, knows, within=IMPORTED_WITHIN)
        assert done.returncode == 0, done.stdout + done.stderr
        found = await self.rows_of(file.name)
        print(done.stdout)
        return found

    async def rows_of(self, name: str) -> dict[str, str]:
        imports = (await self.asks("/intake/v1/imports", Role.ADMINISTRATOR))["imports"]
        [one] = [each for each in imports if each["file_name"] == name]
        assert one["rejected"] == 0
        path, after = f"/intake/v1/imports/{one['import_id']}/rows", 0
        found: dict[str, str] = {}
        while after is not None:
            page = await self.asks(f"{path}?after={after}", Role.ADMINISTRATOR)
            found |= {row["row_id"]: row["enquiry_id"] for row in page["rows"]}
            after = page["next"]
        assert len(found) == one["rows_in"]
        await self.until_heard(sum(each["rows_in"] for each in imports))
        return found

    async def until_heard(self, rows: int) -> None:
        async def all_heard() -> bool:
            async with self.sla.reading() as db:
                return bool(await db.fetchval(HEARD) == rows)

        await until(all_heard, within=HEARD_WITHIN, what=f"sla had heard of {rows} rows")

    async def asks(self, path: str, role: Role = Role.MANAGER) -> Any:
        token = token_in(self.house, "mary", role)
        url = f"{self.house.url('sla')}{path}"
        async with self.session.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
            assert response.status == 200, await response.text()
            is_csv = response.content_type == "text/csv"
            return await (response.text() if is_csv else response.json())

    async def verdicts(self, rows: dict[str, str]) -> dict[str, str]:
        """What sla says of each row that something was promised on."""
        async with self.sla.reading() as db:
            states = {str(row["enquiry_id"]): row["state"] for row in await db.fetch(VERDICTS)}
        return {row_id: states[enquiry_id] for row_id, enquiry_id in rows.items() if enquiry_id in states}


@pytest.fixture
async def boston(database: str, tmp_path: Path) -> AsyncIterator[Boston]:
    await take_up(database, COUNCIL.read_text("utf-8"))
    async with at_home(database, tmp_path) as boston:
        yield boston


@asynccontextmanager
async def at_home(database: str, folder: Path) -> AsyncIterator[Boston]:
    async with (
        house_in_this_process(database, folder) as house,
        a_workshop(database, "sla") as sla,
        aiohttp.ClientSession() as session,
    ):
        yield Boston(house, sla, session, folder)


async def test_our_verdicts_are_the_citys_and_our_figures_those_of_its_file(boston: Boston) -> None:
    requests = by_hand.read(FILE)
    rows = await boston.imports(FILE)
    assert set(rows) == {each.row_id for each in requests}
    await check_verdicts(boston, requests, rows)
    for by in ("month", "week"):
        await check_figures(boston, requests, by)
    await check_silence(boston, requests)


async def check_verdicts(boston: Boston, requests: list[by_hand.Request], rows: dict[str, str]) -> None:
    """Row by row. What the city gave no verdict is listed, and has one of ours."""
    ours = await boston.verdicts(rows)
    citys = by_hand.judged_by_the_city(requests)
    assert {row_id: ours[row_id] for row_id in citys} == citys
    print(f"verdicts that are the city's: {dict(Counter(citys.values()))}")
    if WHOLE:
        assert Counter(citys.values()) == {"met": 10_273, "breached": 4_594}
    left = by_hand.left_without_a_verdict(requests)
    print(f"{len(left)} closed without a verdict of the city's: {', '.join(f'{each} {ours[each]}' for each in left)}")
    assert len(left) == 46
    assert {ours[each] for each in left} <= {"met", "breached"}


async def check_figures(boston: Boston, requests: list[by_hand.Request], by: str) -> None:
    """Cell by cell, on the screen and in the file."""
    path = f"/sla/v1/figures?from=2015-01&to=2015-03&by={by}"
    shown = await boston.asks(path)
    expected = by_hand.figures(requests, datetime.now(UTC), by)
    found = placed([*shown["rows"], *shown["channels"], shown["totals"]])
    assert found == expected
    lines = csv.DictReader(io.StringIO(await boston.asks(f"{path}&format=csv"), newline=""))
    assert placed([unwritten(line) for line in lines]) == expected
    print(f"{len(found) * len(by_hand.CELLS)} cells by {by} are those of the file")


def placed(figures: list[dict[str, Any]]) -> dict[by_hand.Place, by_hand.Cells]:
    found = {
        (each["period"], each["channel"], each["queue_id"]): {name: each[name] for name in by_hand.CELLS}
        for each in figures
    }
    assert len(found) == len(figures)
    return found


def unwritten(line: dict[str, str]) -> dict[str, Any]:
    places = {name: line[name] or None for name in ("period", "channel", "queue_id")}
    return places | {name: float(line[name]) if line[name] else None for name in by_hand.CELLS}


async def check_silence(boston: Boston, requests: list[by_hand.Request]) -> None:
    """Of history nothing is said; of what is still open, when it is due."""
    still_open = sum(1 for each in requests if each.closed is None and each.due is not None)
    async with boston.sla.reading() as db:
        said = {row["name"]: row["times"] for row in await db.fetch(SAID)}
    assert said == {"clock.started": still_open}


async def test_a_target_moved_one_second_across_the_closing_time_flips_the_verdict(
    boston: Boston, tmp_path: Path
) -> None:
    head, *lines = csv.reader(io.StringIO(SLICE.read_text("utf-8"), newline=""))
    target, closed, opened, row_id = (
        head.index(name) for name in ("TARGET_DT", "CLOSED_DT", "OPEN_DT", "CASE_ENQUIRY_ID")
    )
    taken = [line for line in lines if line[target] and line[closed] and line[closed] != line[opened]][::20]
    expected = {}
    with (tmp_path / "moved.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(head)
        for line in taken:
            at = datetime.strptime(line[closed], by_hand.WRITTEN)  # noqa: DTZ007  it is written again
            for second, verdict in ((0, "met"), (1, "breached")):
                line[target] = (at - timedelta(seconds=second)).strftime(by_hand.WRITTEN)
                out.writerow([*line[:row_id], f"{line[row_id]}-{verdict}", *line[row_id + 1 :]])
                expected[f"{line[row_id]}-{verdict}"] = verdict
    assert len(expected) > 50
    assert await boston.verdicts(await boston.imports(tmp_path / "moved.csv")) == expected
