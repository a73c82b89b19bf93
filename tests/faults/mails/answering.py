"""A machine elsewhere that answers every mail it gets, as another council's system or a shop's would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as AS_SENT
from email.utils import parseaddr
from enum import StrEnum
from functools import partial

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.parts.mailing import HERE, Posting, send, simple_mail
from tests.parts.ports import free_port


class Manners(StrEnum):
    """How it answers: as RFC 3834 asks; like a person, to the address for replies; or like another, to the mailbox."""

    POLITE = "polite"
    TO_REPLY_TO = "replying"
    TO_MAILBOX = "anew"


@dataclass(slots=True)
class Machine:
    """By way of the mail server at `server_port`, which relays its domain to `port`."""

    manners: Manners
    port: int = field(default_factory=free_port)
    server_port: int = 0
    got: list[EmailMessage] = field(default_factory=list)

    @property
    def domain(self) -> str:
        return f"{self.manners}.example"

    @property
    def address(self) -> str:
        return f"orders@{self.domain}"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802  the library's name
        mail = message_from_bytes(bytes(envelope.original_content or b""), policy=AS_SENT)
        assert isinstance(mail, EmailMessage)
        self.got.append(mail)
        await asyncio.to_thread(send, self.server_port, self.answer(mail))
        return "250 2.0.0 It is answered."

    def answer(self, mail: EmailMessage) -> Posting:
        to_us = str(mail["From" if self.manners is Manners.TO_MAILBOX else "Reply-To"])
        told = {}
        if self.manners is Manners.POLITE:
            told = {
                "Auto-Submitted": "auto-replied",
                "In-Reply-To": str(mail["Message-ID"]),
                "References": str(mail["Message-ID"]),
            }
        return self.posting(parseaddr(to_us)[1], told)

    def posting(self, to_us: str, told: dict[str, str] | None = None) -> Posting:
        """Each with a Message-ID of its own, and words that no rule can tell from a person's."""
        raw = simple_mail(
            sender=self.address, to=to_us, subject="Your order 4711", text="Where is the parcel now?", headers=told
        )
        return Posting(raw, self.address, (to_us,))


@asynccontextmanager
async def listening(machines: Sequence[Machine]) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        for machine in machines:
            protocol = partial(SMTP, machine, hostname=machine.domain, loop=loop)
            await stack.enter_async_context(await loop.create_server(protocol, HERE, machine.port))
        yield
