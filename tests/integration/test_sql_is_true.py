"""Every SQL constant in the house prepares against the migrated schema of whoever runs it."""

import importlib
import re
from pathlib import Path

import pytest

from services.cli.house import SERVICES
from shared.db import Database

ROOT = Path(__file__).parents[2]
KERNEL = (
    "cursors",
    "owners",
    "relay",
    "runtime",
    "said",
    "setaside",
    "timers",
    "timesource",
    "work",
    "web.idempotency",
)
LOOKS_LIKE_SQL = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")


def statements(module: str) -> list[tuple[str, str]]:
    return [
        (f"{module}.{name}", text)
        for name, text in vars(importlib.import_module(module)).items()
        if name.isupper() and isinstance(text, str) and LOOKS_LIKE_SQL.match(text)
    ]


def modules_of(service: str) -> list[str]:
    files = [ROOT / "services" / service / "store.py", *(ROOT / "services" / service / "store").rglob("*.py")]
    return [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files if file.exists()]


@pytest.mark.parametrize("service", [service.name for service in SERVICES])
async def test_every_statement_prepares(database: str, service: str) -> None:
    kernel = [f"shared.{module}" for module in KERNEL]
    found = [each for module in kernel + modules_of(service) for each in statements(module)]
    assert len(found) > len(KERNEL)
    house = Database(database, service, size=2)
    await house.open()
    async with house.connection() as db:
        for name, text in found:
            try:
                await db.prepare(text)
            except Exception as error:
                raise AssertionError(f"{name}: {error}") from error
    await house.close()
