"""
`python -m tests.proof.whole_file FILE REPORT`: a whole file of history into a house, killed three times.

What triage learns from it is written to docs/triage.md.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.parts.house import EmbeddedHouse
from tests.parts.postgres import value_from
from tests.parts.programs import ACCESSPOINT, ROOT, environment
from tests.parts.scratch import scratch
from tests.parts.waiting import until

MAP = ROOT / "deploy" / "imports" / "boston311.toml"
COUNCIL = ROOT / "deploy" / "councils" / "boston.toml"
KILLED_AFTER = (3_000, 9_000, 15_000)
IN_TIME = 1_200.0
LOOK_EVERY = 0.1
ROWS_IN = "SELECT coalesce(sum(rows_in), 0)::int FROM intake.imports"
DOUBLED = "SELECT (count(*) - count(DISTINCT row_id))::int FROM intake.imported_rows"
TRIAGE = (
    *("triage", "evaluate", "--train-until", "2015-03-01", "--test-until", "2015-04-01"),
    *("--out", "docs/triage.md"),
)
TO_LEARN_FROM = "SELECT count(*)::int FROM routing.examples"
HEARD = "SELECT count(*)::int FROM sla.facts WHERE kind = 'enquiry.imported'"
SPEED = re.compile(r"([\d,]+) rows in ([\d.]+) s, ([\d,]+) per second")
COUNTED = re.compile(r"([\d,]+) rows in, ([\d,]+) known already, ([\d,]+) rejected")


class Command:
    """One run of `accesspoint`, its memory watched."""

    def __init__(self, house: EmbeddedHouse, *words: str) -> None:
        self.house = house
        self.words = [*ACCESSPOINT, *words]
        self.most_memory = 0

    async def begin(self) -> asyncio.subprocess.Process:
        data = {"ACCESSPOINT_DATA": str(self.house.settings.data)}
        return await asyncio.create_subprocess_exec(
            *self.words,
            env=environment(data),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def kill_after(self, rows: int) -> None:
        process = await self.begin()

        async def reached() -> bool:
            return int(await value_from(self.house.database_url, ROWS_IN)) >= rows

        await until(reached, within=IN_TIME, what=f"{rows} rows")
        assert process.returncode is None, "it had ended before it could be killed"
        process.kill()
        await process.communicate()

    async def finish(self) -> str:
        process = await self.begin()
        watched = asyncio.create_task(self.watch(process.pid))
        out, _ = await asyncio.wait_for(process.communicate(), IN_TIME)
        await watched
        assert process.returncode == 0, out.decode()
        return out.decode()

    async def watch(self, pid: int) -> None:
        """Until it has ended."""
        while True:
            try:
                self.most_memory = max(self.most_memory, psutil.Process(pid).memory_info().rss)
            except psutil.Error:
                return
            await asyncio.sleep(LOOK_EVERY)


async def carry_out(file: Path, folder: Path) -> dict[str, Any]:
    house = EmbeddedHouse(folder, council=COUNCIL.read_text("utf-8"))
    try:
        house.start()
        await house.until_ready()
        command = Command(house, "import", str(file), "--map", str(MAP), "--url", house.url("intake"))
        for rows in KILLED_AFTER:
            await command.kill_after(rows)
        began, before = time.monotonic(), int(await value_from(house.database_url, ROWS_IN))
        told = await command.finish()
        rows_in = int(await value_from(house.database_url, ROWS_IN))

        await until_all(house, rows_in, HEARD, what="sla to have heard of all rows")
        whole = time.monotonic() - began
        await until_all(house, rows_in, TO_LEARN_FROM, what="routing to have heard of all rows")
        await Command(house, *TRIAGE).finish()
        return {
            **figures_in(told),
            "rows_in": rows_in,
            "doubled": int(await value_from(house.database_url, DOUBLED)),
            "until_all_heard_per_second": (rows_in - before) / whole,
            "command_megabytes": command.most_memory / 1e6,
        }
    finally:
        house.close()


async def until_all(house: EmbeddedHouse, rows: int, counted: str, *, what: str) -> None:
    async def are_there() -> bool:
        return int(await value_from(house.database_url, counted)) == rows

    await until(are_there, within=IN_TIME, what=what)


def figures_in(told: str) -> dict[str, float]:
    speed, counted = SPEED.search(told), COUNTED.search(told)
    assert speed, told
    assert counted, told
    return {"per_second": number(speed[3]), "known_already": number(counted[2]), "rejected": number(counted[3])}


def number(text: str) -> int:
    return int(text.replace(",", ""))


def main(words: Sequence[str]) -> None:
    with scratch("whole-file") as folder:
        found = asyncio.run(carry_out(Path(words[0]).resolve(), folder))
    Path(words[1]).write_text(json.dumps(found))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
