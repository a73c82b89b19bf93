"""What is told of an import while it runs and at its end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.importing.rows import Rejected, Row
from services.intake.api.imports import ImportedRow, ImportShown
from shared.council import how_many

MOST_TOLD = 10
MOST_KINDS = 10_000
OTHERS = "(others)"
NONE = "(none)"
LINES_OF_A_REPORT = 10
WHAT_DIFFERS = re.compile(r'"[^"]*"|[\w.:+/-]*\d(?:[\w.:+/-]*\w)?')


class Kinds:
    """How often each of several words occurs: of so many different ones that memory has an end."""

    def __init__(self) -> None:
        self._counted: Counter[str] = Counter()

    def add(self, word: str) -> None:
        self._counted[word if word in self._counted or len(self._counted) < MOST_KINDS else OTHERS] += 1

    def __len__(self) -> int:
        return self._counted.total()

    def lines(self, most: int | None = None) -> list[str]:
        """The most frequent first, and how many there are besides."""
        ranked = self._counted.most_common()
        shown = ranked if most is None else ranked[:most]
        rest = sum(times for _, times in ranked[len(shown) :])
        width = max([len(str(times)) for _, times in shown] + [len(str(rest))])
        lines = [f"  {times:>{width}}  {word}" for word, times in shown]
        return [*lines, f"  {rest:>{width}}  of {len(ranked) - len(shown)} others"] if rest else lines


def kind_of(because: str) -> str:
    """A reason without what differs from row to row, so that the same reasons can be counted."""
    return WHAT_DIFFERS.sub("…", because)


@dataclass(slots=True)
class Tally:
    """What the rows of a file would be."""

    rows: int = 0
    open: int = 0
    resolved: int = 0
    channels: Kinds = field(default_factory=Kinds)
    queues: Kinds = field(default_factory=Kinds)
    services: Kinds = field(default_factory=Kinds)
    reasons: Kinds = field(default_factory=Kinds)

    def add(self, read: Row | Rejected) -> None:
        if isinstance(read, Rejected):
            self.reasons.add(kind_of(read.because))
            return
        self.rows += 1
        self.count(read.said)

    def count(self, said: ImportedRow) -> None:
        if said.resolved_at is None:
            self.open += 1
        else:
            self.resolved += 1
        self.channels.add(said.channel)
        self.queues.add(said.queue_id or NONE)
        self.services.add(said.service_code or NONE)

    def in_words(self) -> str:
        told = [
            f"{how_many(self.rows, 'row')} would be sent: {self.resolved} resolved, {self.open} open. "
            f"{how_many(len(self.reasons), 'row')} would be rejected. Nothing was sent.",
            *titled("By channel:", self.channels.lines()),
            *titled("By queue:", self.queues.lines(MOST_TOLD)),
            *titled("By service code:", self.services.lines(MOST_TOLD)),
            *titled("Rejected because:", self.reasons.lines(MOST_TOLD)),
        ]
        return "\n".join(told)


def titled(title: str, lines: list[str]) -> list[str]:
    return [title, *lines] if lines else []


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where an import stands, and what this run of it did in so many seconds."""

    before: ImportShown
    after: ImportShown
    seconds: float
    reasons: Kinds

    @property
    def settled(self) -> int:
        """By this run."""
        return total_of(self.after) - total_of(self.before)

    @property
    def rate(self) -> float:
        return self.settled / self.seconds if self.seconds else 0.0

    def in_words(self) -> str:
        now = self.after
        told = [
            f"{now.file_name}, read up to line {now.read_up_to}: {how_many(now.rows_in, 'row')} in, "
            f"{now.known_already} known already, {now.rejected} rejected.",
            f"This run: {how_many(self.settled, 'row')} in {self.seconds:.1f} s, {self.rate:.0f} per second.",
            *titled("Rejected because:", self.reasons.lines(MOST_TOLD)),
        ]
        return "\n".join(told)


def total_of(each: ImportShown) -> int:
    return each.rows_in + each.known_already + each.rejected


class Showing:
    """A bar of the bytes read for a person who watches, a line now and then for a log."""

    def __init__(self, size: int, console: Console | None = None) -> None:
        self._size = size
        self._console = console or Console(stderr=True)
        self._told = 0
        columns = (TextColumn("importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._bar.add_task("importing", total=size)

    def __enter__(self) -> Callable[[int], None]:
        self._bar.start()
        return self.show

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, done: int) -> None:
        if self._console.is_terminal:
            self._bar.update(self._task, completed=done)
            return
        tenths = LINES_OF_A_REPORT * done // max(1, self._size)
        if tenths > self._told:
            self._told = tenths
            self._console.print(f"{100 * done // self._size} % of the file is done.", highlight=False)
