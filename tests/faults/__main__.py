"""`python -m tests.faults`: kills everything while enquiries are under way, then counts. Fails if anything is wrong."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import SystemRandom

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.faults.offers import Offers, run_alone
from tests.faults.report import page
from tests.faults.run import HOUSES, Outcome, Plan, Report, long_plan, run, short_plan

LONG_STEPS, SHORT_STEPS = 5_000, 300


def main() -> int:
    asked = arguments()
    seed = asked.seed if asked.seed is not None else SystemRandom().randrange(1_000_000)
    print(f'The seed of this run is {seed}: `make faults ARGS="--seed {seed}"` repeats it.', flush=True)
    outcomes = [go(plan) for plan in plans(asked, seed)]
    for outcome in outcomes:
        tell(outcome)
    offers = asyncio.run(run_alone(asked.steps or (SHORT_STEPS if asked.short else LONG_STEPS), seed))
    tell_offers(offers)
    if asked.report is not None:
        asked.report.parent.mkdir(parents=True, exist_ok=True)
        asked.report.write_text(page(outcomes, offers), "utf-8")
    return 1 if offers.violations or any(outcome.violations for outcome in outcomes) else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="the same seed makes the same citizens, advisers and kills")
    parser.add_argument("--enquiries", type=int, help="how many; 2000 if left out")
    parser.add_argument("--steps", type=int, help="how many two replicas of routing go; 5000 if left out")
    parser.add_argument("--short", action="store_true", help="120 enquiries, everything killed once")
    parser.add_argument("--house", choices=[*HOUSES, "both"], default="both", help="what is killed")
    parser.add_argument("--report", type=Path, help="where to write the figures, such as docs/proof/faults.md")
    return parser.parse_args()


def plans(asked: argparse.Namespace, seed: int) -> Iterator[Plan]:
    for house in HOUSES if asked.house == "both" else [asked.house]:
        plan = short_plan(seed, house) if asked.short else long_plan(seed, house)
        yield plan if asked.enquiries is None else replace(plan, enquiries=asked.enquiries)


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
                console.print(f"{done} of {of} enquiries are accepted; {what}.")

        yield show


def go(plan: Plan) -> Outcome:
    with showing() as report:
        return asyncio.run(run(plan, report))


def tell(outcome: Outcome) -> None:
    kept = len(outcome.verdict.promises) - sum(1 for _, broken in outcome.verdict.promises if broken)
    print(
        f"{outcome.plan.house}: {len(outcome.citizens.accepted)} enquiries, {len(outcome.storm.kills)} kills, "
        f"{kept} of {len(outcome.verdict.promises)} promises kept."
    )
    for violation in outcome.violations:
        print(f"  {violation}")


def tell_offers(offers: Offers) -> None:
    print(
        f"two replicas of routing: {offers.steps:,} steps, {offers.deaths:,} deaths in mid-transaction, "
        f"{sum(offers.ends.values())} offers, {len(offers.violations)} broken."
    )
    for violation in offers.violations:
        print(f"  {violation}")


if __name__ == "__main__":
    sys.exit(main())
