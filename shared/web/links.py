"""OpenAPI links: which answers give what other operations of the same service ask for, found in the table of routes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from shared.web.routes import Route

VERSION = "version"
NAMES = (UUID, str)
"""What stands in a path."""


def links_of(route: Route, status: int, routes: Sequence[Route]) -> dict[str, Any]:
    """To every operation whose path can be filled from this answer, or from what its request named."""
    known = given_by(route, route.gives[status])
    return {
        target.name: {"operationId": target.name, "parameters": parameters}
        for target in routes
        if target is not route and (parameters := parameters_for(target, known)) is not None
    }


def given_by(route: Route, model: Any) -> dict[str, str]:
    """Where each name is found. What the answer says counts more than what the request said, what it lists, less."""
    named = {name: f"$request.path.{name}" for name in route.parameters}
    if not is_model(model):
        return named
    listed = {name: where for field, inner in lists_in(model) for name, where in fields_of(inner, f"/{field}/0")}
    return {**listed, **named, **dict(fields_of(model, ""))}


def parameters_for(target: Route, known: Mapping[str, str]) -> dict[str, str] | None:
    """None where the answer does not say enough. A version is that of the thing which stands beside it."""
    if not target.parameters or not known.keys() >= {*target.parameters, *required_in(target)}:
        return None
    found = {name: known[name] for name in target.parameters}
    if target.versioned:
        beside = known[target.parameters[0]].rpartition("/")[0]
        if known.get(VERSION) != f"{beside}/{VERSION}":
            return None
        found["If-Match"] = known[VERSION]
    return found


def required_in(target: Route) -> Iterator[str]:
    fields = target.query.model_fields if target.query is not None else {}
    return (name for name, field in fields.items() if field.is_required())


def fields_of(model: type[BaseModel], where: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        if field.annotation in NAMES or name == VERSION:
            yield name, f"$response.body#{where}/{name}"


def lists_in(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        inner = get_args(field.annotation)
        if get_origin(field.annotation) in (list, tuple) and inner and is_model(inner[0]):
            yield name, inner[0]


def is_model(what: Any) -> bool:
    return isinstance(what, type) and issubclass(what, BaseModel)
