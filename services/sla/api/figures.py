"""`GET /v1/figures`: how many enquiries came month by month, and what became of the promises on them."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from services.sla.domain.figures import By, Figure, Figures, month_of, months_between, period_in_words
from services.sla.store import figures
from services.sla.store.figures import Asked
from shared.council import current
from shared.vocabulary import Channel, QueueId, Role
from shared.web import Answer, Call, Download, Query, Shown, route

MonthAsked = Annotated[str, Field(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2015-01"])]


class Format(StrEnum):
    """How the answer is written."""

    JSON = "json"
    CSV = "csv"


class Wanted(Query):
    """Of the months from one to another, both whole, in the council's time zone: at most 120, by week at most 24."""

    first: MonthAsked = Field(alias="from")
    last: MonthAsked = Field(alias="to")
    by: By = Field(By.MONTH, description="A week begins on Monday; the first and the last may be cut off.")
    channel: Channel | None = None
    queue: str | None = Field(None, min_length=1, max_length=100)
    format: Format | None = Field(None, description="Without it, what the header Accept asks for.")


class FigureShown(Shown):
    """How many were received, and what became of the promises on them: met + breached + running + no_promise."""

    period: str | None = Field(description="The month, or the Monday on which the week begins.")
    channel: str | None
    queue_id: str | None = Field(description="Where they were last. Nothing where they never waited on a queue.")
    received: int
    met: int = Field(description="Promises were made, all have ended, and all were kept.")
    breached: int = Field(description="A promise was broken.")
    running: int = Field(description="None was broken, and one is still to be kept.")
    no_promise: int
    open: int = Field(description="Not resolved, whatever was promised.")
    median_seconds: float | None = Field(description="From received to the first resolution since last reopened.")
    p95_seconds: float | None
    share: float = Field(description="Of all that was received in the period, in every channel: take-up.")


class FiguresShown(Shown):
    """The same enquiries three times: by queue and channel, by channel, and all together."""

    first: str = Field(serialization_alias="from")
    last: str = Field(serialization_alias="to")
    by: By
    zone: str
    rows: list[FigureShown]
    channels: list[FigureShown]
    totals: FigureShown


async def get_figures(call: Call[None]) -> Answer:
    """
    Counted by when they were received. Nothing personal is in them.

    Also as CSV, by `format=csv` or the header `Accept: text/csv`: its first column says whether a line is of a queue,
    a channel or all.
    """
    wanted = call.query_as(Wanted)
    months = months_between(month_of(wanted.first), month_of(wanted.last), wanted.by)
    async with call.workshop.reading() as db:
        zone = (await current(db)).council.council.zone
        begin, end = months.in_zone(zone)
        queue_id = QueueId(wanted.queue) if wanted.queue is not None else None
        asked = Asked(begin=begin, end=end, zone=zone, by=wanted.by, channel=wanted.channel, queue_id=queue_id)
        found = show(await figures.figures(db, asked), wanted, zone)
    if wanted.format is Format.CSV or (wanted.format is None and call.prefers_csv):
        return Answer(200, table(found))
    return Answer(200, found)


def show(found: Figures, wanted: Wanted, zone: str) -> FiguresShown:
    return FiguresShown(
        first=wanted.first,
        last=wanted.last,
        by=wanted.by,
        zone=zone,
        rows=[show_figure(each, wanted.by) for each in found.rows],
        channels=[show_figure(each, wanted.by) for each in found.channels],
        totals=show_figure(found.totals, wanted.by),
    )


def show_figure(figure: Figure, by: By) -> FigureShown:
    cells = {name: getattr(figure, name) for name in Figure.__slots__}
    return FigureShown(**{**cells, "period": period_in_words(figure.period, by)})


def table(found: FiguresShown) -> Download:
    """Every figure that the screen shows, a line each."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(["of", *FigureShown.model_fields])
    for of, several in (("queue", found.rows), ("channel", found.channels), ("all", [found.totals])):
        lines.writerows([of, *figure.model_dump(mode="json").values()] for figure in several)
    written = text.getvalue().encode()
    name = f"figures-{found.first}-{found.last}.csv"
    return Download(name, "text/csv; charset=utf-8; header=present", len(written), at_once(written))


async def at_once(written: bytes) -> AsyncIterator[bytes]:
    yield written


SERVES = (
    route(
        "GET",
        "/v1/figures",
        get_figures,
        who=(Role.MANAGER, Role.HEAD_OF_SERVICE, Role.ADMINISTRATOR, Role.AUDITOR),
        query=Wanted,
        gives={200: FiguresShown},
        as_csv=True,
        summary="Count the enquiries of some months by channel and queue: kept, broken, open, and how long they took.",
    ),
)
