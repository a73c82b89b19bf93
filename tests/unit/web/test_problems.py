"""Every failure is a problem with a sentence, and says nothing that it should not."""

import json
import logging
from typing import Any

import pytest
import structlog
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Refused
from shared.telemetry import set_up_logs
from shared.web.problems import KINDS
from shared.web.reading import parse_body
from tests.unit.web.tiny import NewThing

Client = TestClient[Any, Any]
MEMBERS = {"type", "title", "status", "detail", "faults", "correlation_id"}


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "about:blank"),
        ("GET", "/tiny/v1/nothing", 404, "about:blank"),
        ("PATCH", "/tiny/v1/things", 405, "about:blank"),
        ("PROPFIND", "/tiny/v1/things", 405, "about:blank"),
        ("GET", "/tiny/v1/wrong/conflict", 409, "/problems/conflict"),
        ("GET", "/tiny/v1/wrong/missing", 404, "/problems/not-found"),
        ("GET", "/tiny/v1/wrong/early", 404, "/problems/not-known-yet"),
        ("GET", "/tiny/v1/wrong/database", 503, "/problems/unavailable"),
        ("GET", "/tiny/v1/wrong/bug", 500, "about:blank"),
        ("GET", "/tiny/v1/me", 401, "/problems/unauthenticated"),
    ],
)
async def test_every_failure_has_the_same_shape(client: Client, method: str, path: str, status: int, kind: str) -> None:
    answer = await client.request(method, path)
    told = await answer.json(content_type="application/problem+json")
    assert answer.status == told["status"] == status
    assert told["type"] == kind
    assert set(told) == MEMBERS
    assert told["correlation_id"] == answer.headers["X-Correlation-ID"]
    assert told["detail"].endswith(".")


async def test_a_wrong_method_is_told_which_there_are(client: Client) -> None:
    answer = await client.patch("/tiny/v1/things")
    assert answer.headers["Allow"] == "GET,HEAD,POST"
    assert "GET, HEAD, POST" in (await answer.json())["detail"]


async def test_a_database_that_is_away_is_worth_another_try_and_keeps_its_address(client: Client) -> None:
    answer = await client.get("/tiny/v1/wrong/database")
    assert int(answer.headers["Retry-After"]) > 0
    assert "database" not in await answer.text()


async def test_a_bug_tells_neither_its_text_nor_its_kind(client: Client) -> None:
    text = await (await client.get("/tiny/v1/wrong/bug")).text()
    assert "secret" not in text
    assert "ZeroDivision" not in text


async def test_a_bug_is_logged_with_its_places_and_without_its_text(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers, level = logging.root.handlers[:], logging.root.level
    set_up_logs()
    # Loggers keep the set-up they were first used with, so these get new ones for as long as this test.
    monkeypatch.setattr("shared.web.frontdoor.log", structlog.get_logger())
    monkeypatch.setattr("shared.web.problems.log", structlog.get_logger())
    try:
        answer = await client.get("/tiny/v1/wrong/bug?name=Mrs+Smith")
    finally:
        structlog.reset_defaults()
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
    text = capsys.readouterr().err
    failed, asked = (json.loads(line) for line in text.splitlines())
    assert failed["error"] == "ZeroDivisionError"
    assert failed["at"][-1].endswith("go_wrong")
    assert asked["route"] == "/tiny/v1/wrong/{how}"
    assert failed["correlation_id"] == asked["correlation_id"] == answer.headers["X-Correlation-ID"]
    assert "secret" not in text
    assert "Smith" not in text
    assert "127.0.0.1" not in text


async def test_each_kind_of_problem_is_explained_at_its_address(client: Client) -> None:
    for kind in KINDS.values():
        answer = await client.get(f"/problems/{kind}")
        assert answer.status == 200
        assert f"/problems/{kind}" in await answer.text()
    assert (await client.get("/problems/other")).status == 404


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*NewThing.model_fields, "other", "\0", "\ud800"])


@given(st.dictionaries(FIELDS, JSON_VALUES) | JSON_VALUES)
def test_any_json_is_either_understood_or_refused_with_a_place(value: Any) -> None:
    raw = json.dumps(value).encode()
    read = parsed(raw)
    if isinstance(read, Refused):
        assert read.faults
        assert all(fault.where.startswith("body") and fault.why for fault in read.faults)
        assert str(read).endswith((".", "fault.", "faults."))
    else:
        assert "\0" not in repr(read.model_dump())
        assert read.model_dump_json().encode()


@given(st.binary(max_size=200))
def test_any_bytes_are_either_understood_or_refused(raw: bytes) -> None:
    read = parsed(raw)
    assert isinstance(read, NewThing) or read.status in (400, 422)


@given(JSON_VALUES)
def test_values_never_come_back_in_a_refusal(value: Any) -> None:
    sent = {"title": {"x": "MARKED"}, "count": "MARKED", "colour": "MARKED", "weight": ["MARKED", value]}
    read = parsed(json.dumps(sent).encode())
    assert isinstance(read, Refused)
    assert "MARKED" not in str(read) + repr(read.faults)


def parsed(raw: bytes) -> NewThing | Refused:
    try:
        return parse_body(NewThing, raw)
    except Refused as refused:
        return refused
