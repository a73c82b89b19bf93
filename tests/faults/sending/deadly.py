"""Intake's sender in processes of their own, each of which ends at a chosen moment of sending a mail."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from random import SystemRandom
from typing import Any

from aiosmtplib import SMTP, SMTPResponse

from services.intake.actions import sending
from services.intake.app import SERVICE
from services.intake.domain.messages import Attempt
from services.intake.store import messages
from services.intake.store.messages import End
from shared.db import Connection
from shared.work import Work
from tests.builders import a_workshop
from tests.integration.intake.outbox import sends_all
from tests.parts.waiting import pause

LONGEST_IN_DATA = 0.03


class Moment(StrEnum):
    """When it ends."""

    NEVER = "never"
    BEFORE = "before anything is sent"
    IN_DATA = "while the mail is handed over"
    ANSWERED = "when 250 has come"
    RECORDING = "while that is recorded"


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def die_in_data(client: SMTP, message: bytes, **given: Any) -> SMTPResponse:
    handing_over = asyncio.ensure_future(DATA(client, message, **given))
    await pause(SystemRandom().uniform(0, LONGEST_IN_DATA))
    die()
    done: SMTPResponse = await handing_over
    return done


async def die_answered(_: sending.Ending, __: Work) -> None:
    die()


async def die_recording(db: Connection, attempt: Attempt, end: End) -> bool | None:
    """In the transaction, which is lost with it."""
    await END_ATTEMPT(db, attempt, end)
    die()
    return None


async def die_before(*_: object) -> None:
    die()


DATA: Callable[..., Any] = SMTP.data
END_ATTEMPT = messages.end_attempt
WHERE: dict[Moment, tuple[object, str, Callable[..., Any]]] = {
    Moment.BEFORE: (sending, "send_once", die_before),
    Moment.IN_DATA: (SMTP, "data", die_in_data),
    Moment.ANSWERED: (sending.Ending, "note", die_answered),
    Moment.RECORDING: (messages, "end_attempt", die_recording),
}


async def send(url: str, moment: Moment, ahead: timedelta) -> None:
    if moment in WHERE:
        setattr(*WHERE[moment])
    async with a_workshop(url, SERVICE, ahead=ahead) as workshop:
        await sends_all(workshop)


def main() -> None:
    """
    The argument is the database; each line read is a moment and by how many minutes the clock is ahead.

    A process is forked for each, so that all is loaded but once; what it ended with is written in a line.
    """
    for line in sys.stdin:
        moment, ahead = line.rstrip().split("|")
        child = os.fork()
        if child == 0:
            asyncio.run(send(sys.argv[1], Moment(moment), timedelta(minutes=float(ahead))))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
