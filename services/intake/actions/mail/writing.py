"""What a message needs to go out as a mail: where it is sent from, under which Message-ID, and what it tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.intake.domain.mail.tokens import message_id_of, token_of
from services.intake.domain.messages import Message, Occasion
from services.intake.gateways.link_key import link_key
from services.intake.store import messages, progress
from shared.council import Council, Mailbox, current
from shared.db import Connection


async def as_mail(db: Connection, message: Message) -> Message:
    """
    With a Message-ID that it keeps, however often it is tried: from the mailbox that the citizen wrote to last, in
    answer to what they wrote. Without an address, or a mailbox of the council's, it is no mail and stays as it is.
    """
    if message.address is None:
        return message
    written_to, answers_to = await messages.last_mail(db, message.enquiry_id, message.address)
    mailbox, answers_to = message.mailbox or written_to, message.answers_to or answers_to
    return from_mailbox((await current(db)).council, replace(message, mailbox=mailbox, answers_to=answers_to))


def from_mailbox(council: Council, message: Message) -> Message:
    """With the mailbox it is sent from and a Message-ID; as it is where the council has no mailbox."""
    mailbox = mailbox_in(council, message.mailbox)
    if mailbox is None:
        return message
    domain = mailbox.addresses[0].rpartition("@")[2]
    return replace(
        message,
        mailbox=mailbox.code,
        mail_message_id=message_id_of(message.message_id, token_of(link_key(), message.reference), domain),
    )


async def occasion_of(db: Connection, message: Message, written_at: datetime) -> Occasion | None:
    """As things stand when it is written; None for what is no mail."""
    if message.mail_message_id is None:
        return None
    council = (await current(db)).council
    mailbox = mailbox_in(council, message.mailbox)
    if mailbox is None:
        return None
    found = await progress.tracked_enquiry(db, message.enquiry_id)
    return Occasion(
        council=council,
        sender=mailbox,
        address=address_in(mailbox, await messages.written_to(db, message)),
        token=token_of(link_key(), message.reference),
        received_at=found.received_at,
        promises=found.promises,
        written_at=written_at,
    )


def mailbox_in(council: Council, code: str | None) -> Mailbox | None:
    """The first one where the citizen wrote to none, or the council has given it up; None where it never had any."""
    return council.mailboxes.get(code or "") or next(iter(council.mailbox), None)


def address_in(mailbox: Mailbox, written_to: str | None) -> str:
    """The one of its addresses that the citizen wrote to, with or without a tag after a plus; else its first."""
    local, _, domain = (written_to or "").lower().rpartition("@")
    plain = f"{local.partition('+')[0]}@{domain}"
    return next((each for each in mailbox.addresses if each.lower() == plain), mailbox.addresses[0])
