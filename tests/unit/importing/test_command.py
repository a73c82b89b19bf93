"""`accesspoint import` as a person sees it: what it prints, what it writes, what it refuses."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner, Result

from services.cli.importing import command as command_module
from services.cli.importing import intake as intake_module
from services.cli.importing.command import import_command
from services.cli.importing.records import NEVER_CLOSED
from services.cli.importing.telling import MOST_KINDS, OTHERS, Kinds, Showing, kind_of
from shared.errors import AppError
from tests.unit.importing.files import HEAD, MAP, a_file, line_of
from tests.unit.importing.town import Town, problem

MIXED = HEAD + "".join(
    [
        line_of(1),
        line_of(2, how="fax"),
        line_of(3, what='"open'),
        line_of(4, closed="07/01/2015 10:00"),
        line_of(5, opened="30/02/2015 09:30"),
        "A6,call\n",
        line_of(7, how="form"),
    ]
)
COUNCIL = str(Path(__file__).parents[3] / "deploy" / "councils" / "anytown.toml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACCESSPOINT_DATA", str(tmp_path / "var"))
    (tmp_path / "map.toml").write_text(MAP, "utf-8")
    return tmp_path


def command() -> Typer:
    app = Typer()
    app.command()(import_command)
    return app


def ran(folder: Path, content: str, *options: str) -> Result:
    file = a_file(folder, content)
    return CliRunner().invoke(command(), [str(file), "--map", str(folder / "map.toml"), *options])


def rejects_in(folder: Path, town: Town) -> Path:
    """Of the only import."""
    return folder / "var" / f"old.{town.only['import_id'][-8:]}.rejected.csv"


def refused(folder: Path, content: str, *options: str) -> str:
    error = ran(folder, content, *options).exception
    assert isinstance(error, AppError)
    return str(error)


@contextmanager
def listening(town: Town) -> Iterator[str]:
    """In a thread of its own, because the command has its own loop."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    server = TestServer(town.app())
    asyncio.run_coroutine_threadsafe(server.start_server(), loop).result(10)
    try:
        yield str(server.make_url("/"))
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def rows_of(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_a_dry_run_tells_what_would_become_of_each_row(folder: Path) -> None:
    done = ran(folder, MIXED, "--dry-run")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "3 rows would be sent: 1 resolved, 2 open. 4 rows would be rejected. Nothing was sent.",
        "By channel:",
        "  2  telephone",
        "  1  web",
        "By queue:",
        "  3  (none)",
        "By service code:",
        "  3  (none)",
        "Rejected because:",
        "  1  how: … does not stand in the table … of the map: add it there, or say with otherwise = … what is meant "
        "by all others.",
        f"  1  {NEVER_CLOSED}",
        "  1  received_at: … is no day or time of any calendar: correct it.",
        "  1  It has … columns and the first line of the file …: add what is missing, also where it is empty.",
    ]
    assert not (folder / "var").exists()


def test_a_dry_run_writes_the_rejected_rows_where_it_is_told_to(folder: Path) -> None:
    rejects = folder / "new" / "rejects.csv"
    done = ran(folder, MIXED, "--dry-run", "--rejects", str(rejects))
    assert f"{rejects} has 4 rejected rows with the reasons" in done.stdout
    assert [(row["id"], row["rejected_line"]) for row in rows_of(rejects)] == [
        ("A2", "3"),
        ("", "4"),
        ("A5", "6"),
        ("", "7"),
    ]
    assert [row["rejected_as_it_stands"] for row in rows_of(rejects)] == [
        "",
        'A3,call,"open,05/01/2015 09:30,06/01/2015 09:30,',
        "",
        "A6,call",
    ]


