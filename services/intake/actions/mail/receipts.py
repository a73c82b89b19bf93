"""Receipts: word to whoever wrote an email that it arrived, with its reference and what was promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.intake.actions.mail.writing import from_mailbox
from services.intake.domain.mail.automatic import is_nobodys
from services.intake.domain.mail.tokens import without_token
from services.intake.domain.messages import Message
from services.intake.settings import settings
from services.intake.store import messages
from services.intake.store.mail import sending as store
from services.intake.store.messages import Asking
from shared.council import Council
from shared.vocabulary import Channel, EnquiryId, MessageId, MessageKind, Reference, new_id
from shared.work import Work

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A new enquiry by ordinary email, for which a receipt is owed. `answers_to` is the Message-ID of their mail."""

    enquiry_id: EnquiryId
    reference: Reference
    address: str | None
    name: str | None
    mailbox: str
    language: str | None
    answers_to: str | None
    sent_from: str | None = None


async def owe_receipt(work: Work, council: Council, arrival: Arrival) -> None:
    """
    Once for an enquiry, however often it is asked; only to people. The enquiry is known here already.

    It waits until the promises are known. One that is withheld stands there with the reason, and stays unsent.
    """
    because = await withheld_because(work, council, arrival)
    message = Message(
        message_id=MessageId(new_id()),
        enquiry_id=arrival.enquiry_id,
        reference=arrival.reference,
        kind=MessageKind.RECEIPT,
        text="",
        channel=Channel.EMAIL,
        name=arrival.name,
        address=arrival.address,
        language=arrival.language,
        mailbox=arrival.mailbox,
        answers_to=arrival.answers_to,
    )
    look_at = work.now + timedelta(seconds=settings().receipt_after_seconds)
    mail = message if because else from_mailbox(council, message)
    await messages.add_message(work.db, mail, Asking(work.now, look_at, work.cause, because))


async def withheld_because(work: Work, council: Council, arrival: Arrival) -> str | None:
    """
    None when it may be sent. Two systems that answer each other come to an end here at the latest.

    `sent_from` is the envelope's sender, where it is known: nobody answers a null path.
    """
    if not arrival.address:
        return "The mail names no sender."
    if arrival.sent_from == "":
        return "The mail came on a null path, as machines send: nobody answers that."
    if any(is_nobodys(each) for each in (arrival.address, arrival.sent_from) if each):
        return "Nobody reads at the address it came from."
    if is_ours(council, arrival.address):
        return "It came from a mailbox of the council's own."
    return await unwanted_because(work, arrival.address)


async def unwanted_because(work: Work, address: str) -> str | None:
    """
    What mail to that address has come to lately.

    Whoever writes is there again, unless somebody else wrote in their name: for an hour after a message came back, the
    address is not believed.
    """
    most = settings().receipts_per_address
    lately = await store.lately(work.db, address, work.now - HOUR)
    if lately.bounced_because:
        return f"Mail to this address came back: {lately.bounced_because}"
    if lately.receipts >= most:
        return f"This address has been sent {most} receipts within an hour."
    return None


def is_ours(council: Council, address: str) -> bool:
    copies = settings().sent_copies_address or ""
    return council.mailbox_at(without_token(address)) is not None or address.casefold() == copies.casefold()
