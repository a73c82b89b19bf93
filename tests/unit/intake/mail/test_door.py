"""The door: others wait while mails are taken in, and not for ever."""

import asyncio

import pytest

from services.intake.actions.mail.door import Door

LONG = 60.0


async def test_where_no_mail_is_taken_in_nobody_waits() -> None:
    assert await Door().falls_quiet(0)


async def test_others_wait_until_the_last_mail_is_kept() -> None:
    door = Door()
    with door.taking_in():
        with door.taking_in():
            waiting = asyncio.create_task(door.falls_quiet(LONG))
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
    assert await waiting


async def test_mail_that_never_stops_coming_in_keeps_others_no_longer_than_they_said() -> None:
    door = Door()
    with door.taking_in():
        assert not await door.falls_quiet(0.001)


async def test_a_mail_that_could_not_be_kept_is_gone_from_the_door() -> None:
    door = Door()
    with pytest.raises(ConnectionError), door.taking_in():
        raise ConnectionError
    assert door.is_quiet
