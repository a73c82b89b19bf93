"""What of real input is proved on the clone: the whole file where it is given, figures by hand, triage, versions."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.proof.clone import ROOT, Clone
from tests.proof.page import Proven

GIVEN = "ACCESSPOINT_TEST_BOSTON311"
TRIAGE = Path("docs", "triage.md")
VERSIONS = ("PostgreSQL 15", "Python 3.13")
ROWS = 26_788
ROWS_A_SECOND, MEGABYTES = 300, 300


def take_in_history(clone: Clone) -> Iterator[Proven]:
    """Lines 6.1 to 6.3. Without the file, so many rows of it as the tests bring are what `make test` has shown."""
    given = os.environ.get(GIVEN)
    if not given:
        yield Proven("6.1", "the whole file", f"not given: name it in {GIVEN}", "", None)
        return
    written = clone.folder / TRIAGE
    before = written.read_text()
    file = clone.folder.parent / "boston311.csv.gz"
    shutil.copy(given, file)
    report = clone.folder.parent / "whole_file.json"
    done = clone.carry_out(".venv/bin/python", "-m", "tests.proof.whole_file", str(file), str(report))
    if done.code:
        yield Proven("6.1", "the whole file, killed three times", done.text[-300:], "exit code 0", met=False)
    else:
        yield from told_by(report)
        yield from triage(written, before)
    tests = clone.carry_out("make", "test", "ARGS=tests/integration/test_figures.py", **{GIVEN: str(file)})
    figure, met = tests.closing_line, tests.code == 0 and "2 passed" in tests.closing_line
    yield Proven("6.1", "each row's verdict that of the file; the 46 without one listed", figure, "all", met)
    yield Proven("6.2", "figures equal to the independent script's, cell by cell", figure, "all", met)


def told_by(report: Path) -> Iterator[Proven]:
    found = json.loads(report.read_text())
    rows = f"{found['rows_in']:,} rows in, {found['rejected']:.0f} rejected, {found['doubled']} twice"
    whole = found["rows_in"] + found["rejected"] == ROWS and not found["doubled"]
    yield Proven("6.1", "the whole file, killed three times", rows, f"{ROWS:,} rows, nothing twice", whole)
    speed = found["per_second"]
    yield Proven("6.1", "rows a second", f"{speed:.0f}", f">= {ROWS_A_SECOND}", speed >= ROWS_A_SECOND)
    heard = found["until_all_heard_per_second"]
    yield Proven("6.1", "rows a second, until sla has heard of all", f"{heard:.0f}")
    memory = found["command_megabytes"]
    yield Proven("6.1", "memory of the command, MB", f"{memory:.0f}", f"under {MEGABYTES}", memory < MEGABYTES)


def triage(written: Path, before: str) -> Iterator[Proven]:
    """The page that `accesspoint triage evaluate` has written: its first table, all channels."""
    page = written.read_text()
    row = next(line for line in page.splitlines() if line.startswith("| all |"))
    baselines, learned = [cell.strip() for cell in row.split("|")[3:5]], row.split("|")[5].strip()
    met = all(ours > max(theirs) for ours, *theirs in zip(*map(percents, [learned, *baselines]), strict=True))
    yield Proven("6.3", "triage on March, first / among three", learned, f"better than {' and '.join(baselines)}", met)
    same = page == before
    yield Proven("6.3", f"{TRIAGE}, written anew", "the same" if same else "another", "the same", same)
    shutil.copy(written, ROOT / TRIAGE)


def percents(cell: str) -> list[float]:
    return [float(each) for each in cell.replace("%", "").split("/")]


def versions(clone: Clone) -> Iterator[Proven]:
    """The database's tests on PostgreSQL 15, unit tests and journeys on Python 3.13, where these are installed."""
    done = clone.carry_out("make", "versions")
    ran = [line.strip("= ") for line in done.text.splitlines() if " passed" in line]
    figure = (" and ".join(ran) or done.last_words) + done.failed
    yield Proven("6.6", "`make versions`", figure, "all pass, on both", done.code == 0 and len(ran) == len(VERSIONS))
