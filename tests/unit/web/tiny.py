"""A tiny service, real in all its parts, without a database behind it."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from aiohttp.test_utils import TestClient, TestServer
from pydantic import Field

from shared.auth import Gatekeeper
from shared.db import Database
from shared.errors import Conflict, Early, NotFound
from shared.health import Health
from shared.settings import HouseSettings
from shared.timesource import TimeSource
from shared.vocabulary import Role
from shared.web import Answer, Body, Call, Mount, Query, Route, Shown, etag, http_app, route
from shared.work import Workshop

LIMIT = 10_000


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class NewThing(Body):
    """What the tiny service takes."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    count: int = 0
    weight: float = 0.0
    colour: Colour = Colour.RED
    labels: tuple[str, ...] = ()
    anything: dict[str, Any] = Field(default_factory=dict)


class Thing(Shown):
    title: str
    colour: Colour


class Search(Query):
    text: str
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    colours: tuple[Colour, ...] = ()


class Found(Shown):
    text: str
    limit: int
    colours: tuple[Colour, ...]


async def post_thing(call: Call[NewThing]) -> Answer:
    return Answer(201, Thing(title=call.body.title, colour=call.body.colour), etag(1))


async def search_things(call: Call[None]) -> Answer:
    query = call.query_as(Search)
    return Answer(200, Found(text=query.text, limit=query.limit, colours=query.colours))


async def get_thing(call: Call[None]) -> Answer:
    """Shows one thing."""
    return Answer(200, Thing(title=str(call.id("thing_id")), colour=Colour.BLUE))


async def change_thing(call: Call[NewThing]) -> Answer:
    return Answer(200, Thing(title=f"{call.idempotency_key} {call.if_match}", colour=Colour.RED))


async def delete_thing(call: Call[None]) -> Answer:
    return Answer(204)


async def who_am_i(call: Call[None]) -> Answer:
    return Answer(200, Thing(title=call.cause.actor, colour=Colour.RED))


async def go_wrong(call: Call[None]) -> Answer:
    """Fails in the way its path says."""
    match call.path["how"]:
        case "conflict":
            raise Conflict("Somebody else changed it: look again.")
        case "missing":
            raise NotFound("There is no such thing.")
        case "early":
            raise Early("enquiry/1")
        case "database":
            async with call.workshop.reading() as db:
                await db.fetchval("SELECT 1")
    raise ZeroDivisionError("the secret of a citizen")


ROUTES: Sequence[Route] = (
    route("POST", "/v1/things", post_thing, who=(Role.PUBLIC,), takes=NewThing, gives={201: Thing},
          summary="Make a thing"),
    route("GET", "/v1/things", search_things, who=(Role.PUBLIC,), query=Search, gives={200: Found},
          summary="Find things"),
    route("GET", "/v1/things/{thing_id}", get_thing, who=(Role.PUBLIC,), gives={200: Thing},
          summary="Show a thing"),
    route("PUT", "/v1/things/{thing_id}", change_thing, who=(Role.PUBLIC,), takes=NewThing,
          gives={200: Thing}, command=True, versioned=True, summary="Change a thing"),
    route("DELETE", "/v1/things/{thing_id}", delete_thing, who=(Role.ADMINISTRATOR,),
          instead="Or put it into the bin.", summary="Take a thing away"),
    route("GET", "/v1/me", who_am_i, who=(Role.ADVISER, Role.MACHINE), gives={200: Thing},
          summary="Say who calls"),
    route("GET", "/v1/wrong/{how}", go_wrong, who=(Role.PUBLIC,), gives={200: Thing}, refuses=(409,),
          summary="Go wrong"),
)  # fmt: skip


def house_in(folder: Path, **given: Any) -> HouseSettings:
    return HouseSettings(data=folder, max_body_bytes=LIMIT, **given)


def mount(name: str = "tiny", health: Health | None = None) -> Mount:
    """A database that nobody opened: whoever asks it is told that it is away."""
    workshop = Workshop(Database("postgresql://nobody@127.0.0.1:1/none", name), TimeSource())
    return Mount(name, f"The {name} service.", ROUTES, workshop, health or Health())


def client_of(house: HouseSettings, *mounts: Mount) -> TestClient[Any, Any]:
    return TestClient(TestServer(http_app(mounts or (mount(),), house, Gatekeeper(house))))
