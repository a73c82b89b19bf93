"""Those who send, in trouble: the database goes away, the process is told to stop, and several send at once."""

import pytest

from services.intake import timers
from services.intake.actions import sending
from shared.errors import Unavailable
from shared.work import Workshop
from tests.builders import Ear
from tests.integration.intake.carrying import Unwilling, a_message, later, outcome
from tests.integration.intake.desk import Desk


async def test_what_was_sent_while_the_database_went_away_is_noted_before_anything_else_is_begun(
    desk: Desk, ear: Ear, workshop: Workshop, carrier: Unwilling
) -> None:
    carrier.can_be_asked = False
    await a_message(desk, ear)
    await a_message(desk, ear)
    carrier.on_send = workshop.database.close
    for _ in range(2):
        with pytest.raises(Unavailable):
            await timers.send_messages(workshop)
    assert len(carrier.carried) == 1
    await workshop.database.open()
    carrier.on_send = None
    later(workshop, sending.LOST_AFTER)
    await timers.send_messages(workshop)
    assert len(carrier.carried) == 2
    assert [spoken.name for spoken in await outcome(workshop)] == ["message.delivered"] * 2
