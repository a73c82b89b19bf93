"""A listener for mail on a workshop of a test's own, strangers who send to it, and the sweep that places what came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.intake import timers
from services.intake.actions.mail import keeping
from services.intake.channels.email.listening import LMTP_LISTENER, SMTP_LISTENER
from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.model import Arrived, ArrivedBy
from shared.entrances import Doorway
from shared.health import Health
from shared.settings import HouseSettings
from shared.work import Work, Workshop
from tests.builders import Spoken, a_cause, said_by
from tests.integration.intake.desk import rows
from tests.parts.waiting import until

TO_US = "enquiries@anytown.example"
TO_WASTE = "waste@anytown.example"
MAILBOXES = """
[[mailbox]]
code = "council"
name = "Anytown Council"
addresses = ["enquiries@anytown.example", "hello@anytown.example"]

[[mailbox]]
code = "waste"
name = "Waste and recycling"
addresses = ["waste@anytown.example"]
queue = "general"
"""


@dataclass(slots=True)
class Door:
    """Where a listener is open, and how it fares."""

    health: Health = field(default_factory=Health)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    addresses: dict[str, str] = field(default_factory=dict)

    def port(self, name: str) -> int:
        return int(self.addresses[name].rpartition(":")[2])


@asynccontextmanager
async def listening(workshop: Workshop, data: Path) -> AsyncIterator[Door]:
    """By SMTP and by LMTP, each on a free port."""
    door = Door()
    house = HouseSettings(data=data, smtp_port=0, lmtp_port=0)
    doorway = Doorway(workshop, house, door.health, door.stopping, door.addresses.__setitem__)
    open_doors = [asyncio.ensure_future(each.keep_open(doorway)) for each in (SMTP_LISTENER, LMTP_LISTENER)]
    try:
        await until(lambda: len(door.addresses) == len(open_doors), what="the listeners")
        yield door
    finally:
        door.stopping.set()
        await asyncio.gather(*open_doors)


def a_mail(text: str = "The green bin was not emptied.", **headers: str) -> bytes:
    """As a person would write it. A header given as an empty text is left out."""
    told = {
        "From": "Jo Miller <jo@example.org>",
        "To": TO_US,
        "Subject": "Missed bin",
        "Date": "Mon, 02 Mar 2026 09:00:00 +0000",
        "Message-ID": "<first@example.org>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{name}: {value}" for name, value in told.items() if value]
    return "\r\n".join([*lines, "", *text.splitlines(), ""]).encode()


def a_bounce_of(sent: Any, failed: str = "jo@example.org") -> bytes:
    """As Postfix tells it, with the headers of what came back."""
    returned = "\n".join(f"{name}: {value}" for name, value in sent.items() if name in {"Message-ID", "To", "Subject"})
    return a_mail(
        "--b\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mail.example.org\n\nFinal-Recipient: rfc822; {failed}\nAction: failed\n"
        "Status: 5.1.1\nDiagnostic-Code: smtp; 550 No such user\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{returned}\n\n--b--",
        From="MAILER-DAEMON@example.org",
        Subject="Undelivered Mail Returned to Sender",
        Message_ID=f"<bounce-of-{str(sent['Message-ID']).strip('<>')}>",
        MIME_Version="1.0",
        Content_Type="multipart/report; report-type=delivery-status; boundary=b",
    )


@dataclass(frozen=True, slots=True)
class PostRoom:
    """What becomes of mails, without a server in between."""

    workshop: Workshop

    async def keeps(self, raw: bytes, *, mailbox: str = "council", **fields: Any) -> None:
        given: dict[str, Any] = {"by": ArrivedBy.SMTP, "sent_from": "jo@example.org", "sent_to": TO_US, **fields}
        arrived = [Arrived(mailbox=mailbox, raw=raw, **given)]

        async def action(work: Work) -> None:
            await keeping.keep(work, arrived, identity_of(raw))

        await self.workshop.run([], action, a_cause())

    async def places(self) -> list[dict[str, Any]]:
        """Whatever waits; all mails there are, in the order in which they came."""
        woken, wake = {keeping.PLACE}, self.workshop.on_wake
        self.workshop.on_wake = woken.add
        while woken:
            woken.clear()
            await timers.place_mails(self.workshop)
        self.workshop.on_wake = wake
        return sorted(await rows(self.workshop, "mails"), key=lambda mail: (mail["kept_at"], mail["mail_id"]))

    async def takes(self, raw: bytes, **fields: Any) -> dict[str, Any]:
        """Kept and placed: the row of the latest mail."""
        await self.keeps(raw, **fields)
        return (await self.places())[-1]

    async def said(self, *names: str) -> list[Spoken]:
        return [spoken for spoken in await said_by(self.workshop) if not names or spoken.name in names]

    async def contacts(self) -> Sequence[dict[str, Any]]:
        return await rows(self.workshop, "contacts")
