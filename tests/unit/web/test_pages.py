"""What every service shows besides its routes: health, metrics, its description, its pages."""

from html.parser import HTMLParser
from typing import Any

import jsonschema
import pytest
from aiohttp.test_utils import TestClient
from typing_extensions import override

from shared.health import Health
from shared.settings import HouseSettings
from shared.vocabulary import Role
from shared.web import Answer, Call, route
from tests.unit.web.tiny import Thing, client_of, mount

Client = TestClient[Any, Any]
VOID = {"meta", "br", "link"}


async def test_live_is_200_while_the_loop_turns(client: Client) -> None:
    for path in ("/live", "/tiny/live"):
        assert (await client.get(path)).status == 200


async def test_ready_names_the_part_that_is_not_up(house: HouseSettings) -> None:
    health = Health()
    health.expect("relay")
    lost: list[str] = ["its connection is lost"]
    health.watch("partition 3", lambda: lost[0] if lost else None)
    async with client_of(house, mount(health=health)) as client:
        answer = await client.get("/tiny/ready")
        assert answer.status == 503
        assert (await answer.json())["faults"] == [
            {"where": "tiny.relay", "why": "it is starting"},
            {"where": "tiny.partition 3", "why": "its connection is lost"},
        ]
        health.up("relay")
        lost.clear()
        assert (await client.get("/tiny/ready")).status == 200
        health.down("relay", "the broker is away")
        assert "the broker is away" in (await (await client.get("/ready")).json())["detail"]


async def test_the_house_is_ready_when_all_its_services_are(house: HouseSettings) -> None:
    late = Health()
    late.expect("database")
    async with client_of(house, mount("one"), mount("two", late)) as client:
        assert (await client.get("/one/ready")).status == 200
        assert (await client.get("/two/ready")).status == 503
        assert (await client.get("/ready")).status == 503


async def test_the_first_page_links_every_service(house: HouseSettings) -> None:
    async with client_of(house, mount("one"), mount("two")) as client:
        text = await (await client.get("/")).text()
        for link in ("/one/docs", "/two/docs", "/one/openapi.json", "/two/ready"):
            assert f'href="{link}"' in text
            assert (await client.get(link)).status == 200


async def test_metrics_count_requests_by_pattern_and_by_service(house: HouseSettings) -> None:
    async with client_of(house, mount("first"), mount("second")) as client:
        await client.get("/first/v1/things/0190163d-8694-739b-aea5-966c26f8ad91")
        await client.get("/second/v1/me")
        own = await (await client.get("/first/metrics")).text()
        whole = await (await client.get("/metrics")).text()
    line = 'method="GET",route="/first/v1/things/{thing_id}",service="first",status="200"} 1.0'
    assert f"accesspoint_requests_total{{{line}" in own
    assert 'service="second"' not in own
    assert 'service="second"' in whole
    assert "0190163d" not in whole


def referred(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(referred(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(referred(inner) for inner in value))
    return set()


async def test_the_description_is_complete_and_refers_to_nothing_missing(client: Client) -> None:
    described = await (await client.get("/tiny/openapi.json")).json()
    assert described["openapi"] == "3.1.0"
    names = described["components"]["schemas"]
    assert {ref.rpartition("/")[2] for ref in referred(described)} <= set(names)
    for schema in names.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert "$defs" not in str(described)
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["x-roles"]
            assert "default" not in operation["responses"]
            assert {"400", "401", "500", "503"} <= set(operation["responses"])


async def test_the_description_says_what_a_command_needs_and_who_may_call(client: Client) -> None:
    paths = (await (await client.get("/tiny/openapi.json")).json())["paths"]
    change = paths["/tiny/v1/things/{thing_id}"]["put"]
    assert [each["name"] for each in change["parameters"]] == ["thing_id", "Idempotency-Key", "If-Match"]
    assert {"404", "409", "413", "415", "422"} <= set(change["responses"])
    assert {} in change["security"]
    delete = paths["/tiny/v1/things/{thing_id}"]["delete"]
    assert {} not in delete["security"]
    assert "403" in delete["responses"]
    search = {each["name"]: each for each in paths["/tiny/v1/things"]["get"]["parameters"]}
    assert search["text"]["required"]
    assert search["limit"]["schema"]["maximum"] == 100


async def test_every_answer_is_one_that_the_description_lists(client: Client) -> None:
    paths = (await (await client.get("/tiny/openapi.json")).json())["paths"]
    for how in ("conflict", "missing", "early", "database", "bug"):
        answer = await client.get(f"/tiny/v1/wrong/{how}")
        assert str(answer.status) in paths["/tiny/v1/wrong/{how}"]["get"]["responses"]


class Balance(HTMLParser):
    """Whether every tag that is opened is closed, and nothing comes from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("path", ["/", "/tiny/docs", "/problems"])
async def test_pages_are_whole_and_fetch_nothing_from_elsewhere(client: Client, path: str) -> None:
    answer = await client.get(path)
    page = Balance()
    page.feed(await answer.text())
    assert page.open == []
    assert all(link.startswith("/") for link in page.links)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_the_docs_page_lists_every_operation(client: Client) -> None:
    text = await (await client.get("/tiny/docs")).text()
    for words in ("/tiny/v1/things/{thing_id}", "Change a thing", "administrator", "Idempotency-Key"):
        assert words in text


async def reached(call: Call[None]) -> Answer:
    return Answer(204)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"who": ()}, "who may call"),
        ({"who": ("public",)}, "roles"),
        ({"path": "/enquiries"}, "version"),
        ({"method": "FETCH"}, "method"),
        ({"summary": " "}, "what it is for"),
        ({"gives": {404: None}}, "refuses"),
        ({"refuses": (200,)}, "refuses"),
        ({"method": "GET", "command": True}, "GET"),
        ({"takes": Thing}, "Body"),
        ({"query": Thing}, "Query"),
    ],
)
def test_a_route_that_makes_no_sense_is_refused_at_import(wrong: dict[str, Any], complaint: str) -> None:
    line: dict[str, Any] = {"method": "POST", "path": "/v1/things", "who": (Role.PUBLIC,), "summary": "x"}
    line |= wrong
    with pytest.raises(ValueError, match=complaint):
        route(line.pop("method"), line.pop("path"), reached, **line)


def test_a_route_must_say_who_may_call() -> None:
    with pytest.raises(TypeError, match="who"):
        route("POST", "/v1/things", reached, summary="x")  # type: ignore[call-overload]
