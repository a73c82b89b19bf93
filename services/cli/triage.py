"""`accesspoint triage`: what resolved enquiries teach about queues, and how well."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table as Printed

from services.cli.council import signed_in
from services.cli.evaluating import LEARNED, Score, Split, by_model, compared, scored, split, without_area
from services.cli.place import database_of
from services.cli.plot import write
from services.cli.tables import lay_out
from services.cli.triage_page import DIVISIONS, WAYS, Evaluated, cells, page, told_apart
from services.routing.domain.learning import Example, Kind
from services.routing.domain.suggesting import Model, as_data
from services.routing.store import learning as store
from shared.council import current, how_many
from shared.errors import Refused
from shared.settings import HouseSettings, read_settings
from shared.timesource import TimeSource
from shared.vocabulary import new_id
from shared.work import Cause, Work, Workshop

app = typer.Typer(
    no_args_is_help=True,
    help="Learn from resolved enquiries which queues new ones may be for, and see how well that works.",
)
console = Console(highlight=False)

FEWEST = 50
MOST = 50_000
TESTED = 0.2
"""Of the examples, the latest: what a training is tested on before it learns from all."""
TITLED, UNTITLED = "with_titles", "without_titles"
LEFT_OUT: dict[str, tuple[Kind, ...]] = {TITLED: (), UNTITLED: (Kind.WORD,)}
"""Words are a title's; what stands in them may have been written once the work was under way."""

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The council's day, such as 2026-03-01.")]
GivenDay = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The council's day, such as 2026-03-01.")]


@asynccontextmanager
async def routing() -> AsyncIterator[Workshop]:
    database = database_of(read_settings(HouseSettings), "routing")
    await database.open()
    try:
        yield Workshop(database, TimeSource())
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Gathered:
    """The latest examples before a moment, which a day begins with where the council is."""

    examples: list[Example]
    until: datetime
    zone: ZoneInfo


async def gathered(until: datetime | None, *, resolved_by_then: bool) -> Gathered:
    """What was received before that day began; and resolved before it too, or whenever since."""
    async with routing() as workshop, workshop.reading() as db:
        zone = ZoneInfo((await current(db)).council.council.zone)
        now = await workshop.timesource.now(db)
        end = until.replace(tzinfo=zone) if until is not None else now
        resolved = end if resolved_by_then else now
        return Gathered(await store.examples(db, received=end, resolved=resolved, most=MOST), end, zone)


@app.command()
def train(
    author: Annotated[
        str, typer.Option(default_factory=signed_in, help="Who trains it; it is kept with the version. [you]")
    ],
    until: Day = None,
    without_titles: Annotated[
        bool, typer.Option("--without-titles", help="Learn nothing from the words of titles, which staff may rewrite.")
    ] = False,
) -> None:
    """Learn from all enquiries that are resolved, and suggest queues by it from the next task on.

    The council file's rules still decide where a task waits: suggestions are shown beside it.
    """
    if not author.strip():
        raise Refused("A version says who trained it: write something for --author.")
    before = asyncio.run(gathered(until, resolved_by_then=True))
    found = before.examples
    refuse_too_few(found)
    ways = [UNTITLED] if without_titles else [TITLED, UNTITLED]
    held_back = tested(latest(found), ways)
    if held_back is None:
        console.print(f"Not tested: fewer than {FEWEST} were resolved before the latest fifth came.")
    else:
        console.print(f"Tested on the latest {held_back['enquiries']:,}, right at first / among three:")
        for way in ways:
            console.print(f"  {tested_in_words(held_back, way)} {way.replace('_', ' ')}")
    with console.status(f"Learning from all {len(found):,} examples"):
        model = fit(found, LEFT_OUT[ways[0]])
    kept = asyncio.run(keep(model, before, author.strip(), held_back))
    told = f"{how_many(len(found), 'example')} of {how_many(len(model.queues), 'queue')}"
    console.print(f"Version {kept} stands, learned from {told}.")


def tested(divided: Split, ways: Sequence[str]) -> dict[str, Any] | None:
    """How often what the earlier ones teach is right on the latest; nothing where too few are left to learn from."""
    if len(divided.learned) < FEWEST:
        return None
    held_back: dict[str, Any] = {"from": divided.at.isoformat(), "enquiries": len(divided.tested)}
    learned, others = f"{len(divided.learned):,} examples", f"{len(divided.tested):,} others"
    for way in ways:
        with console.status(f"Learning from {learned} {way.replace('_', ' ')}, to test it on {others}"):
            score = scored(divided.tested, by_model(fit(divided.learned, LEFT_OUT[way])))
        held_back[way] = {"first": score.first, "in_three": score.in_three}
    return held_back


def fit(examples: Sequence[Example], without: Sequence[Kind] = ()) -> Model:
    from services.cli.training import fit as learned  # noqa: PLC0415  scikit-learn takes a second and 100 MB

    return learned(examples, without)


