"""Puts services on one aiohttp application: their routes, their health, their metrics and their pages."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aiohttp import web

from shared.auth import Gatekeeper
from shared.errors import Fault
from shared.health import Health
from shared.settings import HouseSettings, ServiceSettings
from shared.telemetry import METRICS_TYPE, correlation, exposition
from shared.vocabulary import new_id
from shared.web.answer import JSON
from shared.web.docs_page import docs_page, index_page, problems_page
from shared.web.endpoint import Endpoint
from shared.web.frontdoor import FrontDoor
from shared.web.openapi import openapi_of
from shared.web.problems import KINDS, problem
from shared.web.routes import Route
from shared.work import Workshop

HTML_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}

Handle = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True)
class Mount:
    """One service as HTTP sees it. Everything it serves is below `/<name>`."""

    name: str
    about: str
    routes: Sequence[Route]
    workshop: Workshop
    health: Health
    settings: ServiceSettings | None = None

    @cached_property
    def openapi(self) -> dict[str, Any]:
        return openapi_of(self.name, self.about, self.routes)

    @cached_property
    def openapi_json(self) -> bytes:
        return json.dumps(self.openapi).encode()

    @cached_property
    def docs_html(self) -> bytes:
        return docs_page(self.name, self.openapi).encode()

    def pages(self) -> dict[str, Handle]:
        """What every service shows besides its routes."""

        async def ready(_: web.Request) -> web.Response:
            return readiness([self])

        async def metrics(_: web.Request) -> web.Response:
            return figures(self.name)

        async def openapi(_: web.Request) -> web.Response:
            return web.Response(body=self.openapi_json, headers={"Content-Type": JSON})

        async def docs(_: web.Request) -> web.Response:
            return web.Response(body=self.docs_html, headers=HTML_HEADERS)

        return {
            f"/{self.name}/live": live,
            f"/{self.name}/ready": ready,
            f"/{self.name}/metrics": metrics,
            f"/{self.name}/openapi.json": openapi,
            f"/{self.name}/docs": docs,
        }


def http_app(mounts: Sequence[Mount], house: HouseSettings, gatekeeper: Gatekeeper) -> web.Application:
    """One application for one service or for several in one process."""
    service_of: dict[str, str] = {}
    door = FrontDoor(service_of)
    app = web.Application(middlewares=[door.pass_through], client_max_size=house.max_body_bytes)
    for mount in mounts:
        for route in mount.routes:
            endpoint = Endpoint(route, mount.workshop, mount.settings, gatekeeper, house.max_body_bytes)
            add(app, route.method, f"/{mount.name}{route.path}", endpoint.handle)
            service_of[f"/{mount.name}{route.path}"] = mount.name
        for path, handle in mount.pages().items():
            add(app, "GET", path, handle)
            service_of[path] = mount.name
    for path, handle in house_pages(mounts).items():
        add(app, "GET", path, handle)
    return app


def add(app: web.Application, method: str, path: str, handle: Handle) -> None:
    if method == "GET":
        app.router.add_get(path, handle)
    else:
        app.router.add_route(method, path, handle)


def house_pages(mounts: Sequence[Mount]) -> dict[str, Handle]:
    """What the process shows as a whole."""
    index = index_page({mount.name: mount.about for mount in mounts}).encode()
    explained = problems_page().encode()

    async def root(_: web.Request) -> web.Response:
        return web.Response(body=index, headers=HTML_HEADERS)

    async def problems(request: web.Request) -> web.Response:
        if request.match_info.get("kind", "refused") not in KINDS.values():
            raise web.HTTPNotFound
        return web.Response(body=explained, headers=HTML_HEADERS)

    async def ready(_: web.Request) -> web.Response:
        return readiness(mounts)

    async def metrics(_: web.Request) -> web.Response:
        return figures(None)

    return {
        "/": root,
        "/live": live,
        "/ready": ready,
        "/metrics": metrics,
        "/problems": problems,
        "/problems/{kind}": problems,
    }


async def live(_: web.Request) -> web.Response:
    """As long as the loop turns."""
    return web.Response(body=b'{"status":"live"}', headers={"Content-Type": JSON})


def readiness(mounts: Sequence[Mount]) -> web.Response:
    """200 only when all parts of all the services are up; otherwise which are not, and why."""
    missing = [Fault(f"{mount.name}.{part}", why) for mount in mounts for part, why in mount.health.ready()[1].items()]
    if not missing:
        return web.Response(body=b'{"status":"ready"}', headers={"Content-Type": JSON})
    listed = "; ".join(f"{fault.where}: {fault.why.rstrip('.')}" for fault in missing)
    return problem(
        "/problems/unavailable",
        (503, "Not ready", f"Not ready: {listed}."),
        correlation.get() or new_id(),
        missing,
        {"Retry-After": "1"},
    )


def figures(service: str | None) -> web.Response:
    return web.Response(body=exposition(service), headers={"Content-Type": METRICS_TYPE})
