"""Every route and every role: who may not call is told so before anything is read, who may call never is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives import serialization

from services.cli.house import SERVICES
from services.cli.roles import may_call
from shared.auth import Gatekeeper, new_api_key, sign
from shared.auth.callers import PEOPLE
from shared.auth.keys import SIGNING_KEY
from shared.db import Database
from shared.health import Health
from shared.settings import HouseSettings
from shared.timesource import TimeSource
from shared.vocabulary import Role
from shared.web import Mount, Route, http_app
from shared.web.problems import PROBLEM_JSON
from shared.work import Workshop

REFUSALS = (401, 403)
NO_JSON = b"{ this is not JSON"
"""What an address answers to this when it has read it is neither of the refusals."""
OF_NOBODY = ("expired", "of another house", "changed", "unknown key", "no token")
ABOUT_SERVICES = ("live", "ready", "metrics", "openapi.json", "docs")
ABOUT_THE_HOUSE = {"/", "/live", "/ready", "/metrics", "/problems", "/problems/{kind}"}
ROUTES = [(service.name, route) for service in SERVICES for route in service.serves]


@dataclass(frozen=True, slots=True)
class Cell:
    """One call of the matrix, and whether it may get through."""

    service: str
    route: Route
    caller: str
    may: bool

    @property
    def address(self) -> str:
        """A path that names nothing: whoever looks for it has looked too early."""
        path = self.route.path
        for name in self.route.parameters:
            path = path.replace(f"{{{name}}}", "nothing")
        return f"/{self.service}{path}"

    def __str__(self) -> str:
        return f"{self.caller}: {self.route.method} {self.address}"


MATRIX = [Cell(service, route, role, may_call(role, route)) for service, route in ROUTES for role in Role]
NOBODYS = [Cell(service, route, which, may=False) for service, route in ROUTES for which in OF_NOBODY]


@pytest.fixture
def house(tmp_path: Path) -> HouseSettings:
    return HouseSettings(data=tmp_path / "ours")


@pytest.fixture
def credentials(house: HouseSettings, tmp_path: Path) -> dict[str, str | None]:
    """A good one of each role, and every kind that is not good, with every role that a token may give."""
    foreign = HouseSettings(data=tmp_path / "theirs")
    whole = sign(house, "all", PEOPLE)
    good = {str(role): sign(house, f"some-{role}", [role]) for role in PEOPLE}
    return {
        Role.PUBLIC: None,
        Role.MACHINE: new_api_key(house, "kiosk-1"),
        **good,
        "expired": expired(house, whole),
        "of another house": sign(foreign, "all", PEOPLE),
        "changed": f"{whole[:-8]}AAAAAAAA",
        "unknown key": new_api_key(foreign, "kiosk-1"),
        "no token": "let-me-in",
    }


def expired(house: HouseSettings, token: str) -> str:
    key = serialization.load_pem_private_key((house.keys_folder / SIGNING_KEY).read_bytes(), None)
    claims = jwt.decode(token, options={"verify_signature": False})
    headers = {"kid": jwt.get_unverified_header(token)["kid"]}
    return jwt.encode({**claims, "exp": claims["iat"] - 3600}, key, "ES256", headers=headers)  # type: ignore[arg-type]


@pytest.fixture
async def client(house: HouseSettings) -> AsyncIterator[TestClient[Any, Any]]:
    """All services, on a database that nobody has opened: whoever asks it is told that it is away."""
    mounts = [
        Mount(service.name, service.about, service.serves, closed(service.name), Health()) for service in SERVICES
    ]
    async with TestClient(TestServer(http_app(mounts, house, Gatekeeper(house)))) as opened:
        yield opened


def closed(service: str) -> Workshop:
    return Workshop(Database("postgresql://nobody@127.0.0.1:1/none", service), TimeSource())


async def test_who_may_not_call_is_told_so_before_anything_is_read(
    client: TestClient[Any, Any], credentials: dict[str, str | None]
) -> None:
    let_in = [
        str(cell) for cell in [*MATRIX, *NOBODYS] if not cell.may and not await refused(client, cell, credentials)
    ]
    assert let_in == []


async def test_who_may_call_is_let_in(client: TestClient[Any, Any], credentials: dict[str, str | None]) -> None:
    kept_out = [str(cell) for cell in MATRIX if cell.may and await refused(client, cell, credentials)]
    assert kept_out == []


async def refused(client: TestClient[Any, Any], cell: Cell, credentials: dict[str, str | None]) -> bool:
    """A known caller is forbidden, an unknown one is asked who they are; either as a problem."""
    token = credentials[cell.caller]
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    async with client.request(cell.route.method, cell.address, data=NO_JSON, headers=headers) as answer:
        if answer.status not in REFUSALS:
            return False
        is_known = cell.caller in set(Role) - {Role.PUBLIC}
        assert answer.status == (403 if is_known else 401), cell
        assert answer.content_type == PROBLEM_JSON, cell
        assert (await answer.json())["status"] == answer.status
        return True


def test_the_matrix_holds_every_route_and_every_role() -> None:
    assert sorted((cell.service, cell.route.method, cell.route.path, cell.caller) for cell in MATRIX) == sorted(
        (service.name, route.method, route.path, role)
        for service in SERVICES
        for route in service.serves
        for role in Role
    )


async def test_nothing_is_served_that_is_not_in_the_matrix(client: TestClient[Any, Any]) -> None:
    """Except what every service shows of itself: it names nobody and takes nothing."""
    served = {(method, path) for method, path in addresses(client.app) if "/v1/" in path}
    assert served == {(route.method, f"/{service}{route.path}") for service, route in ROUTES}
    pages = {(method, path) for method, path in addresses(client.app)} - served
    assert {method for method, _ in pages} == {"GET"}
    of_services = {f"/{service.name}/{page}" for service in SERVICES for page in ABOUT_SERVICES}
    assert {path for _, path in pages} == of_services | ABOUT_THE_HOUSE


def addresses(app: web.Application | None) -> Iterator[tuple[str, str]]:
    assert app is not None
    for served in app.router.routes():
        if served.method != "HEAD" and served.resource is not None:
            yield served.method, served.resource.canonical