def refuse_too_few(found: Sequence[Example], purpose: str = "to learn from") -> None:
    if len(found) < FEWEST:
        raise Refused(
            f"There are {how_many(len(found), 'example')} {purpose}, and fewer than {FEWEST} tell nothing: import the "
            "history of an older system, wait until more enquiries are resolved, or ask for other days."
        )


def latest(found: Sequence[Example]) -> Split:
    """What a training is tested on: the last fifth, by what was resolved before it began."""
    at = found[int(len(found) * (1 - TESTED))].received_at
    return split(found, at, datetime.max.replace(tzinfo=UTC), resolved_by_then=True)


async def keep(model: Model, found: Gathered, author: str, held_back: dict[str, Any] | None) -> int:
    async with routing() as workshop:

        async def action(work: Work) -> int:
            version = store.Version(
                model_id=new_id(),
                author=author,
                trained_at=work.now,
                until=found.until,
                examples=len(found.examples),
                held_back=held_back,
                weights=as_data(model),
            )
            return await store.keep_model(work.db, version)

        return await workshop.run([], action, Cause(f"person/{author}", new_id()))


@app.command()
def evaluate(
    train_until: GivenDay,
    test_until: GivenDay,
    out: Annotated[Path | None, typer.Option(help="Write it as a page as well, such as docs/triage.md.")] = None,
) -> None:
    """Learn from what came before a day, test on what came after, and show it beside two baselines. Nothing is kept.

    Try it: accesspoint triage evaluate --train-until 2015-03-01 --test-until 2015-04-01
    """
    if train_until >= test_until:
        raise Refused(
            "There is nothing to test on before --train-until: write a later day for --test-until, such as a month on."
        )
    before = asyncio.run(gathered(test_until, resolved_by_then=False))
    at, until = train_until.replace(tzinfo=before.zone), before.until
    evaluated = []
    for resolved_by_then in DIVISIONS:
        divided = split(before.examples, at, until, resolved_by_then=resolved_by_then)
        refuse_too_few(divided.learned)
        refuse_too_few(divided.tested, "to test on")
        evaluated.append(evaluated_on(divided, resolved_by_then=resolved_by_then))
        tell(evaluated[-1])
    if out is not None:
        days = f"--train-until {at:%Y-%m-%d} --test-until {until:%Y-%m-%d}"
        write(out, page(evaluated, f"accesspoint triage evaluate {days} --out {out}"))


def evaluated_on(divided: Split, *, resolved_by_then: bool) -> Evaluated:
    with console.status(f"Learning from {len(divided.learned):,} examples"):
        model = fit(divided.learned)
    with console.status("Learning once more, without the words of titles"):
        untitled = fit(divided.learned, LEFT_OUT[UNTITLED])
    with console.status(f"Testing on {len(divided.tested):,} others"):
        return Evaluated(
            resolved_by_then=resolved_by_then,
            split=divided,
            table=compared(divided, model, untitled),
            no_area=scored(without_area(divided.tested), by_model(model)),
            features=len(model.weights),
            weights=sum(map(len, model.weights.values())),
        )


def tell(each: Evaluated) -> None:
    printed = Printed("channel", "enquiries", *WAYS, title=f"{each.title}: {len(each.split.learned):,} examples")
    for group, scores in each.table.items():
        printed.add_row(group, f"{scores[LEARNED].enquiries:,}", *cells(scores).split(" | "))
    lay_out(printed)
    console.print(told_apart(each))


@app.command("list")
def list_command() -> None:
    """Every version that was trained: when, by whom, from how much, and how it did on what came after."""
    table = Printed(
        "version", "trained at (UTC)", "author", "until", "examples", "right at first / among three", "without titles"
    )
    for each in asyncio.run(versions()):
        table.add_row(*each)
    if table.row_count:
        lay_out(table)
    else:
        console.print("Nothing has been trained yet: run `accesspoint triage train`.")


async def versions() -> list[tuple[str, ...]]:
    async with routing() as workshop, workshop.reading() as db:
        return [
            (
                str(row["version"]),
                f"{row['trained_at']:%Y-%m-%d %H:%M:%S}",
                row["author"],
                f"{row['until']:%Y-%m-%d}",
                f"{row['examples']:,}",
                tested_in_words(held_back, TITLED) or ("" if held_back else "not tested"),
                tested_in_words(held_back, UNTITLED),
            )
            for row in await store.versions(db)
            for held_back in [json.loads(row["held_back"])]
        ]


def tested_in_words(held_back: dict[str, Any] | None, way: str) -> str:
    """Nothing where it was not tested in that way."""
    found = held_back.get(way) if held_back else None
    return Score(held_back["enquiries"], **found).in_words if held_back and found else ""
