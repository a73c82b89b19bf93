"""From a request to a call, to a handler, to a response: caller first, then headers, then body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from shared.errors import NotFound
from shared.telemetry import correlation, traceparent
from shared.vocabulary import new_id
from shared.web.answer import response_of
from shared.web.call import Call
from shared.web.idempotency import Command, fingerprint, read_key
from shared.web.reading import (
    parse_body,
    parse_if_match,
    parse_query,
    read_body,
    refuse_body,
    require_json,
)
from shared.work import Cause

if TYPE_CHECKING:
    from pydantic import BaseModel

    from shared.auth import Gatekeeper
    from shared.settings import ServiceSettings
    from shared.web.routes import Route
    from shared.work import Workshop


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One route of one service, ready to answer."""

    route: Route
    workshop: Workshop
    settings: ServiceSettings | None
    gatekeeper: Gatekeeper
    limit: int

    async def handle(self, request: web.Request) -> web.Response:
        route, headers = self.route, request.headers
        caller = await self.gatekeeper.admit(headers.get("Authorization"), route.who)
        key = read_key(headers.get("Idempotency-Key")) if route.command else None
        if_match = parse_if_match(headers.get("If-Match")) if route.versioned else None
        query = parse_query(route.query, request) if route.query is not None else None
        body, raw = await self.read(request)
        command = None
        if key is not None:
            digest = fingerprint(request.method, request.raw_path, headers.get("If-Match"), raw)
            command = Command(caller.actor, key, digest)
        cause = Cause(
            actor=caller.actor,
            correlation_id=correlation.get() or new_id(),
            traceparent=traceparent.get(),
        )
        call: Call[Any] = Call(
            body=body,
            path=path_of(request.match_info),
            query=query,
            caller=caller,
            cause=cause,
            workshop=self.workshop,
            settings=self.settings,
            if_match=if_match,
            repeatable=command,
        )
        return response_of(await route.handler(call))

    async def read(self, request: web.Request) -> tuple[BaseModel | None, bytes]:
        """The body as the route takes it, and as it came."""
        takes = self.route.takes
        if takes is not None:
            require_json(request.headers.get("Content-Type"))
            raw = await read_body(request, self.limit)
            return parse_body(takes, raw), raw
        if not request.can_read_body:
            return None, b""
        raw = await read_body(request, self.limit)
        refuse_body(raw)
        return None, raw


def path_of(match: Mapping[str, str]) -> Mapping[str, str]:
    for text in match.values():
        if "\0" in text:
            raise NotFound("There is nothing at this address: it holds a NUL character.")
    return match