def test_what_was_rejected_can_be_corrected_and_read_by_the_same_map(folder: Path) -> None:
    rejects = folder / "rejects.csv"
    ran(folder, MIXED, "--dry-run", "--rejects", str(rejects))
    corrected = rejects.read_text("utf-8").replace(",fax,", ",call,").replace("30/02/2015", "05/01/2015")
    again = folder / "again.csv"
    done = ran(folder, corrected, "--dry-run", "--rejects", str(again))
    assert "2 rows would be sent" in done.stdout
    assert list(rows_of(again)[0]) == list(rows_of(rejects)[0])


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"closed": "04/01/2015 10:00"}, "It was resolved at …, before it was received at …"),
        ({"due": "04/01/2015 10:00"}, "It was due at …, before it was received at …"),
        ({"opened": "04/01/2115 10:00", "due": ""}, "It was received at …, after the cut-over at …"),
        ({"closed": "04/01/2115 10:00"}, "It was resolved at …, which lies in the future"),
    ],
)
def test_a_dry_run_judges_times_as_intake_does(folder: Path, cells: dict[str, str], told: str) -> None:
    told_now = " ".join(ran(folder, HEAD + line_of(1, **cells), "--dry-run").stdout.replace("… …", "…").split())
    assert told in told_now


def test_a_dry_run_with_a_council_file_looks_up_codes(folder: Path) -> None:
    (folder / "map.toml").write_text(
        MAP.replace("[[rules]]", 'queue_id = { column = "what" }\n\n[[rules]]', 1), encoding="utf-8"
    )
    told = ran(folder, HEAD + line_of(1, what="waste") + line_of(2, what="wast"), "--dry-run", "--council", COUNCIL)
    assert "1 row would be sent" in told.stdout
    assert "The council has no queue wast: perhaps you meant waste" in told.stdout


def test_a_dry_run_of_a_file_that_breaks_off_tells_what_it_read_and_then_where(folder: Path) -> None:
    packed = gzip.compress((HEAD + "".join(line_of(nth) for nth in range(500))).encode())
    file = a_file(folder, packed[:-20], "old.csv.gz")
    done = CliRunner().invoke(command(), [str(file), "--map", str(folder / "map.toml"), "--dry-run"])
    assert "rows would be sent" in done.stdout
    assert "breaks off or is damaged after line" in str(done.exception)


def test_an_import_reports_and_writes_the_rejected_rows(folder: Path) -> None:
    town = Town()
    with listening(town) as url:
        done = ran(folder, MIXED + line_of(8, what="Wrong"), "--url", url, "--token", "good", "--release")
    assert done.exit_code == 0, done.exception
    rejects = rejects_in(folder, town)
    told = done.stdout.splitlines()
    assert told[0] == "old.csv, read up to line 9: 3 rows in, 0 known already, 5 rejected."
    assert told[1].startswith("This run: 8 rows in ")
    assert told[2] == "Rejected because:"
    assert told[-2] == f"{rejects} has 5 rejected rows with the reasons: correct and import it."
    assert told[-1] == "Released at 2026-03-01 00:00:00 UTC: advisers may work on what is still open."
    assert [(row["rejected_line"], row["what"]) for row in rows_of(rejects)] == [
        ("3", "Lamp 2 is out"),
        ("4", ""),
        ("6", "Lamp 5 is out"),
        ("7", ""),
        ("9", "Wrong"),
    ]
    assert "It is wrong." in rejects.read_text("utf-8")


def test_an_import_of_a_file_that_breaks_off_keeps_what_came_before_and_is_not_released(folder: Path) -> None:
    packed = gzip.compress((HEAD + line_of(0, how="fax") + "".join(line_of(nth) for nth in range(1, 500))).encode())
    file = a_file(folder, packed[:-20], "old.csv.gz")
    town = Town()
    with listening(town) as url:
        done = CliRunner().invoke(
            command(), [str(file), "--map", str(folder / "map.toml"), "--url", url, "--token", "good", "--release"]
        )
    assert "breaks off or is damaged after line" in str(done.exception)
    assert town.rows == [f"A{nth}" for nth in range(1, town.only["rows_in"] + 1)]
    assert town.only["released_at"] is None
    assert len(rows_of(rejects_in(folder, town))) == 1


def test_without_a_token_one_is_signed_with_the_own_key(folder: Path) -> None:
    town = Town()
    with listening(town) as url:
        done = ran(folder, HEAD + line_of(1), "--url", url)
    assert done.exit_code == 0, done.exception
    [token] = town.tokens
    assert token.count(".") == 2
    assert list((folder / "var").glob("*.rejected.csv*")) == []


