"""Reads what a caller sent: body, query, If-Match. Each fault is told with its place."""

import json
import re
import types
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin

from aiohttp import web
from pydantic import BaseModel, ValidationError

from shared.errors import Fault, Invalid, Refused, TooLarge
from shared.web.answer import JSON
from shared.web.faults import places_with_nul, refusal_of, refusal_of_nul

M = TypeVar("M", bound=BaseModel)

VERSION_FORM = re.compile(r'"(\d{1,18})"|(\d{1,18})')
NUL_ESCAPE = b"\\u0000"
LISTS = (list, tuple, set, frozenset)


async def read_body(request: web.Request, limit: int) -> bytes:
    """The bytes of the body, of which never more than `limit` are held."""
    too_large = TooLarge(f"The body is larger than {limit:,} bytes: send less, and files as attachments.")
    if (request.content_length or 0) > limit:
        raise too_large
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None
    except web.RequestPayloadError:
        raise Refused("The body broke off, or is not encoded as its headers say: send it again.") from None


def require_json(content_type: str | None) -> None:
    if content_type == JSON:
        return
    kind, _, parameters = (content_type or "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() != JSON or charset not in ("", "charset=utf-8"):
        raise web.HTTPUnsupportedMediaType


def parse_body(model: type[M], raw: bytes) -> M:
    """
    Straight from bytes to the model. Of a name that comes twice the last one counts, as most readers have it.

    The parser refuses control characters as such, and lone surrogates; only an escaped NUL gets past it.
    """
    try:
        body = model.model_validate_json(raw)
    except ValidationError as error:
        raise refusal_of(error, "body") from None
    if NUL_ESCAPE in raw:
        places = list(places_with_nul(json.loads(raw), "body"))
        if places:
            raise refusal_of_nul(places)
    return body


def refuse_body(raw: bytes) -> None:
    if raw.strip() not in (b"", b"{}"):
        raise Refused("This address takes no body: send none.")


def parse_query(model: type[M], request: web.Request) -> M:
    """A name may come several times only where the model has a list."""
    several = lists_of(model)
    given: dict[str, Any] = {}
    for name, text in request.query.items():
        if "\0" in text or "\0" in name:
            raise refusal_of_nul([f"query.{name}"])
        if name in several:
            given.setdefault(name, []).append(text)
        elif name in given:
            fault = Fault(f"query.{name}", "write this once")
            raise Invalid(f"Please correct {fault.where}: {fault.why}.", [fault])
        else:
            given[name] = text
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise refusal_of(error, "query") from None


@cache
def lists_of(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for name, field in model.model_fields.items() if is_list(field.annotation))


def is_list(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return any(is_list(inner) for inner in get_args(annotation))
    return (origin or annotation) in LISTS


def parse_if_match(header: str | None) -> int:
    """The version the caller saw, as `ETag` gave it."""
    match = VERSION_FORM.fullmatch(header.strip()) if header else None
    if match is None:
        raise Refused(
            'Send the header If-Match with the version you saw, as the last answer\'s ETag gave it: If-Match: "3".'
        )
    return int(match.group(1) or match.group(2))
