"""Answers that leave by SMTP: asked for, set up, and what became of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.intake.settings import settings
from shared.telemetry import REGISTRY
from tests.builders import Ear
from tests.integration.intake.desk import rows
from tests.integration.intake.outbox import Outbox, a_reply_on
from tests.parts.dovecot import PrivateDovecot
from tests.parts.postfix import PrivatePostfix

JO = "jo@example.org"
SENT = "sent@copies.example"
ACCOUNT = """
[[account]]
name = "sent"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "sent@copies.example"
password = "secret"
"""


class Setting:
    """Of intake, as by a variable."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def __call__(self, **values: object) -> None:
        for name, value in values.items():
            self.monkeypatch.setenv(f"ACCESSPOINT_INTAKE_{name.upper()}", str(value))
        settings.cache_clear()


Copying = tuple[PrivatePostfix, PrivateDovecot]


def sends_copies(setting: Setting, server: PrivatePostfix, copies: PrivateDovecot, place: Path) -> None:
    """Everything is sent by that server, and copies of it are looked for in that mailbox."""
    (place / "accounts.toml").write_text(ACCOUNT.format(port=copies.port))
    setting(
        smtp_url=f"smtp://127.0.0.1:{server.port}",
        mail_accounts=place / "accounts.toml",
        sent_copies="sent",
        sent_copies_address=SENT,
    )


async def asks_for(ear: Ear, enquiry: dict[str, Any], *addresses: str) -> None:
    for address in addresses:
        await ear.hears(a_reply_on(UUID(enquiry["enquiry_id"]), enquiry["reference"], citizen_email=address))


async def states(outbox: Outbox) -> list[str]:
    return [row["state"] for row in sorted(await outbox.messages(), key=lambda row: row["requested_at"])]


async def why(outbox: Outbox) -> list[str | None]:
    """Of each attempt."""
    return [row["why"] for row in sorted(await rows(outbox.workshop, "attempts"), key=lambda row: row["begun_at"])]


def maybe_twice() -> float:
    return REGISTRY.get_sample_value("accesspoint_messages_maybe_twice_total", {"service": "intake"}) or 0.0
