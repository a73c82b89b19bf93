"""Borders that import contracts cannot draw."""

import ast

import grimp
import pytest

from tests.architecture.tree import ROOT, modules, named, parsed, project_files

TRANSACTIONS_BEGIN_IN = {
    "shared/db.py",  # what opens one
    "shared/migrate.py",  # each service's migrations
    "shared/relay.py",  # placing events, which must not be part of anybody's work
    "shared/work.py",  # everything else
}
# In pieces, so that this file is not its own finding.
PLACES_OF_ONE_MACHINE = (
    "/ho" + "me/",
    "/ro" + "ot/",
    "/wo" + "rk/",
    "/Us" + "ers/",
    "/opt" + "/pypi",
    "/opt" + "/wheels",
)
REGISTRIES = ("py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js", "deb.deb" + "ian.org")


def test_a_transaction_begins_only_where_works_are_made() -> None:
    begun = {
        named(file)
        for file in modules("services", "shared")
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "transaction"
    }
    assert begun <= TRANSACTIONS_BEGIN_IN


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("services", "shared", cache_dir=None)


def test_shared_is_shared(graph: grimp.ImportGraph) -> None:
    """Each part of shared/ serves two services, or another part of shared/."""
    lonely = {part: users for part in graph.find_children("shared") if not enough(users := users_of(part, graph))}
    assert lonely == {}


def users_of(part: str, graph: grimp.ImportGraph) -> set[str]:
    inside = {part} | graph.find_descendants(part)
    importers = {user for module in inside for user in graph.find_modules_that_directly_import(module)}
    return {".".join(user.split(".")[:2]) for user in importers} - {part}


def enough(users: set[str]) -> bool:
    services = {user for user in users if user.startswith("services.")}
    return bool(users - services) or len(services) > 1


def test_nothing_names_a_machine_or_a_registry() -> None:
    """What is committed works anywhere: no paths of one machine, no addresses of package registries."""
    wanted = (*PLACES_OF_ONE_MACHINE, *REGISTRIES, f"{ROOT}/")
    found = [
        f"{named(file)}:{number} {word}"
        for file in project_files()
        for number, line in enumerate(file.read_bytes().decode("utf-8", "replace").splitlines(), start=1)
        for word in wanted
        if word in line
    ]
    assert found == []
