"""Sizes, names and first sentences."""

import ast
import re

import pytest

from tests.architecture.tree import ROOT, modules, named, parsed, project_files

FILE_LINES = 400
FUNCTION_LINES = 40
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
SERVICES = ("intake", "routing", "crm", "sla")
SERVICE_PARTS = {
    "__init__", "app", "api", "pages", "channels", "handlers", "timers",
    "actions", "store", "gateways", "settings", "domain", "migrations",
}  # fmt: skip


def test_no_file_outgrows_one_idea() -> None:
    """A file that does becomes a package of the same name."""
    long = {named(file): n for file in modules(".") if (n := len(file.read_text().splitlines())) > FILE_LINES}
    assert long == {}


def test_no_function_outgrows_a_screen() -> None:
    long = {
        f"{named(file)}:{node.lineno} {node.name}": length
        for file in modules(".")
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}


def test_no_name_says_nothing() -> None:
    empty = [
        named(file)
        for file in project_files()
        if EMPTY_NAMES & {part.split(".")[0] for part in file.relative_to(ROOT).parts}
    ]
    assert empty == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_holds_only_the_parts_every_service_has(service: str) -> None:
    folder = ROOT / "services" / service
    strangers = {
        file.relative_to(folder).parts[0]
        for file in project_files()
        if file.is_relative_to(folder) and file.relative_to(folder).parts[0].removesuffix(".py") not in SERVICE_PARTS
    }
    assert strangers == set()


def test_migrations_are_numbered_and_say_what_they_do() -> None:
    wrong = [
        named(file)
        for file in project_files()
        if file.parent.name == "migrations" and not re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", file.name)
    ]
    assert wrong == []


def test_every_module_begins_with_a_sentence_about_what_is_in_it() -> None:
    silent = [named(file) for file in modules(".") if not (ast.get_docstring(parsed(file)) or "").strip()]
    assert silent == []


def test_no_test_sleeps() -> None:
    """Tests wait for conditions, with a deadline: see tests/parts/waiting.py. Giving way (0) is no sleep."""
    sleepers = [
        f"{named(file)}:{node.lineno}"
        for file in modules("tests")
        if file.name.startswith("test_") or file.name == "conftest.py"
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("sleep") and ast.unparse(node.args[0]) != "0"
    ]
    assert sleepers == []
