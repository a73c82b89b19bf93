"""Figures as a picture: enquiries week by week, a colour for each channel, and as a line the share that was met."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise

from shared.council import how_many
from shared.vocabulary import Channel

WIDTH, HEIGHT = 960, 540
LEFT, RIGHT, TOP, BOTTOM = 76, 76, 116, 76
INK, PAPER, FAINT = "#0b0c0c", "#ffffff", "#d0d2d4"
COLOURS = {
    Channel.TELEPHONE: "#12436d",
    Channel.WEB: "#28a197",
    Channel.EMAIL: "#801650",
    Channel.ONE_STOP_SHOP: "#f46a25",
    Channel.POST: "#3d3d3d",
    Channel.OUTREACH: "#a285d1",
    Channel.OTHER: "#6f777b",
}
"""
The categorical colours of the UK's Government Analysis Function, which people tell apart who see few colours, and a
grey. Each piece has a white edge, so that nobody needs them to see where one ends.
"""
STYLE = "font-family:Helvetica,Arial,sans-serif;font-size:13px"
FIRST_LINE = 86
KEPT = "every promise kept, of enquiries judged (right)"
TICKS = 5
MOST_LABELS = 14
STEPS = (1, 2, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Week:
    """What came in one week, by channel; and of the enquiries judged so far, how many were met."""

    monday: date
    received: Mapping[Channel, int]
    met: int
    breached: int

    @property
    def total(self) -> int:
        return sum(self.received.values())

    @property
    def share_met(self) -> float | None:
        judged = self.met + self.breached
        return self.met / judged if judged else None


@dataclass(frozen=True, slots=True)
class Frame:
    """Where on the picture a number lies."""

    weeks: int
    most: float

    @property
    def slot(self) -> float:
        return (WIDTH - LEFT - RIGHT) / max(1, self.weeks)

    def x(self, nth: int) -> float:
        """The middle of a week."""
        return LEFT + (nth + 0.5) * self.slot

    def y(self, count: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / self.most


def drawn(heading: str, weeks: Sequence[Week]) -> str:
    """As SVG, that says in words too what it shows."""
    named = [each for each in Channel if any(week.received.get(each) for week in weeks)]
    step = nice(max((week.total for week in weeks), default=1) / TICKS)
    frame = Frame(len(weeks), step * TICKS)
    parts = [
        *head(heading, weeks),
        *legend(named),
        *axes(frame, step, weeks),
        *bars(frame, weeks, named),
        *line(frame, weeks),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def nice(least: float) -> float:
    """The next round number; counts have no fractions."""
    power = float(10 ** math.floor(math.log10(max(least, 1))))
    return math.ceil(next(step * power for step in STEPS if step * power >= least))


def head(heading: str, weeks: Sequence[Week]) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" '
        f'aria-labelledby="title desc" style="{STYLE}">'
    )
    yield f'<title id="title">{escape(heading)}</title>'
    yield f'<desc id="desc">{escape(in_words(weeks))}</desc>'
    yield f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    yield text(LEFT, 32, heading, size=20, bold=True)
    yield text(LEFT, 54, "Weeks begin on Monday; the first and the last have only the days that were asked for.")


def in_words(weeks: Sequence[Week]) -> str:
    received = sum(week.total for week in weeks)
    met = sum(week.met for week in weeks)
    judged = met + sum(week.breached for week in weeks)
    kept = f"of {judged:,} judged, {met / judged:.0%} had every promise kept" if judged else "none was judged"
    return f"{received:,} enquiries were received in {how_many(len(weeks), 'week')}; {kept}."


def legend(named: Sequence[Channel]) -> Iterator[str]:
    """On a second line where one is too short."""
    x, y = float(LEFT), FIRST_LINE
    for name in [*named, None]:
        words = name.replace("_", " ") if name else KEPT
        width = 44 + 7.2 * len(words)
        if x + width > WIDTH - LEFT / 2:
            x, y = float(LEFT), y + 20
        if name:
            yield f'<rect x="{x:.1f}" y="{y - 12}" width="14" height="14" fill="{COLOURS[name]}"/>'
        else:
            yield f'<path d="M{x:.1f} {y - 5}h26" stroke="{INK}" stroke-width="2.5"/>'
            yield circle(x + 13, y - 5)
        yield text(x + (20 if name else 34), y, words)
        x += width


def axes(frame: Frame, step: float, weeks: Sequence[Week]) -> Iterator[str]:
    right = WIDTH - RIGHT
    for nth in range(TICKS + 1):
        y = frame.y(nth * step)
        yield f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{INK if nth == 0 else FAINT}"/>'
        yield text(LEFT - 8, y + 4, f"{nth * step:,.0f}", anchor="end")
        yield text(right + 8, y + 4, f"{100 * nth // TICKS} %")
    every = math.ceil(len(weeks) / MOST_LABELS)
    for nth, week in enumerate(weeks):
        if nth % every == 0:
            yield text(frame.x(nth), HEIGHT - BOTTOM + 20, f"{week.monday:%-d %b}", anchor="middle")
            if nth == 0 or week.monday.year != weeks[max(0, nth - every)].monday.year:
                yield text(frame.x(nth), HEIGHT - BOTTOM + 37, f"{week.monday:%Y}", anchor="middle")
    yield text((LEFT + right) / 2, HEIGHT - 18, "week beginning", anchor="middle")
    yield upright(20, "enquiries received")
    yield upright(WIDTH - 12, "every promise kept")


def bars(frame: Frame, weeks: Sequence[Week], named: Sequence[Channel]) -> Iterator[str]:
    width = frame.slot * 0.72
    for nth, week in enumerate(weeks):
        below = 0
        for name in named:
            count = week.received.get(name, 0)
            if not count:
                continue
            top, height = frame.y(below + count), frame.y(below) - frame.y(below + count)
            told = escape(f"{name.replace('_', ' ')}, week of {week.monday:%-d %B %Y}: {count:,}")
            yield (
                f'<rect x="{frame.x(nth) - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" '
                f'fill="{COLOURS[name]}" stroke="{PAPER}"><title>{told}</title></rect>'
            )
            below += count


def line(frame: Frame, weeks: Sequence[Week]) -> Iterator[str]:
    """Broken where nothing was judged. A white edge keeps it apart from the bars behind it."""
    points = [
        (frame.x(nth), frame.y(frame.most * week.share_met), week) if week.share_met is not None else None
        for nth, week in enumerate(weeks)
    ]
    for one, other in pairwise(points):
        if one and other:
            place = f'x1="{one[0]:.1f}" y1="{one[1]:.1f}" x2="{other[0]:.1f}" y2="{other[1]:.1f}"'
            yield f'<line {place} stroke="{PAPER}" stroke-width="6"/>'
            yield f'<line {place} stroke="{INK}" stroke-width="2.5"/>'
    for point in filter(None, points):
        x, y, week = point
        judged = week.met + week.breached
        told = f"week of {week.monday:%-d %B %Y}: every promise kept for {week.share_met:.0%} of {judged:,}"
        yield circle(x, y, told)


def circle(x: float, y: float, told: str = "") -> str:
    title = f"<title>{escape(told)}</title>" if told else ""
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{INK}" stroke="{PAPER}" stroke-width="2">{title}</circle>'


def text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 13, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{INK}"{weight}>'
        f"{escape(words)}</text>"
    )


def upright(x: float, words: str) -> str:
    y = (TOP + HEIGHT - BOTTOM) / 2
    return (
        f'<text transform="translate({x:.1f} {y:.1f}) rotate(-90)" text-anchor="middle" fill="{INK}">'
        f"{escape(words)}</text>"
    )
