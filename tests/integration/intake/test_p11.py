"""What comes in from an older system goes out to nobody."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from services.crm.app import SERVICE as CRM
from services.intake.app import SERVICE as INTAKE
from services.intake.timers import send_messages
from services.routing.app import SERVICE as ROUTING
from services.routing.timers import choose, release
from shared.vocabulary import Presence, Role
from tests.builders import ADA, a_workshop, said_by
from tests.integration.intake.desk import rows
from tests.integration.intake.importing import IMPORTS, TARGET, a_row, closed
from tests.integration.offering import be
from tests.parts.house import house_in_this_process, token_in
from tests.parts.ledger import until_all_is_heard

ROWS = int(os.environ.get("ACCESSPOINT_TEST_IMPORTED", "300"))
"""`make proof` takes ten thousand."""
AT_ONCE = 100
HEARD_WITHIN = 60.0 + ROWS / 20


@pytest.mark.timeout(3 * HEARD_WITHIN)
async def test_p11_an_import_sends_nothing(database: str, tmp_path: Path) -> None:
    """
    With the whole house at work: everybody can be written to, everything was due long ago, half of it is open, and an
    adviser of its queue is ready. They are offered it by the release, and not before.
    """
    async with (
        house_in_this_process(database, tmp_path) as house,
        ClientSession(house.url("intake")) as session,
    ):
        head = {"Authorization": f"Bearer {token_in(house, 'sam', Role.ICT)}"}
        path = await brought_in(session, head)
        await until_all_is_heard(database, HEARD_WITHIN)
        async with a_workshop(database, ROUTING) as routing:
            await be(routing, Presence.READY, ADA)
            await release(routing)
            await choose(routing)
            assert (await rows(routing, "tasks"), len(await rows(routing, "held"))) == ([], ROWS // 2)
            assert {each.name for each in await said_by(routing)} == {"presence.changed"}
        async with session.post(f"{path}/release", headers=head) as answer:
            assert answer.status == 200
        await until_all_is_heard(database, HEARD_WITHIN)
        async with (
            a_workshop(database, INTAKE) as intake,
            a_workshop(database, CRM) as crm,
            a_workshop(database, ROUTING) as routing,
        ):
            await release(routing)
            await choose(routing)
            assert (len(await rows(routing, "tasks")), await rows(routing, "held")) == (ROWS // 2, [])
            assert len(await rows(routing, "offers")) > 0
            await send_messages(intake)
            assert (await rows(intake, "messages"), await rows(intake, "attempts")) == ([], [])
            assert len(await rows(crm, "enquiries")) == ROWS
            told = Counter(each.name for each in await said_by(crm))
    assert told == {"citizen.identified": ROWS // 2}
    assert written_to(tmp_path) == []


async def brought_in(session: ClientSession, head: dict[str, str]) -> str:
    """The path of their import."""
    begun = {"system": "old", "file_name": "q1.csv", "file_digest": "a" * 64, "map_digest": "b" * 64}
    async with session.post(IMPORTS, json=begun, headers=head) as answer:
        path = f"{IMPORTS}/{(await answer.json())['import_id']}"
    for first in range(2, ROWS + 2, AT_ONCE):
        batch = [reachable(line) for line in range(first, first + AT_ONCE)]
        body = {"after": first - 1 if first > 2 else 0, "up_to": first + AT_ONCE - 1, "rows": batch}
        async with session.post(f"{path}/rows", json=body, headers=head) as answer:
            assert (await answer.json())["accepted"] == AT_ONCE
    return path


def reachable(line: int) -> dict[str, Any]:
    row = a_row(line, due_at=TARGET) if line % 2 else closed(line)
    return {**row, "channel": "email", "citizen_name": "Jo Miller", "citizen_email": f"jo-{line}@example.org"}


def written_to(folder: Path) -> list[Path]:
    """Files that name one of them."""
    return [file for file in folder.rglob("*") if file.is_file() and b"example.org" in file.read_bytes()]
