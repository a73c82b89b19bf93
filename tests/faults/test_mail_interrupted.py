"""A database that goes away while a mail is placed: that is not the mail's fault, and it does not wait for it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.cli.house import SERVICES
from services.intake import timers
from services.intake.actions.mail import placing
from services.intake.app import SERVICE
from shared.errors import Unavailable
from shared.migrate import migrate
from tests.builders import a_workshop
from tests.integration.intake.post import MAILBOXES, PostRoom, a_mail
from tests.parts.councils import plain, take_up
from tests.parts.house import surroundings
from tests.parts.postgres import private_postgres

OFTEN = placing.STARTS + 1


async def test_a_mail_whose_database_is_killed_again_and_again_while_it_is_placed_is_read_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private_postgres() as server, surroundings({"ACCESSPOINT_DATA": str(tmp_path)}):
        await migrate(server.url, [service.schema for service in SERVICES])
        await take_up(server.url, plain() + MAILBOXES)
        async with a_workshop(server.url, SERVICE) as workshop:
            post = PostRoom(workshop)
            await post.keeps(a_mail())
            opened = placing.opened

            async def opened_and_killed(*arguments: Any) -> placing.ReadMail:
                read_mail = await opened(*arguments)
                await asyncio.to_thread(server.kill)
                return read_mail

            for _ in range(OFTEN):
                monkeypatch.setattr(placing, "opened", opened_and_killed)
                with pytest.raises(Unavailable):
                    await timers.place_mails(workshop)
                monkeypatch.setattr(placing, "opened", opened)
                await asyncio.to_thread(server.start)
            [mail] = await post.places()
            assert (mail["state"], mail["kind"], mail["starts"]) == ("placed", "ordinary", 1)
