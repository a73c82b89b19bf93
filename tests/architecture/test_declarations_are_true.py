"""What each service declares is what it does."""

import ast

import pytest

from services.cli.flow import drawn
from services.cli.house import SERVICES
from shared.runtime import Service
from shared.vocabulary import Role
from tests.architecture.tree import ROOT, modules, parsed

each_service = pytest.mark.parametrize("service", SERVICES, ids=[service.name for service in SERVICES])


@each_service
def test_it_says_exactly_what_it_declares(service: Service) -> None:
    """Every `work.say(Event(...))` in the source is listed in SERVICE.says, and nothing else is."""
    assert said_by(service.name) == {event.__name__ for event in service.says}


@each_service
def test_it_says_only_what_is_its_own_to_say(service: Service) -> None:
    assert {event.speaker for event in service.says} <= {service.name}


@each_service
def test_every_route_declares_who_may_call(service: Service) -> None:
    undeclared = [
        f"{route.method} {route.path}"
        for route in service.serves
        if not route.who or not all(isinstance(role, Role) for role in route.who)
    ]
    assert undeclared == []


def test_everything_heard_is_said() -> None:
    said = {event for service in SERVICES for event in service.says}
    heard = {hears.event for service in SERVICES for hears in service.hears}
    assert heard <= said


def test_the_drawing_of_who_hears_whom_is_fresh() -> None:
    """`accesspoint flow > docs/flow.md` draws it again."""
    assert (ROOT / "docs" / "flow.md").read_text("utf-8") == drawn(SERVICES)


def said_by(service: str) -> set[str]:
    return {
        ast.unparse(said.func) if isinstance(said, ast.Call) else f"not an event made on the spot: {ast.unparse(said)}"
        for file in modules(f"services/{service}")
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say"
        for said in node.args[:1]
    }
