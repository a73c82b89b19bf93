"""Each import contract is broken on purpose in a copy of the tree, and must be the one that complains."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.architecture.tree import ROOT

Plant: TypeAlias = tuple[str, str, str]
"""The contract, the file in which it is broken, and the line that breaks it."""
PLANTS: list[Plant] = [
    ("Services meet only through events", "services/crm/actions/deciding.py", "import services.intake.app"),
    ("Only the command line knows every service", "services/crm/actions/deciding.py", "import services.cli.embedded"),
    ("Only the command line knows every service", "services/billing.py", "fifth = True"),
    ("Inside a service, imports point down", "services/crm/domain/enquiries.py", "import services.crm.actions"),
    ("Inside a service, imports point down", "services/crm/utils.py", "anything = True"),
    ("An import reads below, tells above", "services/cli/importing/lines.py", "import services.cli.importing.maps"),
    ("Shared knows no service", "shared/errors.py", "import services.crm.app"),
    ("Domain is pure", "services/crm/domain/enquiries.py", "import asyncio"),
    ("No service touches a driver", "services/crm/store/enquiries.py", "import asyncpg"),
    ("Handlers and timers act only through actions", "services/crm/handlers.py", "import services.crm.store.enquiries"),
    ("Handlers and timers act only through actions", "services/sla/timers.py", "import services.sla.store"),
    ("Shared has floors", "shared/errors.py", "import shared.work"),
    ("Shared has floors", "shared/helpers.py", "anything = True"),
]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Plant, Future[set[str]]]]:
    """By each violation, the contracts that complain. They are looked for side by side."""
    with ThreadPoolExecutor(os.cpu_count()) as several:
        yield {plant: several.submit(broken_by, plant, tmp_path_factory.mktemp("tree")) for plant in PLANTS}


@pytest.mark.parametrize("plant", PLANTS, ids="-".join)
def test_a_planted_violation_is_caught(plant: Plant, broken: dict[Plant, Future[set[str]]]) -> None:
    assert plant[0] in broken[plant].result()


def test_every_contract_has_a_violation_planted_for_it() -> None:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in configured} == {name for name, _, _ in PLANTS}


def broken_by(plant: Plant, tree: Path) -> set[str]:
    _, file, line = plant
    for folder in ("services", "shared"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    with (tree / file).open("a") as planted:
        planted.write(f"\n{line}\n")
    return broken_in(tree)


def broken_in(tree: Path) -> set[str]:
    """The names of the contracts that do not hold there."""
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ran.stdout.splitlines()
    assert any("BROKEN" in line for line in lines), ran.stdout + ran.stderr
    return {line.removesuffix("BROKEN").strip() for line in lines if line.rstrip().endswith("BROKEN")}
