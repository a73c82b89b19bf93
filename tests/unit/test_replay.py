"""Rows of a file become enquiries: each once, whatever the service does meanwhile."""

import gzip
import io
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from rich.console import Console
from typer import Typer
from typer.testing import CliRunner

from services.cli import replay as module
from services.cli.replay import Replayed, Showing, key_of, replay, replay_command, write_rejected
from services.cli.rows import Row, code_of, read_rows
from shared.errors import Refused

HEAD = "id,title,type,place,text,source\n"


class Town:
    """A service that keeps enquiries in memory, and answers as it is told to."""

    def __init__(self) -> None:
        self.enquiries: dict[str, dict[str, str]] = {}
        self.calls: Counter[str] = Counter()
        self.answers: list[web.Response] = []
        self.refuses = ""
        self.at_once = self.most_at_once = 0

    async def take(self, request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        self.calls[key] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        body = await request.json()
        self.at_once -= 1
        if self.answers:
            return self.answers.pop()
        if self.refuses and self.refuses in body["title"]:
            return problem(422, "Please correct body.title: this is required.")
        headers = {"Idempotent-Replay": "true"} if key in self.enquiries else {}
        self.enquiries.setdefault(key, body)
        return web.json_response({"reference": "ANY-7K3M-9QPX-2RTV"}, status=201, headers=headers)


def problem(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status, headers={"Retry-After": "0"})


@pytest.fixture
async def town() -> Town:
    return Town()


@pytest.fixture
async def url(town: Town) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/intake/v1/enquiries", town.take)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


def a_file(folder: Path, rows: int = 20) -> Path:
    file = folder / "rows.csv"
    lines = [f'{n},Lamp {n} is out,Street Light Outages,Elm St,"It flickers, then goes",Call' for n in range(rows)]
    file.write_text(HEAD + "\n".join(lines) + "\n", "utf-8")
    return file


async def replayed(file: Path, url: str, *, rate: float | None = None, limit: int | None = None) -> Replayed:
    return await replay(file, url, rate=rate, limit=limit, clients=4, report=lambda done, rows: None)


async def test_each_row_becomes_one_enquiry(town: Town, url: str, tmp_path: Path) -> None:
    done = await replayed(a_file(tmp_path), url)
    assert (done.rows, done.accepted, done.repeated) == (20, 20, 0)
    assert done.everything_is_in
    assert town.enquiries[key_of("rows.csv", "7")] == {
        "title": "Lamp 7 is out",
        "text": "It flickers, then goes",
        "place": "Elm St",
        "service_code": "street-light-outages",
    }


async def test_a_repeated_replay_posts_nothing_twice(town: Town, url: str, tmp_path: Path) -> None:
    file = a_file(tmp_path)
    await replayed(file, url, limit=5)
    packed = file.with_name("rows.csv.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    done = await replayed(packed, url)
    assert (done.accepted, done.repeated) == (15, 5)
    assert len(town.enquiries) == 20


async def test_no_more_are_under_way_than_there_are_clients(town: Town, url: str, tmp_path: Path) -> None:
    await replayed(a_file(tmp_path, 50), url)
    assert town.most_at_once <= 4


async def test_a_rate_is_kept(url: str, tmp_path: Path) -> None:
    done = await replayed(a_file(tmp_path, 21), url, rate=200)
    assert done.seconds >= 20 / 200


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_service_that_is_away_for_a_moment_is_asked_again(
    status: int, town: Town, url: str, tmp_path: Path
) -> None:
    town.answers = [problem(status, "Please try again in a moment."), problem(status, "Again.")]
    done = await replayed(a_file(tmp_path, 3), url)
    assert done.accepted == 3
    assert town.calls.total() == 5


async def test_rows_that_never_get_an_answer_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute of silence nothing more is tried."""
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    done = await replayed(a_file(tmp_path), f"http://127.0.0.1:{unused_port()}")
    assert len(done.unsent) == 20
    assert "Nothing was answered for 0 s" in done.unsent[-1].why
    assert not done.everything_is_in
    assert "20 not posted" in done.in_words()


async def test_a_row_that_is_refused_does_not_stop_the_others(town: Town, url: str, tmp_path: Path) -> None:
    town.refuses = "Lamp 3 "
    done = await replayed(a_file(tmp_path), url)
    assert (done.accepted, len(done.refused)) == (19, 1)
    assert done.refused[0].why == "Please correct body.title: this is required."


async def test_a_fault_of_the_service_is_told_and_not_hidden(town: Town, url: str, tmp_path: Path) -> None:
    town.answers = [web.Response(status=500, text="<h1>oh no</h1>")]
    done = await replayed(a_file(tmp_path, 3), url)
    assert (done.accepted, [left.why for left in done.unsent]) == (2, ["500 Internal Server Error."])


async def test_a_wrong_address_is_told_and_nothing_more_is_posted(url: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"does not take enquiries \(404\).*Check --url"):
        await replayed(a_file(tmp_path), url + "elsewhere")


@pytest.mark.parametrize("wrong", ["localhost:8080", "ftp://127.0.0.1", "http://", "http://:port:/"])
async def test_what_is_no_address_is_told(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"is not an address: write one such as http://127\.0\.0\.1:8080"):
        await replayed(a_file(tmp_path, 1), wrong)


async def test_every_row_is_reported(url: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    await replay(a_file(tmp_path), url, rate=None, limit=None, clients=4, report=lambda *done: told.append(done))
    assert sorted(told) == [(n, 20) for n in range(1, 21)]


def test_percentiles_are_latencies_that_were_measured() -> None:
    done = Replayed(100, latencies=[n / 1000 for n in range(100, 0, -1)], seconds=2.0)
    assert [done.percentile(percent) for percent in (50, 95, 99)] == [0.050, 0.095, 0.099]
    assert done.rate == 50.0
    assert Replayed(0).percentile(99) == 0.0


BROKEN = {
    "is not UTF-8": b"id,title,text\n1,Caf\xe9,closed\n",
    "line 3: there are 4 cells for 3 columns": b"id,title,text\n1,a,b\n2,a,b,c\n",
    "begins in line 3 is not CSV": b'id,title,text\n1,a,b\n2,"never closed,b\n3,a,b\n',
    "line 4: the id 1 stands in line 2 already": b"id,title,text\n1,a,b\n2,a,b\n1,a,b\n",
    "line 2: the id is empty": b"id,title,text\n ,a,b\n",
    "lacks the column title and the column text": b"id,name\n1,a\n",
    "it says: nothing": b"",
}


@pytest.mark.parametrize("sentence", BROKEN)
def test_a_broken_file_is_told_before_anything_is_posted(sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_bytes(BROKEN[sentence])
    with pytest.raises(Refused, match=sentence):
        read_rows(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"There is no file .*here\.csv"):
        read_rows(tmp_path / "here.csv")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        read_rows(tmp_path)


@pytest.mark.parametrize("content", [b"id,title,text\n", gzip.compress(b"id,title,text\n1,a,b\n", mtime=0)[:-9]])
def test_a_damaged_archive_is_told(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv.gz"
    file.write_bytes(content)
    with pytest.raises(Refused, match="is damaged or not gzip"):
        read_rows(file)


def test_a_text_may_hold_lines_commas_and_quotation_marks(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes('\ufeffid,title,text\r\n1,"A ""sign"", bent","one\ntwo"\r\n'.encode())
    [row] = read_rows(file)
    assert (row.title, row.text) == ('A "sign", bent', "one\ntwo")
    assert row.as_enquiry() == {"title": row.title, "text": row.text}


def test_a_kind_becomes_a_code_the_catalogue_could_have() -> None:
    assert code_of("Heat - Excessive  Insufficient") == "heat-excessive-insufficient"
    assert code_of("") == ""


def test_what_was_left_can_be_corrected_and_replayed(tmp_path: Path) -> None:
    row = Row(line=3, row_id="7", title="", text='say "when"', place="Elm St", service_code="lamp")
    file = write_rejected(tmp_path / "new", "rows.csv", [module.Left(row, "The title is empty.")])
    assert file.name == "rows.csv.rejected.csv"
    [again] = read_rows(file)
    assert (again.row_id, again.text, again.service_code) == ("7", 'say "when"', "lamp")
    assert "The title is empty." in file.read_text("utf-8")


def test_a_log_gets_lines_and_no_bar() -> None:
    out = io.StringIO()
    with Showing(Console(file=out, force_terminal=False)) as report:
        for done in range(1, 101):
            report(done, 100)
    assert out.getvalue().splitlines() == [f"{n} of 100 rows are done." for n in range(10, 101, 10)]


def test_the_command_says_what_was_left_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    monkeypatch.setenv("ACCESSPOINT_DATA", str(tmp_path / "var"))
    app = Typer()
    app.command()(replay_command)
    address = f"http://127.0.0.1:{unused_port()}"
    ran = CliRunner().invoke(app, [str(a_file(tmp_path, 2)), "--url", address])
    assert ran.exit_code == 1
    assert "2 rows: 0 accepted, 0 repeated, 0 refused, 2 not posted." in ran.output
    assert len(read_rows(tmp_path / "var" / "rows.csv.rejected.csv")) == 2
