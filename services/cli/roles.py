"""Draws docs/roles.md from the services' routes: who may call what."""

from collections.abc import Iterable, Sequence

from shared.runtime import Service
from shared.vocabulary import Role
from shared.web import Route

HEAD = """\
# Who may call what

Drawn from the services' routes; `make check` fails while it is stale. Do not edit it: change a route,
then run `accesspoint roles > docs/roles.md`.

`public` needs no credential, `machine` shows an API key, the others a token. What anybody may do, everybody may; with a
credential that is not good nobody may do anything. Who may call a route may still be told that there is nothing
there: partners and heads of service see what is or was on their queues.
"""
MAY = "●"


def drawn(services: Sequence[Service]) -> str:
    """The whole page. The same services always give the same page."""
    return "\n".join([HEAD, *(table(service) for service in services)])


def table(service: Service) -> str:
    heads = ["route", *(role.replace("_", " ") for role in Role)]
    lines = [f"## {service.name}", row(heads), row(["---", *(":-:" for _ in Role)])]
    lines += [row([f"`{route.method} {route.path}`", *marks(route)]) for route in service.serves]
    return "\n".join([*lines, ""])


def marks(route: Route) -> list[str]:
    return [MAY if may_call(role, route) else "" for role in Role]


def may_call(role: Role, route: Route) -> bool:
    """What the public may do, whoever signs in may do as well."""
    return route.is_public or role in route.who


def row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
