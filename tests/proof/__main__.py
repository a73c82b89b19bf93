"""`make proof`: clones HEAD, runs what is promised, and writes the figures to docs/proof/README.md."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.proof.clone import clean_clone
from tests.proof.page import Proven, Section, page
from tests.proof.steps import PROOF, STEPS

FIGURES = PROOF / "figures.json"


def main() -> int:
    only = asked()
    console = Console(stderr=True)
    sections = kept()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with clean_clone() as clone, Progress(*columns, console=console) as bar:
        if not {"run", "check"} & {*only}:
            clone.carry_out("make", "check-style")  # those two show what a clone without packages takes
        task = bar.add_task("", total=len(only))
        for name in only:
            bar.update(task, description=name)
            started = time.monotonic()
            rows: list[Proven] = []
            for row in STEPS[name](clone):
                rows.append(row)
                bar.console.print(f"{row.line} {row.what}: {row.figure} (goal: {row.goal})", highlight=False)
            minutes = (time.monotonic() - started) / 60
            sections[name] = Section(name, clone.commit, minutes, tuple(rows))
            keep(sections)
            bar.advance(task)
    missed = [row for section in sections.values() for row in section.rows if row.met is False]
    for row in missed:
        console.print(f"Not met: {row.line} {row.what}: {row.figure} (goal: {row.goal})", highlight=False)
    return 1 if missed else 0


def kept() -> dict[str, Section]:
    """What earlier runs have shown, so that one step can be run again alone."""
    if not FIGURES.exists():
        return {}
    return {
        each["step"]: Section(
            each["step"], each["commit"], each["minutes"], tuple(Proven(**row) for row in each["rows"])
        )
        for each in json.loads(FIGURES.read_text())
    }


def keep(sections: dict[str, Section]) -> None:
    """After every step: what has been shown stays shown when a later step fails."""
    PROOF.mkdir(parents=True, exist_ok=True)
    in_order = [sections[name] for name in STEPS if name in sections]
    FIGURES.write_text(json.dumps([asdict(section) for section in in_order], indent=1) + "\n")
    (PROOF / "README.md").write_text(page(in_order))


def asked() -> list[str]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(STEPS), help=f"some of {', '.join(STEPS)}")
    names = [name for name in parser.parse_args().only.split(",") if name]
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        parser.error(f"there is no step {', '.join(unknown)}: choose of {', '.join(STEPS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
