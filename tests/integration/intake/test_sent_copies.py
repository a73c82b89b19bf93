"""Copies of what was sent that are held back on their way: waited for, and then counted as maybe sent twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from services.intake.actions import sending
from tests.builders import Ear, a_cause
from tests.conftest import StartDovecot, StartPostfix
from tests.integration.intake.by_smtp import (
    JO,
    SENT,
    Copying,
    Setting,
    asks_for,
    maybe_twice,
    sends_copies,
    states,
    why,
)
from tests.integration.intake.desk import rows
from tests.integration.intake.outbox import Outbox
from tests.parts.ports import free_port
from tests.parts.waiting import until

JUST_LOST = sending.LOST_AFTER.total_seconds()


@pytest.fixture
def held_back(postfix: StartPostfix, dovecot: StartDovecot, setting: Setting, tmp_path: Path) -> Copying:
    """The server cannot hand on copies to the mailbox that is asked."""
    server, copies = postfix({"copies.example": (free_port(), "lmtp")}), dovecot({SENT: "secret"})
    sends_copies(setting, server, copies, tmp_path)
    return server, copies


@pytest.fixture
async def cut_off(outbox: Outbox, ear: Ear, enquiry: dict[str, Any], held_back: Copying) -> Copying:
    """A mail has left, and its sender was killed."""
    server, copies = held_back
    await asks_for(ear, enquiry, JO)
    attempt = await outbox.workshop.run([], sending.begin_attempt, a_cause())
    assert attempt is not None
    by = sending.carriers()
    assert (await sending.make_attempt(attempt, by)).sent
    await by.close()
    await until(lambda: server.received_by(JO), what="the mail")
    return server, copies


async def marked(outbox: Outbox) -> list[bool]:
    return [row["maybe_twice"] for row in sorted(await rows(outbox.workshop, "attempts"), key=lambda row: row["nth"])]


async def test_p28_a_copy_that_comes_late_is_waited_for(outbox: Outbox, cut_off: Copying) -> None:
    server, copies = cut_off
    for seconds in (JUST_LOST, 600):
        await outbox.sends(seconds=seconds)
        assert (await states(outbox), copies.uids(SENT)) == (["waiting"], [])
        assert "a copy of it is looked for" in str((await why(outbox))[-1])
    copies.put(SENT, server.received_by(JO))
    await outbox.sends(minutes=6)
    assert (await states(outbox), any(await marked(outbox))) == (["delivered"], False)
    assert len(server.received_by(JO)) == 1


async def test_p28_a_copy_that_never_comes_is_looked_for_so_long_and_what_is_then_sent_again_is_counted(
    outbox: Outbox, cut_off: Copying, setting: Setting
) -> None:
    server, _ = cut_off
    setting(sent_copies_seconds=60)
    before = maybe_twice()
    await outbox.sends(seconds=JUST_LOST)
    assert await states(outbox) == ["waiting"]
    await outbox.sends(minutes=6)
    assert (await states(outbox), await marked(outbox)) == (["delivered"], [False, False, True])
    await until(lambda: len(server.received_by(JO)) == 2, what="the second mail")
    assert maybe_twice() == before + 1


async def test_p28_what_is_found_at_the_last_look_is_not_counted(
    outbox: Outbox, cut_off: Copying, setting: Setting
) -> None:
    server, copies = cut_off
    setting(sent_copies_seconds=60)
    before = maybe_twice()
    copies.put(SENT, server.received_by(JO))
    await outbox.sends(hours=1)
    assert (await states(outbox), await marked(outbox)) == (["delivered"], [False, False])
    assert (maybe_twice(), len(server.received_by(JO))) == (before, 1)
