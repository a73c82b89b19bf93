"""Multipart bodies: the JSON and the files beside it, within limits, and nothing left on disk."""

import json
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shared.settings import HouseSettings
from shared.vocabulary import Role
from shared.web import Answer, Body, Call, Download, Mount, Route, Shown, UploadLimits, Uploads, route
from tests.unit.web.tiny import LIMIT, client_of, mount

Client = TestClient[Any, Any]
THINGS = "/tiny/v1/things"
GREETING = b"hello\r\n--there\r\n"


class Thing(Body):
    title: str


class Seen(Shown):
    title: str
    files: list[tuple[str, str, int, str]]


def routes_in(folder: Path) -> list[Route]:
    limits = UploadLimits(folder=folder, most=3, largest=200_000, largest_in_all=300_000)

    async def post_thing(call: Call[Thing]) -> Answer:
        """Tells what came, and that its bytes are there."""
        assert all(sha256(file.path.read_bytes()).digest() == file.sha256 for file in call.files)
        assert all(file.head == file.path.read_bytes()[:4_096] for file in call.files)
        if call.body.title == "keep":
            call.files[0].path.rename(folder / "kept")
        shown = [(file.name, file.media_type, file.size, file.sha256.hex()[:8]) for file in call.files]
        return Answer(200, Seen(title=call.body.title, files=shown))

    async def get_thing(call: Call[None]) -> Answer:
        return Answer(200, Download('naïve; "x".txt', "text/plain", 10, pieces()))

    return [
        route("POST", "/v1/things", post_thing, who=(Role.PUBLIC,), takes=Thing, gives={200: Seen},
              uploads=Uploads("thing", lambda: limits), summary="Take a thing"),
        route("GET", "/v1/things", get_thing, who=(Role.PUBLIC,), gives={200: Download}, summary="Give a thing"),
    ]  # fmt: skip


