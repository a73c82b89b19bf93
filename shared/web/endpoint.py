"""From a request to a call, to a handler, to a response: caller first, then headers, then body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from shared.errors import Forbidden, NotFound
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
from shared.web.uploads import Sent, discard, is_multipart, read_parts
from shared.work import Cause

if TYPE_CHECKING:
    from shared.auth import Caller, Gatekeeper
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
        caller = await self.admit(headers.get("Authorization"))
        key = read_key(headers.get("Idempotency-Key")) if route.command else None
        if_match = parse_if_match(headers.get("If-Match")) if route.versioned else None
        query = parse_query(route.query, request) if route.query is not None else None
        sent = await self.read(request)
        try:
            body = parse_body(route.takes, sent.raw) if route.takes is not None else None
            command = None
            if key is not None:
                digest = fingerprint(request.method, request.raw_path, headers.get("If-Match"), *sent.identity)
                command = Command(caller.actor, key, digest)
            call: Call[Any] = Call(
                body=body,
                path=path_of(request.match_info),
                query=query,
                caller=caller,
                cause=Cause(caller.actor, correlation.get() or new_id(), traceparent=traceparent.get()),
                workshop=self.workshop,
                settings=self.settings,
                if_match=if_match,
                repeatable=command,
                files=sent.files,
                accept_language=headers.get("Accept-Language"),
                accept=headers.get("Accept"),
            )
            return response_of(await route.handler(call))
        finally:
            discard(sent.files)

    async def admit(self, authorization: str | None) -> Caller:
        try:
            return await self.gatekeeper.admit(authorization, self.route.who)
        except Forbidden as error:
            raise Forbidden(f"{error} {self.route.instead}".rstrip()) from None

    async def read(self, request: web.Request) -> Sent:
        """The body as it came."""
        route, kind = self.route, request.headers.get("Content-Type")
        if route.uploads is not None and is_multipart(kind):
            return await read_parts(request, route.uploads, self.limit)
        if route.takes is not None:
            require_json(kind)
            return Sent(await read_body(request, self.limit))
        if not request.can_read_body:
            return Sent(b"")
        raw = await read_body(request, self.limit)
        refuse_body(raw)
        return Sent(raw)


def path_of(match: Mapping[str, str]) -> Mapping[str, str]:
    for text in match.values():
        if "\0" in text:
            raise NotFound("There is nothing at this address: it holds a NUL character.")
    return match
