"""`accesspoint replay`: posts the rows of a file as real enquiries through the public API."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, TypeAlias

import aiohttp
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.rows import Row, read_rows
from shared.errors import Refused
from shared.settings import HouseSettings, read_settings

ADDRESS = "/intake/v1/enquiries"
PATIENCE = 60.0
ANSWER_WITHIN = 30.0
FIRST_WAIT = 0.1
LONGEST_WAIT = 5.0
LINES_OF_A_REPORT = 10

AGAIN = frozenset({429, 502, 503, 504})
NOT_THE_ROW = frozenset({401, 403, 404, 405})

Report: TypeAlias = Callable[[int, int], None]
"""Called with how many rows are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Left:
    """A row that was not taken in, and why."""

    row: Row
    why: str


@dataclass(slots=True)
class Replayed:
    """What became of the rows. `repeated` were taken in before; `unsent` never got an answer."""

    rows: int
    accepted: int = 0
    repeated: int = 0
    refused: list[Left] = field(default_factory=list)
    unsent: list[Left] = field(default_factory=list)
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.accepted + self.repeated + len(self.refused) + len(self.unsent)

    @property
    def rate(self) -> float:
        """Rows answered per second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    @property
    def everything_is_in(self) -> bool:
        return not self.refused and not self.unsent

    def percentile(self, percent: float) -> float:
        """The latency, in seconds, that so many percent of the answered rows did not exceed."""
        ranked = sorted(self.latencies)
        return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else 0.0

    def in_words(self) -> str:
        p50, p95, p99 = (1000 * self.percentile(percent) for percent in (50, 95, 99))
        return (
            f"{self.rows} rows: {self.accepted} accepted, {self.repeated} repeated, "
            f"{len(self.refused)} refused, {len(self.unsent)} not posted.\n"
            f"{self.rate:.1f} per second over {self.seconds:.1f} s; "
            f"answered within {p50:.1f} ms (p50), {p95:.1f} ms (p95), {p99:.1f} ms (p99)."
        )


async def replay(
    file: Path, url: str, *, rate: float | None, limit: int | None, clients: int, report: Report
) -> Replayed:
    """Posts each row once, however often it is called. Refused when the file or the address is wrong."""
    if not url.startswith(("http://", "https://")):
        raise Refused(f"{url} is not an address: write one such as http://127.0.0.1:8080.")
    rows = await asyncio.to_thread(read_rows, file, limit)
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
    connector = aiohttp.TCPConnector(limit=clients)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        poster = Poster(session, url.rstrip("/") + ADDRESS, name_of(file), Replayed(len(rows)), report)
        return await poster.post_all(rows, rate, clients)


def name_of(file: Path) -> str:
    """Packed or not, a file's rows are the same rows."""
    return file.name.removesuffix(".gz")


def key_of(name: str, row_id: str) -> str:
    """The same for the same row of the same file, so that a repeated replay posts nothing twice."""
    return "replay-" + hashlib.sha256(f"{name}\n{row_id}".encode()).hexdigest()[:40]


