"""The table of what a service serves: each route says what it takes, gives, refuses, and who may call."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Required, TypedDict, TypeVar, Unpack, overload

from pydantic import BaseModel

from shared.vocabulary import Role
from shared.web.answer import Answer, Download
from shared.web.call import Call
from shared.web.uploads import Uploads

B = TypeVar("B", bound=BaseModel)
Gives = Mapping[int, type[BaseModel] | type[Download] | None]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATH = re.compile(r"/v\d+(/[a-z0-9._-]+|/\{[a-z_]+\})+")
PARAMETER = re.compile(r"\{([a-z_]+)\}")
ERROR_STATUSES = range(400, 600)


class Details(TypedDict, total=False):
    """
    `command` asks for an Idempotency-Key, `versioned` for If-Match; `refuses` lists further statuses.

    With `uploads` the body may also be multipart, and bring files; with `as_csv` its 200 can also be had as CSV.
    `instead` tells those who may not call what they can do.
    """

    summary: Required[str]
    query: type[BaseModel] | None
    gives: Gives
    refuses: Sequence[int]
    command: bool
    versioned: bool
    uploads: Uploads | None
    as_csv: bool
    instead: str


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table. Made by `route`, which checks it."""

    method: str
    path: str
    handler: Callable[[Call[Any]], Awaitable[Answer]]
    who: tuple[Role, ...]
    summary: str
    takes: type[BaseModel] | None
    query: type[BaseModel] | None
    gives: Gives
    refuses: tuple[int, ...]
    command: bool
    versioned: bool
    uploads: Uploads | None
    as_csv: bool
    instead: str

    @property
    def name(self) -> str:
        """What OpenAPI calls the operation."""
        return self.handler.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(PARAMETER.findall(self.path))

    @property
    def is_public(self) -> bool:
        return Role.PUBLIC in self.who


@overload
def route(
    method: str,
    path: str,
    handler: Callable[[Call[B]], Awaitable[Answer]],
    *,
    who: Sequence[Role],
    takes: type[B],
    **details: Unpack[Details],
) -> Route: ...


@overload
def route(
    method: str,
    path: str,
    handler: Callable[[Call[None]], Awaitable[Answer]],
    *,
    who: Sequence[Role],
    takes: None = None,
    **details: Unpack[Details],
) -> Route: ...


def route(
    method: str,
    path: str,
    handler: Callable[[Call[Any]], Awaitable[Answer]],
    *,
    who: Sequence[Role],
    takes: type[BaseModel] | None = None,
    **details: Unpack[Details],
) -> Route:
    """A line of a service's `SERVES`. Raises `ValueError` when it does not make sense, at import."""
    made = Route(
        method=method,
        path=path,
        handler=handler,
        who=tuple(who),
        summary=details["summary"],
        takes=takes,
        query=details.get("query"),
        gives=details.get("gives", {204: None}),
        refuses=tuple(details.get("refuses", ())),
        command=details.get("command", False),
        versioned=details.get("versioned", False),
        uploads=details.get("uploads"),
        as_csv=details.get("as_csv", False),
        instead=details.get("instead", ""),
    )
    for complaint in complaints(made):
        raise ValueError(f"{method} {path}: {complaint}")
    return made


def complaints(made: Route) -> list[str]:
    """What is wrong with a line of the table."""
    reads = made.method == "GET"
    checks = (
        (made.method in METHODS, f"the method is one of {', '.join(METHODS)}"),
        (PATH.fullmatch(made.path), "the path begins with a version, as in /v1/enquiries/{enquiry_id}"),
        (made.who, "say who may call; Role.PUBLIC for everybody"),
        (all(isinstance(role, Role) for role in made.who), "who may call is said in roles"),
        (made.summary.strip(), "say in one line what it is for"),
        (made.gives, "say what it gives"),
        (not set(made.gives) & set(ERROR_STATUSES), "what it refuses belongs in `refuses`"),
        (set(made.refuses) <= set(ERROR_STATUSES), "`refuses` holds statuses from 400"),
        (not (reads and (made.takes or made.command)), "GET takes no body and is no command"),
        (made.takes or made.uploads is None, "files come beside a body: say what it takes"),
        (forbids_extra(made.takes), f"{made.takes} must refuse unknown fields: make it a Body"),
        (forbids_extra(made.query), f"{made.query} must refuse unknown fields: make it a Query"),
    )
    return [complaint for holds, complaint in checks if not holds]


def forbids_extra(model: type[BaseModel] | None) -> bool:
    return model is None or model.model_config.get("extra") == "forbid"
