"""What the attack is there to find, planted in a service of one afternoon."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web

from shared.auth import Gatekeeper
from shared.errors import Conflict
from shared.health import Health
from shared.settings import HouseSettings
from shared.vocabulary import Role
from shared.web import Answer, Body, Call, Mount, Shown, http_app, route
from tests.hostile.attack import Attack
from tests.hostile.test_matrix import closed
from tests.hostile.town import Town, credentials
from tests.parts.house import token_in
from tests.parts.ports import free_port

STARTS_WITHIN = 10.0
SHED = "shed"


class Tool(Shown):
    name: str


class Nameless(Shown):
    weight: int


class NewTool(Body):
    name: str
    weight: int


async def post_tool(call: Call[NewTool]) -> Answer:
    return Answer(201, Tool(name=f"{100 // (call.body.weight % 10)} {call.body.name}"))


async def get_tool(call: Call[None]) -> Answer:
    raise Conflict("Somebody else has it.")


async def get_list(call: Call[None]) -> Answer:
    return Answer(200, Nameless(weight=7))


ROUTES = (
    route("POST", "/v1/tools", post_tool, who=(Role.PUBLIC,), takes=NewTool, gives={201: Tool}, summary="Fails at 10."),
    route("GET", "/v1/tools/{tool_id}", get_tool, who=(Role.ADVISER,), gives={200: Tool}, summary="Refuses oddly."),
    route("GET", "/v1/tools", get_list, who=(Role.ADVISER,), gives={200: Tool}, summary="Shows another thing."),
)


@dataclass(frozen=True, slots=True)
class Shed:
    """A house of one service, as far as an attack asks."""

    settings: HouseSettings
    address: str
    database_url: str = ""

    def url(self, service: str) -> str:
        assert service == SHED
        return self.address


@pytest.fixture
def shed(tmp_path: Path) -> Iterator[Shed]:
    settings = HouseSettings(data=tmp_path)
    app = http_app([Mount(SHED, "Tools.", ROUTES, closed(SHED), Health())], settings, Gatekeeper(settings))
    port = free_port()
    with serving(app, port):
        yield Shed(settings, f"http://127.0.0.1:{port}")


@contextmanager
def serving(app: web.Application, port: int) -> Iterator[None]:
    """On a loop of its own: whoever attacks waits for answers."""
    loop, up, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        up.set()
        await over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert up.wait(STARTS_WITHIN)
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def test_an_attack_finds_what_is_planted(shed: Shed) -> None:
    town = Town(shed, credentials(shed), token_in(shed, "ada"), known={"tool_id": [str(uuid4())]})
    attack = Attack(town, examples=15)
    attack.run(SHED)
    found = {tuple(what.split(": ")[:2]) for what in attack.failures}
    assert ("POST /shed/v1/tools", "not_a_server_error") in found
    assert ("GET /shed/v1/tools/{tool_id}", "status_code_conformance") in found
    assert ("GET /shed/v1/tools", "response_schema_conformance") in found
    assert {status for answers in attack.answers.values() for status in answers} >= {200, 201, 401, 403, 409, 422, 500}
    assert 200 not in attack.answers["GET /shed/v1/tools/{tool_id}"]
