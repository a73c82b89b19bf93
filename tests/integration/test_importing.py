"""Real rows of an older system, imported through intake's own addresses into a real database, and killed on the way."""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.intake.app import SERVICE
from shared.settings import HouseSettings
from shared.work import Workshop
from tests.builders import a_client, a_workshop, said_by
from tests.parts.councils import take_up
from tests.parts.programs import ACCESSPOINT, ROOT, environment, typed
from tests.parts.waiting import until

SLICE = ROOT / "tests" / "data" / "boston311-2015-q1-slice.csv"
MAP = ROOT / "deploy" / "imports" / "boston311.toml"
COUNCIL = ROOT / "deploy" / "councils" / "boston.toml"
ROWS = 2034
READ_UP_TO = "SELECT coalesce(max(read_up_to), 0) FROM imports"
ENDED_WITHIN = 100.0


@dataclass(frozen=True, slots=True)
class Boston:
    """An intake that has the council of Boston, and the command as a process of its own."""

    workshop: Workshop
    url: str
    data: Path

    @property
    def knows(self) -> Mapping[str, str]:
        return environment({"ACCESSPOINT_DATA": str(self.data)})

    def words(self, file: Path, *options: str) -> list[str]:
        return ["import", str(file), "--map", str(MAP), "--url", self.url, *options]

    async def starts(self, file: Path, *options: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *ACCESSPOINT,
            *self.words(file, *options),
            env=self.knows,
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def imports(self, file: Path, *options: str) -> str:
        """What it printed, when it has ended well."""
        done = await asyncio.to_thread(typed, self.words(file, *options), self.knows, within=ENDED_WITHIN)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    async def read_up_to(self) -> int:
        async with self.workshop.reading() as db:
            return int(await db.fetchval(READ_UP_TO))

    async def imported(self) -> list[Mapping[str, Any]]:
        return [spoken.data for spoken in await said_by(self.workshop) if spoken.name == "enquiry.imported"]


@pytest.fixture
async def boston(database: str, tmp_path: Path) -> AsyncIterator[Boston]:
    await take_up(database, COUNCIL.read_text("utf-8"))
    async with intake_at(database, tmp_path) as boston:
        yield boston


@asynccontextmanager
async def intake_at(database: str, folder: Path) -> AsyncIterator[Boston]:
    house = HouseSettings(data=folder)
    async with a_workshop(database, SERVICE) as workshop, a_client(workshop, SERVICE, house) as client:
        yield Boston(workshop, str(client.make_url("/")), folder)


def ids_in(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [row["CASE_ENQUIRY_ID"] for row in csv.DictReader(lines)]


async def test_killed_three_times_it_takes_in_each_row_once(boston: Boston) -> None:
    for line in (102, 702, 1202):
        process = await boston.starts(SLICE)

        async def reached(line: int = line) -> bool:
            return await boston.read_up_to() >= line

        await until(reached, within=ENDED_WITHIN, what=f"line {line} was read")
        assert process.returncode is None, "it had ended before it could be killed"
        process.kill()
        await process.communicate()
    assert await boston.read_up_to() < ROWS
    told = await boston.imports(SLICE)
    assert "goes on after line" in told
    assert f"read up to line {ROWS + 1}: {ROWS} rows in, 0 known already, 0 rejected." in told
    times = Counter(data["row_id"] for data in await boston.imported())
    assert times == Counter(ids_in(SLICE))
    assert set(times.values()) == {1}


async def test_a_second_run_takes_in_nothing_and_may_release(boston: Boston) -> None:
    await boston.imports(SLICE)
    told = await boston.imports(SLICE, "--release")
    assert "This run: 0 rows in" in told
    assert "Released at" in told
    said = Counter(spoken.name for spoken in await said_by(boston.workshop))
    assert said == {"enquiry.imported": ROWS, "import.released": 1}


async def test_every_row_that_is_not_in_is_in_the_reject_file_with_a_reason(boston: Boston, tmp_path: Path) -> None:
    """One of each kind of wrong row among two hundred good ones; some the reader finds, some intake."""
    head, *lines = SLICE.read_text("utf-8").splitlines()[:204]
    first = lines[0].split(",")
    wrong = {
        "quote": lines[200].replace("101", '101,"', 1),
        "skipped": ",".join(["7001", "03/08/2015 02:30:00 AM", *first[2:]]),
        "february": ",".join(["7002", "02/30/2015 02:30:00 AM", *first[2:]]),
        "backwards": ",".join(["7003", *first[1:3], "01/01/2014 09:00:00 AM", *first[4:]]),
        "again": lines[0],
        "short": "7004,01/01/2015 12:20:09 AM",
        "queue": lines[202].replace(lines[202].split(",")[0], "7005").replace("_", "?"),
    }
    file = tmp_path / "mixed.csv"
    file.write_text("\n".join([head, *lines[:200], *wrong.values()]) + "\n", "utf-8")
    told = await boston.imports(file)
    assert f"read up to line {201 + len(wrong)}: 200 rows in, 0 known already, {len(wrong)} rejected." in told
    [path] = boston.data.glob("mixed.*.rejected.csv")
    with path.open(encoding="utf-8", newline="") as written:
        rejected = list(csv.DictReader(written))
    reasons = dict(zip(wrong, (row["rejected_because"] for row in rejected), strict=True))
    assert [int(row["rejected_line"]) for row in rejected] == [202 + nth for nth in range(len(wrong))]
    assert "is never closed" in reasons["quote"]
    assert "never was: the clocks of America/New_York" in reasons["skipped"]
    assert "is no day or time of any calendar" in reasons["february"]
    assert "It was resolved at" in reasons["backwards"]
    assert reasons["again"] == "The same id stood in line 2 already: give each row an id of its own."
    assert "It has 2 columns and the first line of the file 20" in reasons["short"]
    assert 'does not stand in the table "queues" of the map' in reasons["queue"]
    assert rejected[3]["CASE_ENQUIRY_ID"] == "7003"


async def test_the_same_rows_in_another_file_are_known_already(boston: Boston, tmp_path: Path) -> None:
    lines = SLICE.read_text("utf-8").splitlines()
    file = tmp_path / "more.csv"
    file.write_text("\n".join(lines[:151]) + "\n", "utf-8")
    await boston.imports(file)
    file.write_text("\n".join(lines[:251]) + "\n", "utf-8")
    told = await boston.imports(file)
    assert "100 rows in, 150 known already, 0 rejected." in told
    assert len(await boston.imported()) == 250
