"""A council with a mail server: `accesspoint up`, a Postfix that strangers send to, and a Dovecot where one is read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import asyncpg

from tests.faults import records
from tests.faults.house import EmbeddedDatabase, House, Victim, until_ready
from tests.integration.intake.fetching import LONG_AGO, PASSWORD, accounts_file
from tests.integration.intake.post import MAILBOXES, TO_US
from tests.parts.councils import plain
from tests.parts.dovecot import PrivateDovecot, private_dovecot
from tests.parts.house import NAMES, EmbeddedHouse
from tests.parts.ports import free_port
from tests.parts.postfix import PrivatePostfix, Relays, private_postfix
from tests.parts.programs import carry_out
from tests.parts.scratch import scratch
from tests.parts.waiting import until

DOMAIN = "anytown.example"
OF_THE_MAILBOX = "mailbox.example"
"""Whatever is sent to this domain goes to the mailbox that is read, also where the council's own does not."""
USER = f"enquiries@{OF_THE_MAILBOX}"


BUSY = """
SELECT (SELECT count(*) FROM intake.mails WHERE state IN ('kept', 'reading'))
     + (SELECT count(*) FROM intake.messages WHERE state IN ('waiting', 'sending'))
"""
CUT_OFF = """
SELECT set_aside_id::text FROM {service}.set_aside
 WHERE state = 'parked' AND wanted IS NULL AND why LIKE 'its handling was started%'
"""
# Of its own accord it would wait a quarter of an hour before it took a mail for lost that a killed process was sending.
IN_A_HURRY = (sys.executable, "-m", "tests.faults.mails.hasty")
NO_LIMIT = 100_000
"""Mails in an hour: more than are sent here, so that no receipt has to wait for the next one."""
AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
QUIET_WITHIN = 300.0
LOOKS = 3


class Way(StrEnum):
    """How the council's mail comes to us: its server brings it, or we fetch it."""

    SMTP = "smtp"
    IMAP = "imap"


@dataclass(frozen=True, slots=True)
class Town:
    """The house, the mail server in front of it, and the server of the mailbox that it reads, if it reads one."""

    house: House
    postfix: PrivatePostfix
    dovecot: PrivateDovecot | None

    @property
    def database(self) -> str:
        return self.house.database


@asynccontextmanager
async def town(
    *, reads: bool = False, relays: Relays | None = None, told: Mapping[str, str] | None = None
) -> AsyncIterator[Town]:
    """
    Started, though perhaps not ready. Its mail server relays the council's domain to it, and others as told.

    `reads` gives it a mailbox to read by IMAP. With `relays`, it sends its own mail by that server too.
    """
    with scratch("mails") as folder, ExitStack() as stack:
        smtp_port = free_port()
        dovecot = stack.enter_context(private_dovecot({USER: PASSWORD})) if reads else None
        to_read: Relays = {OF_THE_MAILBOX: (dovecot.lmtp_port, "lmtp")} if dovecot else {}
        postfix = stack.enter_context(private_postfix({DOMAIN: (smtp_port, "smtp"), **to_read, **(relays or {})}))
        settings = {
            "ACCESSPOINT_SMTP_PORT": str(smtp_port),
            "ACCESSPOINT_INTAKE_MAILS_PER_HOUR": str(NO_LIMIT),
            **accounts(folder, dovecot),
            **(told or {}),
        }
        if relays:
            settings["ACCESSPOINT_INTAKE_SMTP_URL"] = f"smtp://127.0.0.1:{postfix.port}"
        house = EmbeddedHouse(folder, settings, IN_A_HURRY, plain() + MAILBOXES)
        stack.callback(house.close)
        house.start()
        victims: dict[str, Victim] = {"house": house.program, "database": EmbeddedDatabase(folder / "data")}
        addresses = dict.fromkeys(NAMES, house.program.url)
        yield Town(House(house.database_url, addresses, house.settings, victims), postfix, dovecot)


async def until_quiet(there: Town, within: float = QUIET_WITHIN) -> int:
    """
    Every mail is placed, and all that follows from it is done. What a killed process had begun takes a while.

    Gives how many events had to be replayed.
    """
    await until_ready(there.house)
    quiet = replayed = 0

    async def nothing_moves() -> bool:
        nonlocal quiet, replayed
        try:
            replayed += await replay(there)
            quiet = quiet + 1 if await is_at_rest(there) else 0
        except AWAY:
            quiet = 0
        return quiet >= LOOKS

    await until(nothing_moves, within=within, what="quiet")
    return replayed


async def is_at_rest(there: Town) -> bool:
    if not there.postfix.queue_is_empty():
        return False
    async with records.records_of(there.database) as found:
        return not await found.value(BUSY) and not await records.restlessness(found)


async def replay(there: Town) -> int:
    """What a person does about events whose process ended twice under them: by then, they might have been why."""
    async with records.records_of(there.database) as found:
        parked = [event for service in NAMES for event in await found.column(CUT_OFF.format(service=service))]
    for event in parked:
        arguments = ["parked", "replay", event]
        await asyncio.to_thread(carry_out, arguments, {"ACCESSPOINT_DATA": str(there.house.settings.data)})
    return len(parked)


def accounts(folder: Path, dovecot: PrivateDovecot | None) -> dict[str, str]:
    if dovecot is None:
        return {}
    file = accounts_file(folder, dovecot.port, user=USER, cut_over=LONG_AGO)
    return {"ACCESSPOINT_INTAKE_MAIL_ACCOUNTS": str(file)}


def address(by: Way) -> str:
    """Where a stranger writes to, for the mail to come this way."""
    return TO_US if by is Way.SMTP else USER
