"""The listeners for mail: one for SMTP and one for LMTP, opened where a port is set for them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from services.intake.actions.mail.door import door_of
from services.intake.channels.email.receiving import Lmtp, Receiver, Smtp
from services.intake.domain.mail.model import ArrivedBy
from services.intake.settings import IntakeSettings, settings
from shared.entrances import Doorway, Entrance
from shared.errors import Unavailable
from shared.settings import HouseSettings

log = structlog.get_logger()

LET_FINISH_SECONDS = 5.0
AGAIN_AFTER = 1.0
FIRST_SILENCE, LONGEST_SILENCE = 60.0, 3600.0
IDENT = "Accesspoint"


async def listen(by: ArrivedBy, port_in: Callable[[HouseSettings], int | None], doorway: Doorway) -> None:
    """Until told to stop: then nobody new is let in, and what is being stored is stored."""
    port = port_in(doorway.settings)
    if port is None:
        return
    receiver = Receiver(doorway.workshop, by)
    server = await opened_at_last(by, port, doorway, receiver)
    if server is None:
        return
    doorway.health.up(by)
    doorway.tell(by, "{}:{}".format(*server.sockets[0].getsockname()[:2]))
    try:
        await doorway.stopping.wait()
    finally:
        server.close()
        await door_of(doorway.workshop).falls_quiet(LET_FINISH_SECONDS)
        receiver.hang_up()


@dataclass(slots=True)
class Complaint:
    """When it is said again what is wrong: at once when it is something else, otherwise after ever longer times."""

    why: str = ""
    silence: float = FIRST_SILENCE
    due_at: float = 0.0

    def is_due(self, why: str, now: float) -> bool:
        if why != self.why:
            self.silence = FIRST_SILENCE
        elif now < self.due_at:
            return False
        else:
            self.silence = min(LONGEST_SILENCE, 2 * self.silence)
        self.why, self.due_at = why, now + self.silence
        return True


async def opened_at_last(by: ArrivedBy, port: int, doorway: Doorway, receiver: Receiver) -> asyncio.Server | None:
    """Tried again soon, whatever is wrong; `/ready` says what that is all the time, the log now and then."""
    complaint = Complaint()
    while not doorway.stopping.is_set():
        try:
            return await opened(by, port, doorway, receiver)
        except Unavailable as error:
            doorway.health.down(by, str(error))
            if complaint.is_due(str(error), time.monotonic()):
                log.warning("no mail can come in this way", by=by, why=str(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(doorway.stopping.wait(), AGAIN_AFTER)
    return None


async def opened(by: ArrivedBy, port: int, doorway: Doorway, receiver: Receiver) -> asyncio.Server:
    loop, limits, host = asyncio.get_running_loop(), settings(), doorway.settings.host
    protocol = partial(
        Lmtp if by is ArrivedBy.LMTP else Smtp,
        receiver,
        data_size_limit=limits.mail_max_bytes,
        enable_SMTPUTF8=True,
        hostname=doorway.settings.council_domain,
        ident=IDENT,
        tls_context=tls_of(limits),
        loop=loop,
    )
    try:
        return await loop.create_server(protocol, host, port)
    except OSError as error:
        why = (
            f"Nothing can listen for mail on {host}:{port} ({error.strerror}): stop what uses that port, "
            f"or set ACCESSPOINT_{by.upper()}_PORT to another."
        )
        raise Unavailable(why) from error


def tls_of(limits: IntakeSettings) -> ssl.SSLContext | None:
    """STARTTLS is offered where there is a certificate."""
    if limits.smtp_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(limits.smtp_certificate, limits.smtp_key)
    except OSError as error:
        raise Unavailable(
            f"The certificate {limits.smtp_certificate} cannot be used ({error.strerror or 'it is not one'}): correct "
            "ACCESSPOINT_INTAKE_SMTP_CERTIFICATE and ACCESSPOINT_INTAKE_SMTP_KEY."
        ) from error
    return context


SMTP_LISTENER = Entrance("smtp", partial(listen, ArrivedBy.SMTP, lambda house: house.smtp_port))
LMTP_LISTENER = Entrance("lmtp", partial(listen, ArrivedBy.LMTP, lambda house: house.lmtp_port))
