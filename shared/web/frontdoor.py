"""The one layer around every request: ids in and out, problems, one log line, two metrics."""

import re
from collections.abc import Mapping
from time import perf_counter
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from shared.errors import AppError
from shared.telemetry import REQUEST_SECONDS, REQUESTS, child_of, correlation, traceparent
from shared.vocabulary import new_id
from shared.web.problems import problem_of

log = structlog.get_logger()

UUID_FORM = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NOWHERE = "none"
QUIET = ("/live", "/ready", "/metrics")


class FrontDoor:
    """Knows which service each path belongs to."""

    def __init__(self, service_of: Mapping[str, str]) -> None:
        self.service_of = service_of
        self.meters: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    @web.middleware
    async def pass_through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        started = perf_counter()
        correlation_id = read_correlation_id(request.headers.get("X-Correlation-ID"))
        correlation.set(correlation_id)
        traceparent.set(child_of(request.headers.get("traceparent"), correlation_id))
        response = await answered(request, handler, correlation_id)
        headers = response.headers
        headers["X-Correlation-ID"] = str(correlation_id)
        headers["X-Request-ID"] = read_request_id(request.headers.get("X-Request-ID"), correlation_id)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Server"] = "accesspoint"
        self.record(request, response.status, perf_counter() - started)
        return response

    def record(self, request: web.Request, status: int, seconds: float) -> None:
        """The route's pattern, never the path: a path may name a person."""
        resource = request.match_info.route.resource
        where = resource.canonical if resource is not None else NOWHERE
        method = request.method if request.method in METHODS else "OTHER"
        service = self.service_of.get(where, NOWHERE)
        meters = self.meters.get((method, where, status))
        if meters is None:
            meters = (
                REQUESTS.labels(service, method, where, str(status)),
                REQUEST_SECONDS.labels(service, method, where),
            )
            self.meters[method, where, status] = meters
        meters[0].inc()
        meters[1].observe(seconds)
        say = log.debug if where.endswith(QUIET) else log.info
        say("request", service=service, method=method, route=where, status=status, ms=round(seconds * 1000, 2))


async def answered(request: web.Request, handler: Handler, correlation_id: UUID) -> web.StreamResponse:
    try:
        return await handler(request)
    except (AppError, web.HTTPException) as error:
        return problem_of(error, correlation_id)
    except Exception as error:
        if request.transport is None or request.transport.is_closing():
            raise  # the caller has gone, and aiohttp knows how to end it
        return problem_of(error, correlation_id)


def read_correlation_id(header: str | None) -> UUID:
    """One that cannot be read is replaced: it must not stand in the way of an enquiry."""
    if header is not None and UUID_FORM.fullmatch(header):
        return UUID(header)
    return new_id()


def read_request_id(header: str | None, correlation_id: UUID) -> str:
    if header is not None and REQUEST_ID_FORM.fullmatch(header):
        return header
    return correlation_id.hex
