"""Each import contract is broken on purpose in a copy of the tree, and must be the one that complains."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

PLANTS = [
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


@pytest.mark.parametrize(("contract", "file", "line"), PLANTS)
def test_a_planted_violation_is_caught(contract: str, file: str, line: str, tmp_path: Path) -> None:
    for folder in ("services", "shared"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a") as planted:
        planted.write(f"\n{line}\n")
    assert contract in broken_in(tmp_path)


def test_every_contract_has_a_violation_planted_for_it() -> None:
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["name"] for contract in configured} == {name for name, _, _ in PLANTS}


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