class Poster:
    """One replay under way."""

    def __init__(
        self, session: aiohttp.ClientSession, address: str, name: str, replayed: Replayed, report: Report
    ) -> None:
        self.session = session
        self.address = address
        self.name = name
        self.replayed = replayed
        self.report = report
        self.answered_at = 0.0
        self.wrong_address: str | None = None
        self.gave_up: str | None = None

    async def post_all(self, rows: Sequence[Row], rate: float | None, clients: int) -> Replayed:
        began = time.monotonic()
        waiting = iter([(began + nth / rate if rate else began, row) for nth, row in enumerate(rows)])
        async with asyncio.TaskGroup() as group:
            for _ in range(min(clients, len(rows))):
                group.create_task(self.keep_posting(waiting))
        if self.wrong_address:
            raise Refused(self.wrong_address)
        self.replayed.seconds = time.monotonic() - began
        return self.replayed

    async def keep_posting(self, waiting: Iterator[tuple[float, Row]]) -> None:
        for due, row in waiting:
            if self.wrong_address:
                return
            if self.gave_up:
                self.replayed.unsent.append(Left(row, self.gave_up))
            else:
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await self.post_until_answered(row)
            self.report(self.replayed.done, self.replayed.rows)

    async def post_until_answered(self, row: Row) -> None:
        began = time.monotonic()
        for tries in itertools.count():
            why, wait = await self.post(row)
            if why is None:
                return
            if time.monotonic() - began > PATIENCE and self.answered_at < began:
                self.gave_up = f"Nothing was answered for {PATIENCE:.0f} s: {why}."
            if self.gave_up or time.monotonic() - began > PATIENCE:
                self.replayed.unsent.append(Left(row, self.gave_up or f"{why}."))
                return
            await asyncio.sleep(min(LONGEST_WAIT, max(wait, FIRST_WAIT * 2**tries)))

    async def post(self, row: Row) -> tuple[str | None, float]:
        """Why it must be tried again, and how long the service asks to wait; None when it is settled."""
        began = time.monotonic()
        headers = {"Idempotency-Key": key_of(self.name, row.row_id)}
        try:
            async with self.session.post(self.address, json=row.as_enquiry(), headers=headers) as response:
                if response.status in AGAIN:
                    return f"the service answered {response.status}", asked_to_wait(response)
                await self.settle(row, response)
        except aiohttp.InvalidURL:
            self.wrong_address = f"{self.address} is not an address: write one such as http://127.0.0.1:8080."
            return None, 0.0
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"{self.address} cannot be reached ({type(error).__name__})", 0.0
        self.answered_at = time.monotonic()
        self.replayed.latencies.append(self.answered_at - began)
        return None, 0.0

    async def settle(self, row: Row, response: aiohttp.ClientResponse) -> None:
        if response.ok:
            if "Idempotent-Replay" in response.headers:
                self.replayed.repeated += 1
            else:
                self.replayed.accepted += 1
            await response.read()
            return
        why = await reason(response)
        if response.status in NOT_THE_ROW:
            self.wrong_address = f"{self.address} does not take enquiries ({response.status}): {why} Check --url."
        elif response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.replayed.unsent.append(Left(row, why))
        else:
            self.replayed.refused.append(Left(row, why))


def asked_to_wait(response: aiohttp.ClientResponse) -> float:
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else 0.0


async def reason(response: aiohttp.ClientResponse) -> str:
    """The sentence of the problem the service answered with, else the bare status."""
    try:
        problem = await response.json(content_type=None)
        return str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{response.status} {response.reason}."


def write_rejected(folder: Path, name: str, left: Sequence[Left]) -> Path:
    """The rows that were not taken in, in columns that can be corrected and replayed."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.rejected.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("id", "title", "text", "place", "service_code", "line", "why"))
        for each in left:
            row = each.row
            writer.writerow((row.row_id, row.title, row.text, row.place, row.service_code, row.line, each.why))
    return file


def replay_command(
    file: Annotated[Path, typer.Argument(help="A .csv or .csv.gz with the columns id, title and text.")],
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Rows per second. Left out: as fast as they are answered.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Where Accesspoint listens. Left out: where `accesspoint up` would here.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Post only so many rows, from the top.")] = None,
    clients: Annotated[int, typer.Option(min=1, max=256, help="How many are posted side by side.")] = 8,
) -> None:
    """
    Post the rows of a file as enquiries, as citizens would.

    Each row becomes one enquiry through the public web form's address. The columns place, service_code and
    type may be there too. Replaying a file again posts nothing twice; while the service is away, it waits.

    Try it: accesspoint replay deploy/demo/boston311-slice.csv --limit 100 --rate 20
    """
    settings = read_settings(HouseSettings)
    there = url if url is not None else f"http://{settings.host}:{settings.port}"
    with Showing() as report:
        replayed = asyncio.run(replay(file, there, rate=rate, limit=limit, clients=clients, report=report))
    typer.echo(replayed.in_words())
    if replayed.everything_is_in:
        return
    left = [*replayed.refused, *replayed.unsent]
    written = write_rejected(settings.data, name_of(file), left)
    typer.echo(f"{len(left)} rows were not taken in. {written} has them, each with the reason.", err=True)
    raise typer.Exit(1)


class Showing:
    """A bar for a person who watches, a line now and then for a log."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        columns = (TextColumn("posting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bar = Progress(*columns, console=self.console, disable=not self.console.is_terminal)
        self.task = self.bar.add_task("posting", total=None)

    def __enter__(self) -> Report:
        self.bar.start()
        return self.show

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def show(self, done: int, rows: int) -> None:
        if self.console.is_terminal:
            self.bar.update(self.task, completed=done, total=rows)
        elif done == rows or done % max(1, rows // LINES_OF_A_REPORT) == 0:
            self.console.print(f"{done} of {rows} rows are done.", highlight=False)
