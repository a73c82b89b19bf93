"""`python -m tests.faults.mails`: kills the house while mails come, then counts. Fails if one is missing or twice."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults.mails.copies import three_of_each
from tests.faults.mails.report import closing_line, closing_line_of_copies, page
from tests.faults.mails.run import Outcome, Plan, Report, run
from tests.faults.mails.town import Way


def main() -> int:
    asked = arguments()
    seed = asked.seed if asked.seed is not None else SystemRandom().randrange(1_000_000)
    print(f"The seed of this run is {seed}: `python -m tests.faults.mails --seed {seed}` repeats it.", flush=True)
    ways = [Way(asked.by)] if asked.by else [*Way]
    outcomes = [go(Plan(seed=seed, mails=asked.mails, kills=asked.kills, by=by)) for by in ways]
    copies = asyncio.run(three_of_each(asked.copies, seed)) if asked.copies and not asked.by else None
    if asked.report is not None:
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        asked.report.write_text(page(outcomes, copies), "utf-8")
    told = [(closing_line(outcome), outcome.violations) for outcome in outcomes]
    if copies is not None:
        told.append((closing_line_of_copies(copies), copies.violations))
    for line, violations in told:
        tell(line, violations)
    return 1 if any(violations for _, violations in told) else 0


def tell(line: str, violations: Sequence[str]) -> None:
    print(line)
    for violation in violations:
        print(f"  {violation}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.mails", description=__doc__)
    parser.add_argument("--mails", type=int, default=1000, help="how many; 1000 if left out")
    parser.add_argument("--kills", type=int, default=10, help="the house and its database in turn; 10 if left out")
    parser.add_argument("--seed", type=int, help="the same seed sends the same mails and plans the same kills")
    parser.add_argument(
        "--by", choices=[*Way], help="the way the mails come; if left out, both, and then three copies of some"
    )
    parser.add_argument("--copies", type=int, default=200, help="of how many mails; 200 if left out, 0 for none")
    parser.add_argument("--report", type=Path, help="where to write the figures, such as docs/proof/mails.md")
    return parser.parse_args()


@contextmanager
def showing() -> Iterator[Report]:
    """A bar for a person who watches, a line now and then for a log."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    said: set[str] = set()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def show(what: str, done: int, of: int) -> None:
            bar.update(task, description=what, completed=done, total=of)
            if not console.is_terminal and what not in said:
                said.add(what)
                console.print(f"{done} of {of} mails are kept; {what}.")

        yield show


def go(plan: Plan) -> Outcome:
    with showing() as report:
        return asyncio.run(run(plan, report))


if __name__ == "__main__":
    sys.exit(main())
