"""The picture of the figures: what is drawn is what was counted, and it can be read without seeing it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.figures import COLOURS, KEPT, TICKS, TOP, WIDTH, Week, drawn, nice
from services.cli.plot import weeks_of
from services.sla.api.figures import FigureShown
from shared.vocabulary import Channel

SVG = "{http://www.w3.org/2000/svg}"
MONDAY = date(2014, 12, 29)
NO_CELLS: dict[str, Any] = dict.fromkeys(("running", "no_promise", "open", "share"), 0)
NOT_ENDED: dict[str, Any] = {"median_seconds": None, "p95_seconds": None}


def a_figure(week: int, channel: str, received: int, met: int = 0, breached: int = 0) -> FigureShown:
    period = (MONDAY + timedelta(weeks=week)).isoformat()
    return FigureShown(
        period=period,
        channel=channel,
        queue_id=None,
        received=received,
        met=met,
        breached=breached,
        **NO_CELLS,
        **NOT_ENDED,
    )


def pieces(picture: str) -> list[tuple[str, float]]:
    """The pieces of the bars, by what they say of themselves, with their heights."""
    rects = ET.fromstring(picture).iter(f"{SVG}rect")  # noqa: S314  our own picture
    return [(title.text or "", float(rect.get("height") or 0)) for rect in rects for title in rect.iter(f"{SVG}title")]


def points(picture: str) -> list[str]:
    circles = ET.fromstring(picture).iter(f"{SVG}circle")  # noqa: S314  our own picture
    return [title.text or "" for circle in circles for title in circle.iter(f"{SVG}title")]


def test_each_week_has_a_piece_for_each_channel_as_high_as_it_counts() -> None:
    weeks = weeks_of([a_figure(0, "web", 10, 3, 1), a_figure(0, "telephone", 30), a_figure(2, "web", 20, 0, 2)])
    assert [week.total for week in weeks] == [40, 0, 20]
    picture = drawn("Anytown", weeks)
    told = pieces(picture)
    assert [words for words, _ in told] == [
        "telephone, week of 29 December 2014: 30",
        "web, week of 29 December 2014: 10",
        "web, week of 12 January 2015: 20",
    ]
    assert told[0][1] == pytest.approx(3 * told[1][1], abs=0.2)
    assert points(picture) == [
        "week of 29 December 2014: every promise kept for 75% of 4",
        "week of 12 January 2015: every promise kept for 0% of 2",
    ]


def test_it_says_in_words_what_it_shows() -> None:
    root = ET.fromstring(drawn("A & B <town>", weeks_of([a_figure(0, "web", 1_234, 1, 3)])))  # noqa: S314  our own
    assert root.findtext(f"{SVG}title") == "A & B <town>"
    assert root.findtext(f"{SVG}desc") == (
        "1,234 enquiries were received in 1 week; of 4 judged, 25% had every promise kept."
    )


def test_where_nothing_came_there_are_axes_and_no_bars() -> None:
    assert (weeks_of([]), pieces(drawn("Anytown", [])), points(drawn("Anytown", []))) == ([], [], [])


def test_every_channel_has_a_colour_of_its_own() -> None:
    assert set(COLOURS) == set(Channel)
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_channels_that_only_a_later_release_knows_are_drawn_together() -> None:
    [week] = weeks_of([a_figure(0, "telepathy", 3), a_figure(0, "other", 4), a_figure(0, "pigeon", 5)])
    assert week.received == {Channel.OTHER: 12}


@given(st.lists(st.sampled_from(Channel), min_size=1, unique=True))
def test_however_many_channels_there_are_the_legend_stays_on_the_picture_and_above_the_bars(
    channels: list[Channel],
) -> None:
    root = ET.fromstring(drawn("Anytown", weeks_of([a_figure(0, each, 1) for each in channels])))  # noqa: S314  our own
    said = {name.replace("_", " ") for name in channels} | {KEPT}
    shown = [each for each in root.iter(f"{SVG}text") if each.text in said]
    assert {each.text for each in shown} == said
    assert all(float(each.get("x") or 0) + 7.2 * len(each.text or "") <= WIDTH for each in shown)
    assert all(float(each.get("y") or 0) < TOP for each in shown)


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", COLOURS.values())
def test_every_colour_stands_out_from_the_paper(colour: str) -> None:
    """WCAG 2.2 asks for 3:1 where a shape has a meaning; the orange of the palette comes nearest to it."""
    assert 1.05 / (luminance(colour) + 0.05) >= 2.75


@given(st.integers(0, 10**9))
def test_the_highest_bar_fits_and_uses_the_picture(most: int) -> None:
    top = nice(most / TICKS) * TICKS
    assert most <= top <= max(2 * most, TICKS)


def test_a_week_keeps_its_share_only_where_something_was_judged() -> None:
    assert Week(MONDAY, {Channel.WEB: 3}, met=0, breached=0).share_met is None
    assert Week(MONDAY, {Channel.WEB: 3}, met=1, breached=1).share_met == 0.5
