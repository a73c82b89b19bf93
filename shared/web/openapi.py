"""The OpenAPI 3.1 description of a service, made from its routes and models."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from shared.web.answer import JSON, Download
from shared.web.links import VERSION, links_of
from shared.web.media import CSV
from shared.web.problems import PROBLEM_JSON, Problem
from shared.web.routes import Route
from shared.web.uploads import FILE, MULTIPART, Uploads

REFS = "#/components/schemas/{model}"

SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A person's token, signed by the issuer.",
    },
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "ak_...",
        "description": "A machine's API key.",
    },
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new one for each command; the same one to repeat it and get its first answer again.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 255, "pattern": "^[ -~]{8,255}$"},
    "example": "0190163d-8694-739b-aea5-966c26f8ad91",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The version you saw, as ETag gave it. If it has changed meanwhile, the answer is 409.",
    "schema": {"type": "string", "pattern": '^("[0-9]{1,18}"|[0-9]{1,18})$'},
    "example": '"3"',
}
BINARY = {"type": "string", "format": "binary"}
CORRELATION = {
    "X-Correlation-ID": {
        "required": True,
        "description": "What everything that follows from this call is known by.",
        "schema": {"type": "string", "format": "uuid"},
    }
}
ETAG = {
    "ETag": {
        "required": True,
        "description": "The version of what is shown, to be sent as If-Match with a command about it.",
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    }
}
REPLAYED = {
    "Idempotent-Replay": {
        "description": "true when this is the first answer given again.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}


def openapi_of(name: str, about: str, routes: Sequence[Route], version: str = "1") -> dict[str, Any]:
    """All paths begin with the service's name, whether it runs alone or beside the others."""
    models = models_of(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(f"/{name}{route.path}", {})[route.method.lower()] = operation(route, models, routes)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Accesspoint {name}", "version": version, "description": about},
        "paths": paths,
        "components": {"schemas": models.components, "securitySchemes": SECURITY},
    }


@dataclass(frozen=True, slots=True)
class Models:
    """What refers to each model, and what is referred to."""

    refs: Mapping[Any, dict[str, Any]]
    components: dict[str, Any]

    def read(self, model: type[BaseModel]) -> dict[str, Any]:
        return self.refs[model, "validation"]

    def written(self, model: type[BaseModel]) -> dict[str, Any]:
        return self.refs[model, "serialization"]


def models_of(routes: Iterable[Route]) -> Models:
    """A model that comes in is described as it is read, one that goes out as it is written."""
    wanted: dict[tuple[type[BaseModel] | type[Any], JsonSchemaMode], None] = {(Problem, "serialization"): None}
    for route in routes:
        for model in (route.takes, route.query):
            if model is not None:
                wanted[model, "validation"] = None
        for given in route.gives.values():
            if given is not None and not issubclass(given, Download):
                wanted[given, "serialization"] = None
    refs, defined = models_json_schema(list(wanted), ref_template=REFS)
    return Models(refs, dict(sorted(defined.get("$defs", {}).items())))


def operation(route: Route, models: Models, routes: Sequence[Route]) -> dict[str, Any]:
    summary, _, more = (route.handler.__doc__ or "").strip().partition("\n")
    described: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"{summary}{more}",
        "x-roles": [str(role) for role in route.who],
        "security": security_of(route),
        "parameters": parameters_of(route, models),
        "responses": responses_of(route, models, routes),
    }
    if not described["description"]:
        del described["description"]
    if route.takes is not None:
        shape = models.read(route.takes)
        content: dict[str, Any] = {JSON: {"schema": shape, **example_of(route.takes)}}
        if route.uploads is not None:
            content[MULTIPART] = multipart(route.uploads, shape)
        described["requestBody"] = {"required": True, "content": content}
    return described


def multipart(uploads: Uploads, shape: Mapping[str, Any]) -> dict[str, Any]:
    """The same JSON in a part of its own, and files beside it."""
    properties = {uploads.part: shape, FILE: {"type": "array", "items": BINARY}}
    return {
        "schema": {"type": "object", "required": [uploads.part], "properties": properties},
        "encoding": {uploads.part: {"contentType": JSON}},
    }


def security_of(route: Route) -> list[dict[str, list[str]]]:
    either: list[dict[str, list[str]]] = [{scheme: []} for scheme in SECURITY]
    return [{}, *either] if route.is_public else either


def parameters_of(route: Route, models: Models) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": path_schema(name)} for name in route.parameters
    ]
    if route.query is not None:
        found += query_parameters(models.read(route.query), models)
    if route.command:
        found.append(IDEMPOTENCY_KEY)
    if route.versioned:
        found.append(IF_MATCH)
    return found


def path_schema(name: str) -> dict[str, str]:
    return {"type": "string", "format": "uuid"} if name.endswith("_id") else {"type": "string"}


def query_parameters(ref: Mapping[str, str], models: Models) -> list[dict[str, Any]]:
    """Each field by itself: parameters cannot refer to an object."""
    shape = models.components[ref["$ref"].rpartition("/")[2]]
    required = shape.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in shape.get("properties", {}).items()
    ]


def responses_of(route: Route, models: Models, routes: Sequence[Route]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, model in sorted(route.gives.items()):
        links = links_of(route, status, routes)
        found[str(status)] = {**given(status, model, route, models), **({"links": links} if links else {})}
    for status in sorted(statuses_refused(route)):
        found[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "headers": refusal_headers(status),
            "content": {PROBLEM_JSON: {"schema": models.written(Problem)}},
        }
    return found


def given(status: int, model: type[BaseModel] | type[Download] | None, route: Route, models: Models) -> dict[str, Any]:
    is_versioned = model is not None and issubclass(model, BaseModel) and VERSION in model.model_fields
    headers = {**CORRELATION, **(REPLAYED if route.command else {}), **(ETAG if is_versioned else {})}
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase, "headers": headers}
    if model is not None and issubclass(model, Download):
        described["content"] = {"*/*": {"schema": BINARY}}
    elif model is not None:
        described["content"] = {JSON: {"schema": models.written(model), **example_of(model)}}
        if route.as_csv and status == HTTPStatus.OK:
            described["content"][CSV] = {"schema": {"type": "string"}}
    return described


def refusal_headers(status: int) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        more["Retry-After"] = {"required": True, "description": "Seconds to wait.", "schema": {"type": "integer"}}
    if status == HTTPStatus.UNAUTHORIZED:
        more["WWW-Authenticate"] = {"required": True, "description": "Bearer", "schema": {"type": "string"}}
    return {**CORRELATION, **more}


def statuses_refused(route: Route) -> set[int]:
    """What the table says, and what follows from it."""
    found = {400, 401, 500, 503, *route.refuses}
    if not route.is_public:
        found.add(403)
    if route.parameters:
        found.add(404)
    if route.method != "GET":
        found.add(413)
    if route.takes is not None:
        found |= {415, 422}
    if route.query is not None or route.command:
        found.add(422)
    if route.versioned:
        found.add(409)
    return found


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    """A model gives examples in `json_schema_extra={"examples": [...]}`."""
    extra = model.model_config.get("json_schema_extra")
    examples = extra.get("examples") if isinstance(extra, dict) else None
    return {"example": examples[0]} if isinstance(examples, list) and examples else {}
