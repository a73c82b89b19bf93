"""Which carriers this installation has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.intake.domain.messages import Message
from services.intake.gateways.accounts import accounts
from services.intake.gateways.outgoing import FolderOfMessages, Outgoing
from services.intake.gateways.sent_copies import ImapSentCopies
from services.intake.gateways.smtp import Copies, SmtpCarrier
from services.intake.settings import IntakeSettings, council_domain, data_folder, settings
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Carriers:
    """What has an address goes by `mails`; what has none, somebody has to take from the folder."""

    mails: Outgoing
    others: Outgoing

    def of(self, message: Message) -> Outgoing:
        return self.mails if message.address else self.others

    async def close(self) -> None:
        await self.mails.close()
        await self.others.close()


def carriers() -> Carriers:
    """A mail server where one is set, else the folder for all."""
    folder = FolderOfMessages(data_folder() / "messages")
    url = settings().smtp_url
    mails = SmtpCarrier(url, council_domain(), copies_of(settings())) if url else folder
    return Carriers(mails, folder)


def copies_of(told: IntakeSettings) -> Copies | None:
    if told.sent_copies is None or told.sent_copies_address is None:
        return None
    known = accounts()
    if known is None:
        raise Refused(
            "Copies of what is sent are wanted, and no account is known: name the file of IMAP accounts in "
            "ACCESSPOINT_INTAKE_MAIL_ACCOUNTS."
        )
    seen_after = timedelta(seconds=told.sent_copies_seconds)
    return Copies(told.sent_copies_address, ImapSentCopies(known.named(told.sent_copies)), seen_after)
