"""The page of figures: one row for each thing that was measured, with what was promised beside it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proven:
    """`line` is a page of decisions and a promise in it; `met` is missing where there is a figure but no goal."""

    line: str
    what: str
    figure: str
    goal: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """What one step has shown, of which commit."""

    step: str
    commit: str
    minutes: float
    rows: tuple[Proven, ...]


def page(sections: Sequence[Section]) -> str:
    rows = "\n".join(
        f"| {row.line} | {row.what} | {row.figure} | {row.goal} | {in_a_word(row.met)} |"
        for section in sections
        for row in section.rows
    )
    steps = ", ".join(
        f"{section.step} ({section.minutes:.1f} minutes, commit `{section.commit}`)" for section in sections
    )
    return f"""# Proof

`make proof` clones the commit into an empty folder, runs there what is promised, step by step, and writes this page on
{machine()}: {steps}. A line such as 4.2 is the second promise of [0004](../decisions/0004-the-life-of-an-enquiry.md),
and 1.2 of [0001](../decisions/0001-the-frame.md).

| line | what | figure | goal | met |
|---|---|---|---|---|
{rows}

Lines 6.1 to 6.6 are promises of [0006](../decisions/0006-real-input.md), 8.1 to 8.8 of
[0008](../decisions/0008-email.md).

Beside this page: [faults.md](faults.md), what was killed and what was counted afterwards; [mails.md](mails.md) and
[sending.md](sending.md), the same for mail in and out; [mail-kinds.md](mail-kinds.md), as what mails are told;
[bench.json](bench.json) and [bench.svg](bench.svg), the measurements, which [0003](../decisions/0003-speed.md)
explains, and [bench-of-mails.json](bench-of-mails.json) and [bench-of-mails.svg](bench-of-mails.svg), those of mail;
[replay.md](replay.md), the slice of a real city's enquiries.
"""


def in_a_word(met: bool | None) -> str:
    return {True: "yes", False: "**no**", None: ""}[met]


def machine() -> str:
    """What matters for a figure, and nothing that names the machine."""
    from os import cpu_count  # noqa: PLC0415  only the page needs it

    return f"{cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
