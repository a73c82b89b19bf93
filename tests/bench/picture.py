"""The figures as one picture: rates and memory as bars with their goals, latencies as dots on a logarithmic line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from tests.bench.figures import Figure

WIDTH, LABELS, RIGHT = 900, 260, 90
ROW, HEAD, GAP = 20, 34, 22
BAR, MET, MISSED, GOAL = "#5694ca", "#00703c", "#d4351c", "#0b0c0c"
DOTS = {"p50": "#5694ca", "p95": "#f47738", "p99": "#d4351c"}
STYLE = "font-family:Helvetica,Arial,sans-serif;font-size:12px"


def text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = "#0b0c0c", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>{escape(words)}</text>'


def bars(title: str, figures: Sequence[Figure], y: float) -> Iterator[str]:
    """One bar for each; its goal, where it has one of its own, as an upright line."""
    yield text(10, y + 16, title, bold=True)
    most = max([figure.value for figure in figures] + [goal_of(figure) or 0.0 for figure in figures])
    scale = (WIDTH - LABELS - RIGHT) / most
    for number, figure in enumerate(figures):
        top = y + HEAD + number * ROW
        colour = BAR if figure.met is None else MET if figure.met else MISSED
        yield text(LABELS - 8, top + 12, figure.name.replace("_", " "), anchor="end")
        width = figure.value * scale
        yield f'<rect x="{LABELS}" y="{top + 2}" width="{width:.1f}" height="{ROW - 6}" fill="{colour}"/>'
        ratio = f"  ({figure.ratio:.2f} of the floor)" if figure.ratio is not None else ""
        yield text(LABELS + width + 6, top + 13, f"{figure.value:,.{0 if figure.value > 20 else 1}f}{ratio}")
        goal = goal_of(figure)
        if goal is not None:
            x = LABELS + goal * scale
            yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + ROW - 2}" stroke="{GOAL}" stroke-width="2"/>'


def goal_of(figure: Figure) -> float | None:
    """Where on the value's own scale the goal lies."""
    if figure.goal is None:
        return None
    return figure.goal.number * (figure.floor or 1.0) if figure.goal.of_ratio else figure.goal.number


def dots(title: str, figures: Sequence[Figure], y: float) -> Iterator[str]:
    """p50, p95 and p99 of one thing on one line."""
    yield text(10, y + 16, title, bold=True)
    for number, (name, colour) in enumerate(DOTS.items()):
        yield text(LABELS + 60 * number, y + 16, f"● {name}", colour=colour)
    values = [figure.value for figure in figures]
    low, high = math.log10(min(values) * 0.8), math.log10(max(values) * 1.2)
    for number, (name, points) in enumerate(lines_of(figures).items()):
        top = y + HEAD + number * ROW
        yield text(LABELS - 8, top + 12, name, anchor="end")
        yield f'<line x1="{LABELS}" x2="{WIDTH - RIGHT}" y1="{top + 9}" y2="{top + 9}" stroke="#dee0e2"/>'
        for percent, value in points.items():
            x = LABELS + (math.log10(value) - low) / (high - low) * (WIDTH - LABELS - RIGHT)
            yield f'<circle cx="{x:.1f}" cy="{top + 9}" r="5" fill="{DOTS[percent]}"/>'
        yield text(WIDTH - RIGHT + 8, top + 13, " / ".join(f"{value:.0f}" for value in points.values()))


def lines_of(figures: Sequence[Figure]) -> dict[str, dict[str, float]]:
    lines: dict[str, dict[str, float]] = {}
    for figure in figures:
        parts = figure.name.split(".")
        percent = next(part for part in parts if part in DOTS)
        name = " ".join(part for part in parts if part != percent).replace("_", " ")
        lines.setdefault(name, {})[percent] = figure.value
    return lines


def draw(figures: Sequence[Figure], file: Path) -> None:
    rates = [figure for figure in figures if figure.unit == "per second"]
    latencies = [figure for figure in figures if not DOTS.keys().isdisjoint(figure.name.split("."))]
    costs = [figure for figure in figures if figure.unit == "CPU ms"]
    sizes = [figure for figure in figures if figure.unit == "MB"]
    drawn: list[str] = []
    y = 10.0
    for title, shown in (
        ("Enquiries and mails per second", rates),
        ("Processor time per enquiry or mail, ms", costs),
        ("Memory, MB", sizes),
    ):
        if shown:
            drawn += bars(title, shown, y)
            y += HEAD + len(shown) * ROW + GAP
    if latencies:
        drawn += dots("Latency, ms", latencies, y)
        y += HEAD + len(lines_of(latencies)) * ROW + GAP
    file.parent.mkdir(parents=True, exist_ok=True)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y:.0f}" width="{WIDTH}" style="{STYLE}">'
    file.write_text("\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *drawn, "</svg>"]) + "\n")
