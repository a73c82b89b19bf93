"""The page of who may call what is what the routes say."""

from services.cli.house import SERVICES
from services.cli.roles import MAY, drawn
from shared.vocabulary import Role
from tests.architecture.tree import ROOT


def test_the_drawing_of_who_may_call_what_is_fresh() -> None:
    """`accesspoint roles > docs/roles.md` draws it again."""
    assert (ROOT / "docs" / "roles.md").read_text("utf-8") == drawn(SERVICES)


def test_every_route_has_a_line_and_every_role_a_column() -> None:
    lines = [line for line in drawn(SERVICES).splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in lines] == [
        f"{route.method} {route.path}" for service in SERVICES for route in service.serves
    ]
    assert {line.count("|") for line in lines} == {len(Role) + 2}
    assert all(MAY in line for line in lines)
