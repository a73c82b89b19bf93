"""Mail that was sent into the folder, and the time that goes by until it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

from services.intake import timers
from services.intake.actions.sending import SEND
from services.intake.domain.mail.tokens import number_in
from services.intake.gateways.link_key import link_key
from shared.contracts.crm import ReplyRequested
from shared.timesource import TimeSource
from shared.vocabulary import Channel, EnquiryId, MessageId, MessageKind, Reference, new_id
from shared.work import Workshop
from tests.integration.intake.desk import rows


@dataclass(frozen=True, slots=True)
class Outbox:
    """Of one installation that has no mail server."""

    workshop: Workshop
    data: Path

    def later(self, **by: float) -> None:
        source = self.workshop.timesource
        self.workshop.timesource = TimeSource(source.offset + timedelta(**by))

    async def sends(self, **after: float) -> list[EmailMessage]:
        """After so much time, whatever is due; all mails there are then, in the order in which they were sent."""
        self.later(**after)
        await sends_all(self.workshop)
        return self.mails

    @property
    def mails(self) -> list[EmailMessage]:
        files = sorted((self.data / "messages").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [message_from_bytes(path.read_bytes(), policy=default) for path in files]

    async def messages(self, **fields: Any) -> list[dict[str, Any]]:
        """Rows that have these values, as they were asked for."""
        found = await rows(self.workshop, "messages")
        return [row for row in found if all(row[name] == value for name, value in fields.items())]


async def sends_all(workshop: Workshop) -> None:
    """As often as the sender wants to be woken because there is more."""
    woken, wake = {SEND}, workshop.on_wake
    workshop.on_wake = woken.add
    while woken:
        woken.clear()
        await timers.send_messages(workshop)
    workshop.on_wake = wake


def number_of(mail: EmailMessage) -> str | None:
    """Of the enquiry that an answer to it is brought back to."""
    return number_in(link_key(), str(mail["Reply-To"]))


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def a_reply_on(enquiry_id: UUID, reference: str, **fields: Any) -> ReplyRequested:
    given: dict[str, Any] = {
        "enquiry_id": EnquiryId(enquiry_id),
        "message_id": MessageId(new_id()),
        "reference": Reference(reference),
        "kind": MessageKind.FULL,
        "text": "It will be mended. 💡",
        "channel": Channel.EMAIL,
        "citizen_name": "Jo Miller",
        "citizen_email": "jo@example.org",
        "language": "en",
    }
    return ReplyRequested(**{**given, **fields})
