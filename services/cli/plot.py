"""`accesspoint plot`: the figures of some months as one picture."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer
from pydantic import ValidationError

from services.cli.council import signed_in
from services.cli.figures import Week, drawn
from services.sla.api.figures import FigureShown
from shared.auth import sign
from shared.council import how_many
from shared.errors import Refused, Unavailable
from shared.settings import HouseSettings, read_settings
from shared.vocabulary import Channel, Role

FIGURES = "/sla/v1/figures"
STANDARDS = "/sla/v1/standards"
ANSWER_WITHIN = 60.0
NOBODY = "plot"


def plot_command(
    first: Annotated[str, typer.Option("--from", help="The first month, such as 2015-01.")],
    last: Annotated[str, typer.Option("--to", help="The last month, such as 2015-03.")],
    out: Annotated[Path, typer.Option(help="Where the picture goes: a file whose name ends in .svg.")],
    url: Annotated[
        str | None, typer.Option(help="Where Accesspoint listens. Left out: where `accesspoint up` would here.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(help="A manager's token. Left out: one is signed with the installation's own key.")
    ] = None,
) -> None:
    """Draw the enquiries of some months by channel and week, and for how many of those judged every promise was kept.

    The picture is SVG: any browser shows it, and it stays sharp in print. The guide: docs/guides/read-the-figures.md
    """
    if out.suffix != ".svg":
        raise Refused(f"{out} would not be shown as a picture: give it a name that ends in .svg.")
    settings = read_settings(HouseSettings)
    there = url if url is not None else f"http://{settings.host}:{settings.port}"
    if not there.startswith(("http://", "https://")):
        raise Refused(f"{there} is not an address: write one such as http://127.0.0.1:8080.")
    passed = token or sign(settings, signed_in() or NOBODY, [Role.MANAGER])
    council, weeks = asyncio.run(ask(there.rstrip("/"), passed, {"from": first, "to": last, "by": "week"}))
    write(out, drawn(f"{council}: enquiries by channel and week", weeks))
    received = sum(week.total for week in weeks)
    typer.echo(f"{out} shows {how_many(len(weeks), 'week')} and the {received:,} enquiries received in them.")


async def ask(url: str, token: str, query: dict[str, str]) -> tuple[str, list[Week]]:
    """The council's name, and what came week by week."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        figures = await told(session, url + FIGURES, query)
        standards = await told(session, url + STANDARDS, {})
    try:
        return str(standards["council"]), weeks_of(FigureShown.model_validate(each) for each in figures["channels"])
    except (KeyError, TypeError, ValidationError):
        raise Refused(f"{url} answered something else than an Accesspoint does: check --url.") from None


async def told(session: aiohttp.ClientSession, url: str, query: dict[str, str]) -> Any:
    try:
        async with session.get(url, params=query) as response:
            answer = await response.read()
    except aiohttp.InvalidURL:
        raise Refused(f"{url} is not an address: write one such as http://127.0.0.1:8080.") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unavailable(f"{url} cannot be reached ({type(error).__name__}): is it running there?") from None
    try:
        read = json.loads(answer)
        if response.status == HTTPStatus.OK:
            return read
        why = str(read["detail"])
    except (ValueError, KeyError, TypeError):
        why = "it said no more; check --url."
    if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        why += " Give a manager's token with --token, such as `accesspoint token NAME --role manager` prints."
    raise Refused(f"{url} answered {response.status}: {why}")


def weeks_of(channels: Iterable[FigureShown]) -> list[Week]:
    """One after the other, also those in which nothing came."""
    by_week: dict[date, list[FigureShown]] = {}
    for each in channels:
        by_week.setdefault(date.fromisoformat(each.period or ""), []).append(each)
    if not by_week:
        return []
    first, last = min(by_week), max(by_week)
    mondays = [first + timedelta(weeks=nth) for nth in range((last - first).days // 7 + 1)]
    return [week_of(monday, by_week.get(monday, [])) for monday in mondays]


def week_of(monday: date, channels: list[FigureShown]) -> Week:
    received: Counter[Channel] = Counter()
    for each in channels:
        received[channel_of(each)] += each.received
    return Week(
        monday=monday,
        received=received,
        met=sum(each.met for each in channels),
        breached=sum(each.breached for each in channels),
    )


def channel_of(figure: FigureShown) -> Channel:
    """One that a later release knows is drawn among the others."""
    return Channel(figure.channel) if figure.channel in set(Channel) else Channel.OTHER


def write(out: Path, picture: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(picture, "utf-8")
    except OSError as error:
        raise Refused(f"{out} cannot be written: {error.strerror or error}.") from None
