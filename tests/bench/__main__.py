"""`make bench`: measures rates, latencies and memory in one run, into var/bench.json and var/bench.svg."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from services.cli.rows import read_rows
from tests.bench import citizens, due_times, houses, mails, offers, picture
from tests.bench.figures import Figure, write
from tests.bench.plan import CLIENTS, QUICK, Bench, Plan
from tests.parts.scratch import scratch

PARTS = {
    "a": "the floor, with intake alone beside it",
    "b": "accepted per second, intake alone and with all four running",
    "c": "end to end over RabbitMQ with four processes",
    "d": "the same embedded",
    "e": "memory at rest",
    "f": "due times per second, of several calendars",
    "g": "a timeline and a match among 100,000 contacts",
    "h": "adviser free to offer, with 1,000 tasks waiting",
    "i": "mails accepted per second by SMTP",
    "j": "mails turned into contacts per second, by intake alone and with all four running",
    "k": "memory for a mail of 25 MB",
}
ON_THE_BROKER = ("a", "b", "c", "e")
EMBEDDED = ("d", "e")
BY_MAIL = ("i", "j", "k")
SLICE = Path(__file__).parents[2] / "deploy" / "demo" / "boston311-slice.csv"
KEPT = Path(__file__).parents[2] / "docs" / "proof" / "bench-of-the-frame.json"
LONGEST_SECONDS = 1_800
REPORT_WIDTH = 120


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        epilog="; ".join(f"{letter}: {what}" for letter, what in PARTS.items()),
    )
    parser.add_argument("--quick", action="store_true", help="one short round of each, to see that it works")
    parser.add_argument("--only", default=",".join(PARTS), help="letters of the parts, such as a,b")
    parser.add_argument("--out", type=Path, default=Path("var"), help="the folder for bench.json and bench.svg")
    words = parser.parse_args()
    words.parts = frozenset(words.only.replace(" ", "").split(","))
    if not words.parts <= PARTS.keys():
        parser.error(f"the parts are {', '.join(PARTS)}")
    return words


def steps_of(parts: frozenset[str], plan: Plan) -> int:
    """How often the bench will report, for the bar."""
    accepting = len(CLIENTS) * plan.rounds
    end_to_end = 2 * plan.rounds
    count = {"a": accepting * (not parts.isdisjoint("ab")), "b": accepting * ("b" in parts)}
    count |= {"c": end_to_end * ("c" in parts), "d": (accepting + end_to_end + 1) * ("d" in parts)}
    count |= {"f": plan.rounds * ("f" in parts), "g": 2 * ("g" in parts), "h": 2 * ("h" in parts)}
    count |= {"i": 2 * plan.rounds * ("i" in parts), "j": (2 * plan.rounds + 1) * ("j" in parts), "k": "k" in parts}
    houses_used = 3 * (not parts.isdisjoint(ON_THE_BROKER)) + 1 * (not parts.isdisjoint(EMBEDDED))
    houses_used += not parts.isdisjoint(BY_MAIL)
    return sum(count.values()) + houses_used + 2 * ("e" in parts)


async def measure(bench: Bench) -> None:
    async with asyncio.timeout(LONGEST_SECONDS):
        busy = await asyncio.to_thread(psutil.cpu_percent, 1.0)
        bench.note("machine.busy_before", busy, "% busy")
        bench.note("machine.cores", float(psutil.cpu_count() or 0), "cores")
        if bench.wants("f"):
            due_times.measure(bench)
        if bench.wants("g"):
            await citizens.measure(bench)
        if bench.wants("h"):
            await offers.measure(bench)
        if bench.wants(*BY_MAIL):
            await mails.measure(bench)
        if bench.wants(*ON_THE_BROKER):
            await houses.on_the_broker(bench)
        if bench.wants(*EMBEDDED):
            await houses.embedded(bench)


def shown(figures: Sequence[Figure]) -> Table:
    table = Table(
        Column("figure", no_wrap=True),
        "value",
        "earlier",
        "unit",
        "floor",
        "ratio",
        "goal",
        "met",
        title="Accesspoint, measured",
    )
    for column in (*table.columns[1:3], *table.columns[4:6]):
        column.justify = "right"
    for figure in figures:
        met = {None: "", True: "[green]yes[/green]", False: "[red]no[/red]"}[figure.met]
        table.add_row(
            figure.name,
            f"{figure.value:,.1f}",
            f"{figure.earlier:,.1f}" if figure.earlier is not None else "",
            figure.unit,
            f"{figure.floor:,.1f}" if figure.floor is not None else "",
            f"{figure.ratio:.2f}" if figure.ratio is not None else "",
            str(figure.goal or ""),
            met,
        )
    return table


def kept() -> dict[str, float]:
    """What the frame reached, before the whole life of an enquiry was built into it."""
    figures = json.loads(KEPT.read_text())
    return {figure["name"]: figure["value"] for figure in figures}


def main() -> None:
    words = asked()
    plan = QUICK if words.quick else Plan()
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), refresh_per_second=2, transient=True
    )
    with scratch("bench") as folder, progress:
        task = progress.add_task("beginning", total=steps_of(words.parts, plan))
        bodies = folder / "bodies.json"
        bodies.write_text(json.dumps([row.as_enquiry() for row in read_rows(SLICE)]))

        def report(what: str) -> None:
            progress.update(task, advance=1, description=what)
            if not progress.console.is_terminal:
                progress.console.print(what, highlight=False)

        bench = Bench(plan, words.parts, folder, bodies, report, earlier=kept())
        asyncio.run(measure(bench))
    write(bench.figures, words.out / "bench.json")
    picture.draw(bench.figures, words.out / "bench.svg")
    console = Console()
    console = console if console.is_terminal else Console(width=REPORT_WIDTH)
    console.print(shown(bench.figures))
    console.print(f"Written to {words.out}/bench.json; the picture is {words.out}/bench.svg.", highlight=False)


if __name__ == "__main__":
    main()