def test_the_cut_over_is_told(folder: Path) -> None:
    with listening(Town()) as url:
        done = ran(folder, HEAD + line_of(1), "--url", url, "--token", "good", "--cut-over", "2015-07-01T00:00")
    assert " begins, with the cut-over at 2015-06-30 23:00:00 UTC." in done.stderr


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2026-03-29T01:30", 'The cut-over "2026-03-29T01:30" never was: the clocks of Europe/London went forward'),
        ("2026-10-25T01:30", 'The cut-over "2026-10-25T01:30" was twice, for the clocks of Europe/London went back'),
    ],
)
def test_a_cut_over_that_nobody_can_tell_is_refused(folder: Path, written: str, told: str) -> None:
    assert told in refused(folder, HEAD + line_of(1), "--dry-run", "--cut-over", written)
    ran(folder, HEAD + line_of(1), "--dry-run", "--cut-over", f"{written}+01:00")


def test_a_release_lets_go_of_whatever_is_held_of_the_system(folder: Path) -> None:
    """As after a map was corrected: what came in by the first one would be held for ever."""
    town = Town()
    with listening(town) as url:
        told = ("--url", url, "--token", "good")
        ran(folder, HEAD + line_of(1), *told)
        (folder / "map.toml").write_text(MAP.replace("oldtown", "newtown"), "utf-8")
        ran(folder, HEAD + line_of(2), *told)
        (folder / "map.toml").write_text(f"# corrected\n{MAP}", "utf-8")
        done = ran(folder, HEAD + line_of(1), *told, "--release")
        ran(folder, HEAD + line_of(1), *told, "--release")
    first, other, second = town.imports.values()
    assert [each["released_at"] is None for each in (first, other, second)] == [False, True, False]
    assert done.stdout.splitlines()[-2:] == [
        "Released at 2026-03-01 00:00:00 UTC: advisers may work on what is still open.",
        f"Released as well: import {first['import_id']} of old.csv, 1 row.",
    ]


def test_rejected_rows_that_somebody_corrected_are_not_written_over(folder: Path) -> None:
    town = Town()
    town.breaks_at = 2
    rows = HEAD + "".join(line_of(nth, how="fax" if nth % 50 == 0 else "call") for nth in range(1, 200))
    with listening(town) as url:
        told = ("--url", url, "--token", "good")
        ran(folder, rows, *told)
        rejects = rejects_in(folder, town)
        rejects.write_bytes(b"corrected")
        done = ran(folder, rows, *told)
        assert f"What somebody had changed there is in {rejects}.1." in done.stdout
        assert rejects.with_name(f"{rejects.name}.1").read_bytes() == b"corrected"
        assert len(rows_of(rejects)) == 3
        rejects.write_bytes(b"corrected again")
        done = ran(folder, rows, *told, "--release")
    assert f"{rejects} stays as it is, for somebody has changed it" in done.stdout
    assert rejects.read_bytes() == b"corrected again"
    assert len(list((folder / "var").iterdir())) == 2


def test_rejected_rows_that_nobody_changed_are_written_anew(folder: Path) -> None:
    town = Town()
    with listening(town) as url:
        told = ("--url", url, "--token", "good")
        ran(folder, MIXED, *told)
        rejects = rejects_in(folder, town)
        as_written = rejects.read_bytes()
        for cut_short in (as_written, as_written[:40]):
            rejects.write_bytes(cut_short)
            assert "has 4 rejected rows" in ran(folder, MIXED, *told).stdout
            assert rejects.read_bytes() == as_written


def test_rejected_rows_of_corrected_ones_are_called_as_the_original_was(folder: Path) -> None:
    town = Town()
    with listening(town) as url:
        ran(folder, MIXED, "--url", url, "--token", "good")
        corrected = rejects_in(folder, town)
        done = CliRunner().invoke(
            command(), [str(corrected), "--map", str(folder / "map.toml"), "--url", url, "--token", "good"]
        )
    assert done.exit_code == 0, done.exception
    names = {f"old.{each['import_id'][-8:]}.rejected.csv" for each in town.imports.values()}
    assert {file.name for file in (folder / "var").iterdir()} == names


def test_whatever_stops_an_import_what_was_rejected_until_then_is_written_down(folder: Path) -> None:
    town = Town()
    town.breaks_at = 2
    rows = [line_of(nth, how="fax" if nth % 50 == 0 else "call") for nth in range(1, 200)]
    with listening(town) as url:
        done = ran(folder, HEAD + "".join(rows), "--url", url, "--token", "good", "--release")
    assert "It cannot be taken in." in str(done.exception)
    assert [row["id"] for row in rows_of(rejects_in(folder, town))] == ["A50", "A100"]
    assert town.only["released_at"] is None


