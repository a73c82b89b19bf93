"""`make proof`: clones HEAD, runs what is promised, and writes the figures to docs/proof/README.md."""

from __future__ import annotations

import argparse
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.proof.clone import clean_clone
from tests.proof.page import Proven, page
from tests.proof.steps import PROOF, STEPS


def main() -> int:
    only = asked()
    console = Console(stderr=True)
    proven: list[Proven] = []
    started = time.monotonic()
    PROOF.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with clean_clone() as clone, Progress(*columns, console=console) as bar:
        commit = clone.commit
        task = bar.add_task("", total=len(only))
        for name in only:
            bar.update(task, description=name)
            for row in STEPS[name](clone):
                proven.append(row)
                bar.console.print(f"{row.line} {row.what}: {row.figure} {row.goal}", highlight=False)
            bar.advance(task)
    minutes = (time.monotonic() - started) / 60
    (PROOF / "README.md").write_text(page(commit, proven, minutes))
    missed = [row for row in proven if row.met is False]
    for row in missed:
        console.print(f"Not met: {row.line} {row.what}: {row.figure} (goal: {row.goal})", highlight=False)
    return 1 if missed else 0


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
