"""Links between operations, as the table of routes gives them."""

from typing import Any
from uuid import UUID

import pytest

from services.cli.house import SERVICES
from shared.vocabulary import Role
from shared.web import Answer, Body, Call, Query, Route, Shown, route
from shared.web.links import links_of
from shared.web.openapi import openapi_of

ANYBODY = (Role.PUBLIC,)


class Box(Shown):
    box_id: UUID
    version: int
    note_id: UUID | None


class Boxes(Shown):
    boxes: list[Box]


class Moved(Shown):
    box_id: UUID


class Moving(Body):
    to: str


class Signed(Query):
    signature: str


async def handled(call: Call[Any]) -> Answer:
    return Answer(204)


def named(name: str, method: str, path: str, **more: Any) -> Route:
    async def handler(call: Call[Any]) -> Answer:
        return await handled(call)

    handler.__name__ = name
    return route(method, path, handler, who=ANYBODY, summary=name, **more)


LIST = named("list_boxes", "GET", "/v1/boxes", gives={200: Boxes})
SHOW = named("show_box", "GET", "/v1/boxes/{box_id}", gives={200: Box})
CHANGE = named("change_box", "POST", "/v1/boxes/{box_id}/lid", takes=Moving, gives={200: Box}, versioned=True)
MOVE = named("move_box", "POST", "/v1/boxes/{box_id}/place", takes=Moving, gives={200: Moved})
NOTE = named("show_note", "GET", "/v1/boxes/{box_id}/notes/{note_id}", gives={204: None})
CONTENT = named("show_content", "GET", "/v1/boxes/{box_id}/content", query=Signed, gives={204: None})
TABLE = (LIST, SHOW, CHANGE, MOVE, NOTE, CONTENT)


def leads_to(source: Route) -> dict[str, dict[str, str]]:
    [status] = source.gives
    return {name: link["parameters"] for name, link in links_of(source, status, TABLE).items()}


def test_what_an_answer_names_leads_to_whatever_asks_for_it() -> None:
    assert leads_to(SHOW)["move_box"] == {"box_id": "$response.body#/box_id"}


def test_a_list_leads_on_by_its_first_entry() -> None:
    assert leads_to(LIST)["show_box"] == {"box_id": "$response.body#/boxes/0/box_id"}


def test_what_the_request_named_is_still_known() -> None:
    assert leads_to(NOTE)["show_box"] == {"box_id": "$request.path.box_id"}


def test_a_version_goes_with_the_thing_it_is_of() -> None:
    assert leads_to(LIST)["change_box"]["If-Match"] == "$response.body#/boxes/0/version"
    assert leads_to(SHOW)["change_box"]["If-Match"] == "$response.body#/version"
    assert "change_box" not in leads_to(MOVE)


@pytest.mark.parametrize("source", TABLE, ids=[each.name for each in TABLE])
def test_nothing_leads_to_itself_nor_where_the_answer_says_too_little(source: Route) -> None:
    assert source.name not in leads_to(source)
    assert "show_content" not in leads_to(source)
    assert "show_note" not in leads_to(source)


def test_an_answer_with_a_version_promises_it_as_its_etag() -> None:
    paths = openapi_of("attic", "Boxes.", TABLE)["paths"]
    assert paths["/attic/v1/boxes/{box_id}"]["get"]["responses"]["200"]["headers"]["ETag"]["required"]
    assert "ETag" not in paths["/attic/v1/boxes/{box_id}/place"]["post"]["responses"]["200"]["headers"]


@pytest.mark.parametrize("service", SERVICES, ids=[service.name for service in SERVICES])
def test_every_link_names_an_operation_and_parameters_that_there_are(service: Any) -> None:
    described = openapi_of(service.name, service.about, service.serves)
    operations = [each for methods in described["paths"].values() for each in methods.values()]
    takes = {each["operationId"]: {one["name"] for one in each["parameters"]} for each in operations}
    links = [
        link
        for each in operations
        for answer in each["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert links
    assert [link for link in links if not link["parameters"].keys() <= takes[link["operationId"]]] == []
    assert "default" not in {status for each in operations for status in each["responses"]}