def test_an_intake_that_is_away_is_not_waited_for_a_second_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "PATIENCE", 0.0)
    monkeypatch.setattr(command_module, "LAST_PATIENCE", 0.0)
    town = Town()
    town.instead = [problem(503, "Away.") for _ in range(2)]
    with listening(town) as url:
        done = ran(folder, MIXED, "--url", url, "--token", "good")
    assert "answered 503, and so for 0 s" in str(done.exception)
    assert town.calls["rows"] == 1


def test_nothing_is_sent_where_rejected_rows_could_not_be_written(folder: Path) -> None:
    town = Town()
    (folder / "var").write_text("no folder", "utf-8")
    with listening(town) as url:
        told = refused(folder, MIXED, "--url", url, "--token", "good")
    assert "cannot be written: " in told
    assert town.imports == {}


@pytest.mark.parametrize("option", [["--dry-run"], ["--url", "http://127.0.0.1:9", "--token", "good"]])
def test_a_pipe_is_refused_for_it_can_be_read_only_once(folder: Path, option: list[str]) -> None:
    os.mkfifo(folder / "pipe")
    done = CliRunner().invoke(command(), [str(folder / "pipe"), "--map", str(folder / "map.toml"), *option])
    assert "it is a folder or a pipe. Save what it holds as a file first." in str(done.exception)


def test_a_dry_run_judges_how_long_a_text_is_as_intake_does(folder: Path) -> None:
    long = MAP.replace('due_at = { column = "due" }', "").replace('columns = ["what", "how"]', 'columns = ["due"]')
    (folder / "map.toml").write_text(long, "utf-8")
    done = ran(folder, HEAD + line_of(1, due="x" * 150_001), "--dry-run")
    assert "Its text is …,… bytes long and may have …,…: shorten it" in " ".join(done.stdout.split())


def test_a_cut_over_without_an_offset_is_meant_in_the_zone_of_the_map(folder: Path) -> None:
    town = Town()
    with listening(town) as url:
        ran(folder, HEAD + line_of(1), "--url", url, "--token", "good", "--cut-over", "2015-07-01T00:00")
    assert town.only["cut_over"] == "2015-07-01T00:00:00+01:00"


def test_what_makes_no_sense_is_refused(folder: Path) -> None:
    content = HEAD + line_of(1)
    assert "leave out --dry-run or --release" in refused(folder, content, "--dry-run", "--release")
    assert "write the cut-over as 2026-04-01T00:00" in refused(folder, content, "--cut-over", "soon")
    assert "cannot be written over" in refused(folder, content, "--dry-run", "--rejects", str(folder / "old.csv"))
    assert "cannot be written over" in refused(folder, content, "--dry-run", "--rejects", str(folder / "map.toml"))
    assert "cannot be written: " in refused(folder, content, "--dry-run", "--rejects", str(folder))
    (folder / "map.toml").write_text("system = ", "utf-8")
    assert "map.toml has 1 mistake: nothing was read." in refused(folder, content, "--dry-run")


def test_a_log_gets_lines_and_no_bar() -> None:
    out = io.StringIO()
    with Showing(1000, Console(file=out, force_terminal=False)) as report:
        for done in range(0, 1001, 7):
            report(done)
        report(1000)
    assert len(out.getvalue().splitlines()) == 10
    assert out.getvalue().splitlines()[-1] == "100 % of the file is done."


def test_a_bar_is_drawn_for_a_person() -> None:
    out = io.StringIO()
    with Showing(1000, Console(file=out, force_terminal=True, width=80)) as report:
        report(500)
    assert "importing" in out.getvalue()


def test_the_same_reasons_are_counted_together_and_memory_has_an_end() -> None:
    assert kind_of('It was due at 2015-01-04 10:00:00+00:00, before "x".') == "It was due at … …, before …."
    kinds = Kinds()
    for nth in range(MOST_KINDS + 5):
        kinds.add(f"queue-{nth}")
    assert len(kinds) == MOST_KINDS + 5
    assert kinds.lines(1) == [f"      5  {OTHERS}", f"  {MOST_KINDS}  of {MOST_KINDS} others"]
