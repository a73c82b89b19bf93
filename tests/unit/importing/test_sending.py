"""Rows arrive once, in order, whatever becomes of the service or of an answer meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from services.cli.importing import intake as intake_module
from services.cli.importing.batches import Reading
from services.cli.importing.intake import Intake
from services.cli.importing.taking import begin, take_in
from services.intake.api.imports import ImportShown
from shared.errors import Refused, Unavailable
from tests.unit.importing.files import HEAD, MAP, a_file, a_map, line_of
from tests.unit.importing.town import Town, problem

ROWS = 450


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
async def url(town: Town) -> AsyncIterator[str]:
    async with TestServer(town.app()) as server:
        yield str(server.make_url("/"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "map.toml").write_text(MAP, "utf-8")
    return a_file(tmp_path, HEAD + "".join(line_of(nth) for nth in range(ROWS)))


async def imported(file: Path, url: str) -> ImportShown:
    async with aiohttp.ClientSession() as session:
        intake = Intake(session, url, "good")
        begun = await begin(intake, "oldtown", file, file.with_name("map.toml"), None)
        with closing(Reading(file, a_map())) as reading:
            await take_in(intake, begun, reading, lambda done: None)
        return await intake.show(begun.import_id)


async def test_every_row_arrives_once_and_in_order(town: Town, url: str, file: Path) -> None:
    done = await imported(file, url)
    assert town.rows == [f"A{nth}" for nth in range(ROWS)]
    assert (done.rows_in, done.read_up_to, town.calls["rows"]) == (ROWS, ROWS + 1, 5)
    assert town.tokens == {"Bearer good"}


async def test_the_same_file_again_sends_nothing(town: Town, url: str, file: Path) -> None:
    await imported(file, url)
    await imported(file, url)
    assert (len(town.rows), town.calls["rows"], len(town.imports)) == (ROWS, 5, 1)


@pytest.mark.parametrize("reached", [2, 57, 101, 102, 350])
async def test_it_goes_on_after_the_line_it_has_got_to(reached: int, town: Town, url: str, file: Path) -> None:
    async with aiohttp.ClientSession() as session:
        await begin(Intake(session, url, "good"), "oldtown", file, file.with_name("map.toml"), None)
    town.only["read_up_to"] = reached
    await imported(file, url)
    assert town.rows == [f"A{nth}" for nth in range(reached - 1, ROWS)]


@pytest.mark.parametrize("status", [429, 502, 503, 504, 500])
async def test_a_service_that_is_away_for_a_moment_is_asked_again(
    status: int, town: Town, url: str, file: Path
) -> None:
    town.instead = [problem(status, "Please try again."), problem(status, "Again.")]
    await imported(file, url)
    assert town.rows == [f"A{nth}" for nth in range(ROWS)]
    assert town.calls["rows"] == 7


async def test_a_batch_whose_answer_was_lost_is_not_taken_in_again(town: Town, url: str, file: Path) -> None:
    town.keep_and_lose = 3
    await imported(file, url)
    assert town.rows == [f"A{nth}" for nth in range(ROWS)]


async def test_two_who_import_the_same_file_take_it_in_once(town: Town, url: str, file: Path) -> None:
    """Here the other is one and a half batches ahead all of a sudden."""
    async with aiohttp.ClientSession() as session:
        intake = Intake(session, url, "good")
        begun = await begin(intake, "oldtown", file, file.with_name("map.toml"), None)
        town.only["read_up_to"] = 151
        with closing(Reading(file, a_map())) as reading:
            await take_in(intake, begun, reading, lambda done: None)
    assert town.rows == [f"A{nth}" for nth in range(150, ROWS)]


async def test_what_is_no_row_is_sent_with_its_reason(town: Town, url: str, file: Path) -> None:
    a_file(file.parent, HEAD + line_of(1) + line_of(2, how="fax") + line_of(3, what='"open') + line_of(4, what="Wrong"))
    done = await imported(file, url)
    assert (done.rows_in, done.rejected) == (1, 3)
    assert [(each["line"], each["row_id"]) for each in sorted(town.rejected, key=lambda each: int(each["line"]))] == [
        (3, "A2"),
        (4, None),
        (5, "A4"),
    ]


async def test_large_rows_go_in_smaller_batches(town: Town, url: str, file: Path) -> None:
    large = [line_of(nth, due='"' + "x" * 90_000 + '"') for nth in range(8)]
    a_file(file.parent, HEAD + "".join(large))
    text = MAP.replace('due_at = { column = "due" }', "").replace('["what", "how"]', '["due", "how"]')
    with closing(Reading(file, a_map(text))) as reading:
        batches = list(reading.batches_after(0))
    assert [len(batch) for batch in batches] == [4, 4]
    assert all(batch.size < 500_000 for batch in batches)


async def test_a_service_that_fails_again_and_again_is_told(town: Town, url: str, file: Path) -> None:
    town.instead = [web.Response(status=500, text="<h1>oh no</h1>") for _ in range(3)]
    with pytest.raises(Unavailable, match=r"answered 500: it said no more.*Its log says more"):
        await imported(file, url)


async def test_after_five_minutes_of_silence_it_gives_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "PATIENCE", 0.0)
    with pytest.raises(Unavailable, match=r"cannot be reached.*it goes on where it stopped"):
        await imported(file, f"http://127.0.0.1:{unused_port()}")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, r"does not let you import \(401\): Who\? Give a token of an administrator with --token"),
        (403, r"does not let you import \(403\)"),
        (404, r"does not take imports \(404\): Who\? Check --url"),
        (422, r"^Who\?$"),
    ],
)
async def test_what_cannot_be_helped_is_told(status: int, told: str, town: Town, url: str, file: Path) -> None:
    town.instead = [problem(status, "Who?")]
    with pytest.raises(Refused, match=told):
        await imported(file, url)
    assert town.calls["rows"] == 1


async def test_another_program_at_the_address_is_told(town: Town, url: str, file: Path) -> None:
    town.instead = [web.Response(text="<h1>Welcome</h1>")]
    with pytest.raises(Refused, match="answered something else than an Accesspoint does: check --url"):
        await imported(file, url)


@pytest.mark.parametrize("wrong", ["localhost:8080", "ftp://127.0.0.1", "http://"])
async def test_what_is_no_address_is_told(wrong: str, file: Path) -> None:
    with pytest.raises(Refused, match=r"is not an address: write one such as http://127\.0\.0\.1:8080"):
        await imported(file, wrong)


async def test_an_import_that_was_set_back_is_told(town: Town, url: str, file: Path) -> None:
    """As when the service's database was restored from an older copy."""
    async with aiohttp.ClientSession() as session:
        intake = Intake(session, url, "good")
        await begin(intake, "oldtown", file, file.with_name("map.toml"), None)
        town.only["read_up_to"] = 101
        begun = await intake.show(town.only["import_id"])
        town.only["read_up_to"] = 0
        with closing(Reading(file, a_map())) as reading, pytest.raises(Refused, match="Start the same command again"):
            await take_in(intake, begun, reading, lambda done: None)
