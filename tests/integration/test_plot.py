"""`accesspoint plot`, run as people run it, against an sla that has something to show."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.sla.app import SERVICE
from shared.settings import HouseSettings
from tests.builders import MORNING, Ear, a_client, a_workshop, an_ear
from tests.integration.sla.looking import an_import
from tests.parts.programs import environment, typed

SVG = "{http://www.w3.org/2000/svg}"
MONTHS = ("--from", "2026-03", "--to", "2026-04")


@pytest.fixture
async def url(database: str, tmp_path: Path) -> AsyncIterator[str]:
    async with a_workshop(database, SERVICE) as workshop:
        ear: Ear = await an_ear(workshop, SERVICE)
        for week in (0, 3):
            at = MORNING + timedelta(weeks=week)
            await ear.hears(an_import(received_at=at, due_at=at, resolved_at=at))
        async with a_client(workshop, SERVICE, HouseSettings(data=tmp_path)) as client:
            yield str(client.make_url("/"))


async def plots(folder: Path, *options: str) -> tuple[int, str]:
    done = await asyncio.to_thread(typed, ["plot", *options], environment({"ACCESSPOINT_DATA": str(folder)}))
    return done.returncode, " ".join((done.stdout + done.stderr).split())


async def test_it_draws_what_sla_counts(url: str, tmp_path: Path) -> None:
    out = tmp_path / "new" / "picture.svg"
    code, told = await plots(tmp_path, *MONTHS, "--out", str(out), "--url", url)
    assert (code, told) == (0, f"{out} shows 4 weeks and the 2 enquiries received in them."), told
    root = ET.parse(out).getroot()  # noqa: S314  our own picture
    assert root.findtext(f"{SVG}title") == "Plain Council: enquiries by channel and week"
    pieces = [title.text for rect in root.iter(f"{SVG}rect") for title in rect.iter(f"{SVG}title")]
    assert pieces == ["telephone, week of 2 March 2026: 1", "telephone, week of 23 March 2026: 1"]


async def test_what_cannot_be_drawn_is_told_with_what_to_do(url: str, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "picture.svg"))
    for options, words in (
        ((*MONTHS, "--out", str(tmp_path / "picture.png"), "--url", url), "a name that ends in .svg"),
        (("--from", "2026-04", "--to", "2026-03", *out, "--url", url), "Please correct query.to"),
        ((*MONTHS, *out, "--url", url, "--token", "nobody"), "Give a manager's token"),
        ((*MONTHS, *out, "--url", "http://127.0.0.1:9"), "cannot be reached"),
        ((*MONTHS, *out, "--url", "here"), "is not an address"),
    ):
        code, told = await plots(tmp_path, *options)
        assert code != 0
        assert words in told, told
    assert not (tmp_path / "picture.svg").exists()
