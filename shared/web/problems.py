"""Failures as RFC 9457 problems: a sentence for a person, and the places at fault for a program."""

import json
from collections.abc import Sequence
from uuid import UUID

import structlog
from aiohttp import web
from pydantic import BaseModel, Field

from shared import errors
from shared.db import DatabaseAway
from shared.errors import AppError, Fault, Refused, Unavailable

log = structlog.get_logger()

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 2
CHALLENGE = {"WWW-Authenticate": "Bearer"}
AWAY = "We cannot do this safely just now, and nothing was changed. Please try again in a moment."
BUG = "This is our fault, and it has been noted. Please try again; if it goes on, tell us the correlation id."

KINDS: dict[type[AppError], str] = {
    errors.Refused: "refused",
    errors.Unauthenticated: "unauthenticated",
    errors.Forbidden: "forbidden",
    errors.NotFound: "not-found",
    errors.Conflict: "conflict",
    errors.TooLarge: "too-large",
    errors.Invalid: "invalid",
    errors.Early: "not-known-yet",
    errors.Unavailable: "unavailable",
}
"""The last part of `type`, which stays the same for good. A page at that path explains it."""

HTTP_TITLES = {
    400: "The request cannot be read",
    404: "There is nothing here",
    405: "This cannot be done here",
    413: "That is too much at once",
    415: "The body is of the wrong kind",
}
HTTP_DETAILS = {
    404: "There is nothing at this address. The service's docs page lists all that there are.",
    405: "This address does not take that method: use {allow}.",
    413: "The body is too large: send less, and files as attachments.",
    415: "Send the body as JSON in UTF-8, with the header Content-Type: application/json.",
}


class FaultShown(BaseModel):
    """One thing wrong with a request."""

    where: str = Field(description="What is at fault, such as body.title")
    why: str = Field(description="What to write instead")


class Problem(BaseModel):
    """RFC 9457, with all faults at once and the id to name when asking for help."""

    type: str = Field(description="A stable path, or about:blank", examples=["/problems/invalid"])
    title: str = Field(examples=["The request does not make sense"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Please correct body.title: this is required."])
    faults: list[FaultShown] = Field(examples=[[{"where": "body.title", "why": "this is required"}]])
    correlation_id: UUID


def problem_of(error: Exception, correlation_id: UUID) -> web.Response:
    """Every failure ends here. What nobody expected is logged without its text and told without its cause."""
    if isinstance(error, web.HTTPException):
        return http_problem(error, correlation_id)
    if isinstance(error, Unavailable):
        return away(error, correlation_id)
    if isinstance(error, AppError):
        faults = error.faults if isinstance(error, Refused) else ()
        headers = CHALLENGE if isinstance(error, errors.Unauthenticated) else {}
        said = (error.status, error.title, sentence(str(error)))
        return problem(kind_of(error), said, correlation_id, faults, headers)
    log.error("request failed", exc_info=error)
    return problem("about:blank", (500, AppError.title, BUG), correlation_id)


def sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", '"')) else f"{text}."


def away(error: Unavailable, correlation_id: UUID) -> web.Response:
    """Sentences about the database name its address: they are for the log, not for callers."""
    plain = type(error) in (Unavailable, DatabaseAway)
    if plain:
        log.warning("unavailable", why=str(error))
    said = (error.status, error.title, AWAY if plain else str(error))
    return problem(kind_of(error), said, correlation_id, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def http_problem(error: web.HTTPException, correlation_id: UUID) -> web.Response:
    """aiohttp's own verdicts: no such address, wrong method, body of the wrong kind."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    title = HTTP_TITLES.get(error.status, error.reason)
    allow = headers.get("Allow", "another").replace(",", ", ")
    detail = HTTP_DETAILS.get(error.status, f"{error.reason}.").format(allow=allow)
    return problem("about:blank", (error.status, title, detail), correlation_id, headers=headers)


def kind_of(error: AppError) -> str:
    known = next((KINDS[kind] for kind in type(error).__mro__ if kind in KINDS), None)
    return f"/problems/{known}" if known else "about:blank"


def problem(
    kind: str,
    said: tuple[int, str, str],
    correlation_id: UUID,
    faults: Sequence[Fault] = (),
    headers: dict[str, str] | None = None,
) -> web.Response:
    status, title, detail = said
    content = {
        "type": kind,
        "title": title,
        "status": status,
        "detail": detail,
        "faults": [{"where": fault.where, "why": fault.why} for fault in faults],
        "correlation_id": str(correlation_id),
    }
    return web.Response(
        status=status,
        body=json.dumps(content).encode(),
        headers={"Content-Type": PROBLEM_JSON, "Cache-Control": "no-store", **(headers or {})},
    )
