"""Mail going out by SMTP, to the mail server that the council relays by; several over one connection."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from services.intake.domain.messages import Message, Posting
from services.intake.gateways.outgoing import ANNOUNCED_WITHIN, HANDED_OVER_WITHIN, STARTED_OVER_WITHIN, Away, Unsure
from services.intake.gateways.sent_copies import SentCopies
from shared.errors import Refused, Unavailable

PATIENCE = 30.0
"""Seconds for each answer but the one to the mail itself."""
GOOD_BYE_WITHIN = 5.0
SUBMISSION, RELAY, BY_TLS = 587, 25, 465
LASTING = 500
HANGS_UP, OUT_OF_STEP = 421, 503
ABOUT_US = frozenset((OUT_OF_STEP, 530, 534, 535, 538))
"""We are out of step, have not signed in, or not as the server wants it."""
STATUS = re.compile(r"\b5\.(?P<subject>\d{1,3})\.\d{1,3}\b")
RIGHTS = "7"
OF_RIGHTS = re.compile(r"relay|authenti|authori[sz]ed to send|credential|log ?in|sign in|send as", re.IGNORECASE)
NO_MAILBOX = (
    "This council has no mailbox to write from: add a table [[mailbox]] to the council file, then send it again."
)


@dataclass(frozen=True, slots=True)
class Copies:
    """Where every mail goes as well, where it can be seen afterwards, and how much later at most."""

    address: str
    asked: SentCopies
    seen_after: timedelta


class SmtpCarrier:
    """One mail after the other. The connection is opened with the first one and kept until `close`."""

    name = "smtp"

    def __init__(self, url: str, own_name: str, copies: Copies | None = None) -> None:
        self.url = url
        self.own_name = own_name
        self.copies = copies
        self.client: SMTP | None = None

    @property
    def seen_after(self) -> timedelta | None:
        return self.copies.seen_after if self.copies else None

    async def has(self, message: Message) -> bool:
        if self.copies is None:
            raise Unavailable("The mail server cannot be asked what has left.")
        return message.mail_message_id is not None and await self.copies.asked.has(message.mail_message_id)

    async def send(self, message: Message, posting: Posting | None = None) -> None:
        if posting is None:
            raise Refused(NO_MAILBOX)
        try:
            async with asyncio.timeout(ANNOUNCED_WITHIN):
                client = await self.announced(posting)
            await self.hand_over(client, posting)
        except (Unavailable, Refused):
            raise
        except SMTPResponseException as error:
            raise answered(error) from error
        except ValueError as error:
            await self.hang_up()
            raise Refused(f"The address {posting.recipient} cannot be written to.") from error
        except (SMTPException, OSError, EOFError) as error:
            await self.hang_up()
            raise Away(f"The mail server {self.server} cannot be reached ({type(error).__name__}).") from error

    async def announced(self, posting: Posting) -> SMTP:
        """Who it is from and for whom. A connection that was kept may have been closed meanwhile: then by a new one."""
        while True:
            was_kept = self.client is not None
            client = await self.connection()
            try:
                await announce(client, posting, self.recipients(posting))
            except SMTPServerDisconnected:
                await self.hang_up()
                if not was_kept:
                    raise
            except SMTPResponseException as error:
                await self.start_over(error)
                if error.code != HANGS_UP or not was_kept:
                    raise
            else:
                return client

    def recipients(self, posting: Posting) -> tuple[str, ...]:
        return (posting.recipient, self.copies.address) if self.copies else (posting.recipient,)

    async def hand_over(self, client: SMTP, posting: Posting) -> None:
        """What is answered to it is certain. Without an answer, nothing is."""
        try:
            async with asyncio.timeout(HANDED_OVER_WITHIN):
                await client.data(posting.raw, timeout=None)
        except SMTPResponseException as error:
            await self.start_over(error)
            raise
        except (SMTPException, OSError, EOFError, TimeoutError) as error:
            await self.hang_up()
            raise Unsure(
                f"The mail server {self.server} was lost before it answered ({type(error).__name__}): "
                "the mail may have left."
            ) from error
        except BaseException:
            await self.hang_up()
            raise

    async def connection(self) -> SMTP:
        if self.client is None or not self.client.is_connected:
            self.client = await self.opened()
        return self.client

    async def opened(self) -> SMTP:
        """
        Encrypted wherever that is offered. A certificate is looked at where a password is sent or TLS was asked for:
        else whoever could forge it could take the offer away as well. No password goes out in the clear.
        """
        to = urlsplit(self.url)
        user, password = unquote(to.username or ""), unquote(to.password or "")
        by_tls = to.scheme == "smtps"
        client = SMTP(
            hostname=to.hostname,
            port=to.port or (BY_TLS if by_tls else SUBMISSION if user else RELAY),
            use_tls=by_tls,
            start_tls=True if user and not by_tls and not is_this_machine(to.hostname or "") else None,
            validate_certs=by_tls or bool(user),
            local_hostname=self.own_name,
            timeout=PATIENCE,
        )
        try:
            await client.connect()
            if user:
                await client.login(user, password)
            if client.is_ehlo_or_helo_needed:  # what was offered before STARTTLS counts no longer
                await client.ehlo()
        except SMTPAuthenticationError as error:
            client.close()
            raise Away(
                f"The mail server {self.server} does not accept the name and password of ACCESSPOINT_INTAKE_SMTP_URL "
                f"({error.code})."
            ) from error
        except (SMTPException, OSError, EOFError, ValueError) as error:
            client.close()
            raise Away(f"The mail server {self.server} cannot be reached ({type(error).__name__}).") from error
        return client

    @property
    def server(self) -> str:
        to = urlsplit(self.url)
        return f"{to.hostname}:{to.port}" if to.port else str(to.hostname)

    async def start_over(self, error: SMTPResponseException) -> None:
        """For the next mail: what was announced is forgotten. Where we and the server are at odds, all of it is."""
        if error.code in (HANGS_UP, OUT_OF_STEP) or self.client is None:
            await self.hang_up()
            return
        try:
            await self.client.rset(timeout=STARTED_OVER_WITHIN)
        except (SMTPException, OSError, EOFError):
            await self.hang_up()

    async def hang_up(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            client.close()

    async def close(self) -> None:
        if self.client is not None:
            with contextlib.suppress(SMTPException, OSError, EOFError, TimeoutError):
                await self.client.quit(timeout=GOOD_BYE_WITHIN)
        await self.hang_up()


async def announce(client: SMTP, posting: Posting, recipients: tuple[str, ...]) -> None:
    plain = all(address.isascii() for address in (posting.sender, *recipients))
    if not plain and not client.supports_extension("smtputf8"):
        raise Refused(f"The mail server knows no addresses such as {posting.recipient}: it lacks SMTPUTF8.")
    encoding = "ascii" if plain else "utf-8"
    await client.mail(posting.sender, options=[] if plain else ["SMTPUTF8"], encoding=encoding)
    first, *copies = recipients
    await client.rcpt(first, encoding=encoding)
    for address in copies:
        try:
            await client.rcpt(address, encoding=encoding)
        except SMTPResponseException as error:
            await client.rset()
            raise Away(
                f"The mail server does not take copies for {address} ({error.code}), so that nobody could tell what "
                "has left: correct ACCESSPOINT_INTAKE_SENT_COPIES_ADDRESS."
            ) from error


def answered(error: SMTPResponseException) -> Unavailable | Refused:
    """What it refuses for good is not sent again."""
    text = error.message.encode(errors="replace").decode()
    told = f"The mail server answered {error.code}: {text}"
    if is_about_the_mail(error):
        return Refused(told)
    return Away(told) if error.code == HANGS_UP else Unavailable(told)


def is_about_the_mail(error: SMTPResponseException) -> bool:
    """For good, and about whom it is for or what stands in it; what is about us would be said to every other mail."""
    if error.code < LASTING or error.code in ABOUT_US:
        return False
    if not isinstance(error, SMTPRecipientRefused | SMTPDataError):
        return False
    status = STATUS.search(error.message)
    is_of_rights = status is None or status["subject"] == RIGHTS
    return not (is_of_rights and OF_RIGHTS.search(error.message))


def is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
