"""What is answered to a mail server: 250 once the mail is durable, 451 when it must come again, 550 for a stranger."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from ipaddress import ip_address

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from services.intake.actions.mail import keeping, mailboxes
from services.intake.actions.mail.door import door_of
from services.intake.channels.email.content import LONGEST_PIECE, content_from
from services.intake.channels.email.intray import InTray
from services.intake.domain.mail.model import Arrived, ArrivedBy
from services.intake.settings import settings
from shared import telemetry
from shared.errors import Unavailable
from shared.vocabulary import new_id
from shared.work import Workshop

log = structlog.get_logger()

OK = "250 2.1.0 OK"
KEPT = "250 2.0.0 It is kept."
AGAIN = "451 4.3.0 It cannot be stored just now: please try again later."
NOT_FROM_YOU = "550 5.7.1 Mail is taken only from the council's own mail servers."
NOBODY = "550 5.1.1 This is no mailbox of the council."
TOO_LARGE = "552 5.3.4 It is larger than what is taken here."
NO_RECIPIENT = "503 5.5.1 It has no recipient: send RCPT first."
NO_WORDS = "501 5.5.4 Syntax: DATA"
GO_ON = "354 End data with <CR><LF>.<CR><LF>"
SMALL = 64 * 1024
"""Bytes that are looked at sooner than handed to another thread."""
NULL_PATH = "<>"


class Cover(Envelope):
    """What the sending server said about a mail; beside each recipient the code of the mailbox that is theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.correlation_id = new_id()
        self.mailboxes: list[str] = []


class Smtp(SMTP):
    """As the library has it, but that lines may be of any length, and that who is connected can be told to go."""

    line_length_limit = LONGEST_PIECE

    def _create_envelope(self) -> Cover:
        return Cover()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.event_handler.connected.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.connected.discard(self)
        super().connection_lost(error)

    @syntax("DATA")
    async def smtp_DATA(self, words: str | None) -> None:  # noqa: N802  the library's name
        envelope = self.envelope
        if envelope is None or await self.check_helo_needed() or await self.check_auth_needed("DATA"):
            return
        if words or not envelope.rcpt_tos:
            await self.push(NO_WORDS if words else NO_RECIPIENT)
            return
        await self.push(GO_ON)
        try:
            answer = await self.taken(envelope)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, each recipient is answered
            answer = await self.event_handler.handle_exception(error)
        finally:
            self.envelope = self._create_envelope()
        await self.push("\r\n".join([answer] * self.answers_for(envelope)))

    async def taken(self, envelope: Envelope) -> str:
        envelope.original_content = await content_from(self._reader, self.data_size_limit)
        if envelope.original_content is None:
            return TOO_LARGE
        answer: str = await self.event_handler.handle_DATA(self, self.session, envelope)
        return answer

    def answers_for(self, _: Envelope) -> int:
        """How many, after DATA."""
        return 1


class Lmtp(LMTP, Smtp):
    """LMTP differs in its greeting, and in an answer for each recipient after DATA, whatever it is (RFC 2033)."""

    def answers_for(self, envelope: Envelope) -> int:
        return len(envelope.rcpt_tos)


@dataclass(slots=True)
class Receiver:
    """What all connections of one listener have in common; the library calls `handle_...` as commands arrive."""

    workshop: Workshop
    by: ArrivedBy
    intray: InTray = field(init=False)
    connected: set[Smtp] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.intray = InTray(self.workshop)

    def hang_up(self) -> None:
        for each in list(self.connected):
            if each.transport is not None:
                each.transport.close()

    async def handle_MAIL(  # noqa: N802  the library's name
        self, _: SMTP, session: Session, envelope: Cover, address: str, options: list[str]
    ) -> str:
        telemetry.continue_trace(envelope.correlation_id, None)
        peer = ip_address(str((session.peer or "?")[0]).partition("%")[0])
        if not any(peer in network for network in settings().networks):
            return NOT_FROM_YOU
        envelope.mail_from = address or NULL_PATH
        envelope.mail_options.extend(options)
        return OK

    async def handle_RCPT(  # noqa: N802  the library's name
        self, _: SMTP, __: Session, envelope: Cover, address: str, options: list[str]
    ) -> str:
        address = printable(address)
        async with self.workshop.reading() as db:
            mailbox = await mailboxes.mailbox_of(db, address)
        if mailbox is None:
            return NOBODY
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        envelope.mailboxes.append(mailbox)
        return OK

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Cover) -> str:  # noqa: N802  the library's name
        with door_of(self.workshop).taking_in():
            await self.keep(envelope)
        return KEPT

    async def keep(self, envelope: Cover) -> None:
        """Once for each mailbox, whatever number of its addresses it was sent to: all of them or none."""
        raw = envelope.original_content or b""
        identity = keeping.identified(raw) if len(raw) <= SMALL else await asyncio.to_thread(keeping.identified, raw)
        first = dict(reversed([*zip(envelope.mailboxes, envelope.rcpt_tos, strict=True)]))
        sent_from = "" if envelope.mail_from == NULL_PATH else printable(envelope.mail_from or "")
        arrived = [
            Arrived(mailbox=mailbox, by=self.by, sent_from=sent_from, sent_to=address, raw=raw)
            for mailbox, address in first.items()
        ]
        await self.intray.keep(arrived, identity, envelope.correlation_id)

    async def handle_exception(self, error: Exception) -> str:
        """Whatever goes wrong, the mail stays with its sender, who tries again."""
        if isinstance(error, Unavailable):
            log.info("a mail was sent away for now", by=self.by, why=str(error))
        else:
            log.error("a mail could not be taken in", by=self.by, exc_info=error)
        return AGAIN


def printable(address: str) -> str:
    """As a database takes it: what is no UTF-8 is replaced."""
    return address.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "\ufffd")