async def pieces() -> AsyncIterator[bytes]:
    yield b"hello"
    yield b"there"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Whatever a test sends, nothing stays there but what was kept."""
    folder = tmp_path / "arriving"
    yield folder
    assert [path.name for path in folder.glob("*") if path.name != "kept"] == []


@pytest.fixture
async def client(house: HouseSettings, folder: Path) -> AsyncIterator[Client]:
    tiny = mount()
    async with client_of(house, Mount(tiny.name, tiny.about, routes_in(folder), tiny.workshop, tiny.health)) as ready:
        yield ready


def form(*files: tuple[str, bytes], title: str = "Bin") -> FormData:
    made = FormData(quote_fields=False)
    made.add_field("thing", json.dumps({"title": title}), content_type="application/json")
    for name, content in files:
        made.add_field("file", content, filename=name, content_type="image/png")
    return made


async def test_the_json_and_its_files_come_together(client: Client) -> None:
    answer = await client.post(THINGS, data=form(("a.png", b"x" * 150_000), ("../b", GREETING))())
    assert answer.status == 200, await answer.text()
    assert (await answer.json()) == {
        "title": "Bin",
        "files": [
            ["a.png", "image/png", 150_000, sha256(b"x" * 150_000).hexdigest()[:8]],
            ["../b", "image/png", len(GREETING), sha256(GREETING).hexdigest()[:8]],
        ],
    }


async def test_json_alone_is_taken_as_ever(client: Client) -> None:
    assert (await (await client.post(THINGS, json={"title": "Bin"})).json()) == {"title": "Bin", "files": []}


async def test_a_file_that_was_moved_away_stays(client: Client, folder: Path) -> None:
    assert (await client.post(THINGS, data=form(("a", GREETING), ("b", b"b"), title="keep")())).status == 200
    assert (folder / "kept").read_bytes() == GREETING


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([("a.png", b"x" * 200_001)], "The file a.png is larger than 0.2 MB"),
        ([("a", b"x" * 150_000), ("b", b"x" * 150_001)], "larger than 0.3 MB together"),
        ([("a", b"x" * 400_000)], "0.3 MB together"),
        ([(name, b"x") for name in "abcd"], "at most 3 at once"),
    ],
)
async def test_what_is_too_much_is_refused(client: Client, files: list[tuple[str, bytes]], why: str) -> None:
    answer = await client.post(THINGS, data=form(*files)())
    assert (answer.status, why in (await answer.json())["detail"]) == (413, True)


async def test_a_part_of_json_that_is_too_long_is_refused(client: Client) -> None:
    answer = await client.post(THINGS, data=form(title="x" * LIMIT)())
    assert answer.status == 413


async def test_what_is_wrong_in_the_json_is_told_as_ever(client: Client) -> None:
    made = FormData(quote_fields=False)
    made.add_field("file", b"x", filename="a")
    made.add_field("thing", '{"titel": 1}')
    answer = await client.post(THINGS, data=made())
    assert answer.status == 422
    assert "body.titel" in await answer.text()


HEAD = {"Content-Type": "multipart/form-data; boundary=b"}
JSON_PART = b'--b\r\nContent-Disposition: form-data; name="thing"\r\n\r\n{"title":"x"}\r\n'
FILE_PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n%s\r\nxx\r\n'


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"", 400, "broke off"),
        (b"nothing of the kind", 400, "broke off"),
        (b"--b--\r\n", 422, "this part is required"),
        (FILE_PART % b"" + b"--b--\r\n", 422, "this part is required"),
        (JSON_PART + b"--b\r\nContent-Disp", 400, "broke off"),
        (JSON_PART + FILE_PART % b"", 400, "broke off"),
        (JSON_PART + JSON_PART + b"--b--\r\n", 422, "one part `thing`"),
        (JSON_PART.replace(b"thing", b"other") + b"--b--\r\n", 422, "correct other"),
        (JSON_PART.replace(b'; name="thing"', b"") + b"--b--\r\n", 422, "correct body"),
        (JSON_PART + FILE_PART % b"Content-Transfer-Encoding: base64\r\n" + b"--b--\r\n", 422, "as they are"),
        (JSON_PART + FILE_PART % b"Content-Type: multipart/mixed; boundary=c\r\n" + b"--b--\r\n", 422, "of its own"),
        (JSON_PART + b"--b\r\n" + b"X: " + b"y" * 10_000 + b"\r\n\r\n", 400, "broke off"),
    ],
)
async def test_what_is_no_multipart_body_of_ours_is_refused_with_a_sentence(
    client: Client, body: bytes, status: int, why: str
) -> None:
    answer = await client.post(THINGS, data=body, headers=HEAD)
    assert answer.status == status, await answer.text()
    assert why in (await answer.json())["detail"]


async def test_names_that_are_not_utf_8_are_still_names(client: Client) -> None:
    body = JSON_PART + (FILE_PART % b"").replace(b'"a"', b'"caf\xe9"') + b"--b--\r\n"
    answer = await client.post(THINGS, data=body, headers=HEAD)
    assert (await answer.json())["files"][0][0] == "caf\ufffd"


async def test_without_a_boundary_nothing_can_be_told_apart(client: Client) -> None:
    answer = await client.post(THINGS, data=b"x", headers={"Content-Type": "multipart/form-data"})
    assert answer.status == 400


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([JSON_PART, FILE_PART, b"--b\r\n", b"\r\n", b"--b--", b"x", b"\r\n\r\n", b"--"]), max_size=8
    )
)
async def test_whatever_stands_in_a_body_it_is_taken_or_refused(client: Client, parts: list[bytes]) -> None:
    answer = await client.post(THINGS, data=b"".join(parts), headers=HEAD)
    assert answer.status in (200, 400, 413, 422), await answer.text()


async def test_routes_without_uploads_take_no_multipart(client: Client, house: HouseSettings) -> None:
    async with client_of(house) as plain:
        assert (await plain.post(THINGS, data=form()())).status == 415


async def test_a_file_is_given_to_be_saved_and_not_to_be_shown(client: Client) -> None:
    answer = await client.get(THINGS)
    assert await answer.read() == b"hellothere"
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''na%C3%AFve%3B%20%22x%22.txt"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    head = await client.head(THINGS)
    assert (head.status, head.headers["Content-Length"], await head.read()) == (200, "10", b"")


async def test_the_description_says_that_files_may_come_and_go(client: Client) -> None:
    paths = (await (await client.get("/tiny/openapi.json")).json())["paths"][THINGS]
    parts = paths["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert (set(parts["properties"]), parts["required"]) == ({"thing", "file"}, ["thing"])
    assert paths["get"]["responses"]["200"]["content"] == {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    assert (await client.get("/tiny/docs")).status == 200


def test_files_come_only_beside_a_body() -> None:
    async def nothing(call: Call[None]) -> Answer:
        return Answer(204)

    with pytest.raises(ValueError, match="files come beside a body"):
        route("POST", "/v1/things", nothing, who=(Role.PUBLIC,), summary="x", uploads=Uploads("x", routes_in))  # type: ignore[arg-type]
