"""Accounts that are read on a workshop of a test's own, from a server of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.intake.channels.email.fetching import ACCOUNTS
from services.intake.settings import settings
from shared.entrances import Doorway
from shared.health import Health
from shared.settings import HouseSettings
from shared.work import Workshop
from tests.integration.intake.desk import rows
from tests.integration.intake.post import TO_US
from tests.parts.dovecot import PrivateDovecot
from tests.parts.mailing import simple_mail
from tests.parts.waiting import until

USER = "enquiries"
PASSWORD = "a secret"  # noqa: S105 - of the test's own server
JO = "Jo Miller <jo@example.org>"
LONG_AGO = datetime(2020, 1, 1, 8, tzinfo=UTC)
CUT_OVER = datetime(2026, 1, 5, 8, tzinfo=UTC)
PART = "account enquiries"
QUICKLY = 3.0


def accounts_file(place: Path, port: int, **changes: Any) -> Path:
    """With one account; None leaves a line out."""
    told: dict[str, Any] = {
        "name": "enquiries",
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "user": USER,
        "password": PASSWORD,
        "mailbox": "council",
        "cut_over": CUT_OVER,
        **changes,
    }
    lines = [f"{name} = {as_toml(value)}" for name, value in told.items() if value is not None]
    path = place / "accounts.toml"
    path.write_text("\n".join(["[[account]]", *lines, ""]))
    return path


def as_toml(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, int) else f'"{value}"'


def letters(how_many: int, about: str = "bin", size: int = 0) -> list[bytes]:
    return [
        simple_mail(sender=JO, to=TO_US, subject=f"{about} {nth}", text="x" * 70 + "\n" if not size else filling(size))
        for nth in range(how_many)
    ]


def filling(size: int) -> str:
    line = "All work and no play makes a long letter, and a longer one, and so on.\n"
    return line * (size // len(line))


@dataclass(slots=True)
class Reading:
    """One replica that reads, and how it fares."""

    workshop: Workshop
    health: Health = field(default_factory=Health)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> None:
        doorway = Doorway(self.workshop, HouseSettings(), self.health, self.stopping, lambda name, address: None)
        await ACCOUNTS.keep_open(doorway)

    @property
    def told(self) -> str:
        """What `/ready` says of the account; empty when it is read, or nobody knows yet."""
        return self.health.ready()[1].get(PART, "")

    @property
    def is_up(self) -> bool:
        return PART in self.health.parts and not self.told


@asynccontextmanager
async def reading(workshop: Workshop, file: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reading]:
    monkeypatch.setenv("ACCESSPOINT_INTAKE_MAIL_ACCOUNTS", str(file))
    settings.cache_clear()
    reader = Reading(workshop)
    task = asyncio.create_task(reader())
    try:
        yield reader
    finally:
        reader.stopping.set()
        await asyncio.wait_for(task, QUICKLY)


async def until_kept(workshop: Workshop, how_many: int, within: float = 20.0) -> list[dict[str, Any]]:
    """The mails, in the order of their UIDs."""

    async def kept() -> list[dict[str, Any]] | None:
        found = await rows(workshop, "mails")
        return found if len(found) >= how_many else None

    found = await until(kept, within=within, what=f"{how_many} mails to be kept")
    assert len(found) == how_many
    order = {row["mail_id"]: row["uid"] for row in await rows(workshop, "mail_uids")}
    return sorted(found, key=lambda mail: order[mail["mail_id"]])


async def until_read(workshop: Workshop, last_uid: int, within: float = 20.0) -> dict[str, Any]:
    """The position, once all up to there is settled."""

    async def read() -> dict[str, Any] | None:
        [position] = await rows(workshop, "mail_positions") or [{"last_uid": 0}]
        return position if position["last_uid"] >= last_uid else None

    position: dict[str, Any] = await until(read, within=within, what=f"a folder read up to {last_uid}")
    assert position["last_uid"] == last_uid
    return position


def flags(server: PrivateDovecot) -> dict[int, tuple[bytes, ...]]:
    """Of each mail, but for what the server itself says of new ones."""
    with server.session(USER, "INBOX") as client:
        client.select_folder("INBOX", readonly=True)
        found = client.get_flags(client.search())
    return {uid: tuple(flag for flag in told if flag != b"\\Recent") for uid, told in found.items()}


def soon() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=5)


class Memory:
    """How much more of it this process has needed at one moment since this was made, in bytes."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self.before = told_by_the_system("VmRSS")

    @property
    def more(self) -> int:
        return told_by_the_system("VmHWM") - self.before


def told_by_the_system(name: str) -> int:
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024
