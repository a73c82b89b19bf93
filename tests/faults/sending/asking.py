"""So many enquiries, each with an answer to it that waits to be sent: asked for in a process of its own."""

from __future__ import annotations

import asyncio
import sys

from services.intake.actions import receiving, sending
from services.intake.app import SERVICE
from services.intake.domain.contacts import Citizen, Contact, Enquiry
from shared.contracts.crm import ReplyRequested
from shared.vocabulary import Channel, ContactId, EnquiryId, MessageId, MessageKind, Point, enquiry_subject, new_id
from shared.work import Work
from tests.builders import a_cause, a_workshop

TEXT = "It will be mended. " * 200


def citizen(nth: int) -> str:
    return f"citizen-{nth}@town.example"


class Wish:
    """Of a citizen who asks by a form, and of the adviser who answers."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.enquiry_id = EnquiryId(new_id())

    async def asked(self, work: Work) -> None:
        contact = Contact(
            contact_id=ContactId(new_id()),
            channel=Channel.WEB,
            point=Point.FORM,
            citizen=Citizen(email=self.address),
        )
        enquiry = Enquiry(enquiry_id=self.enquiry_id, title="A lamp is out", text="Since Monday.")
        [known] = await receiving.receive(work, contact, [enquiry])
        await sending.take_message(
            work,
            ReplyRequested(
                enquiry_id=self.enquiry_id,
                message_id=MessageId(new_id()),
                reference=known.reference,
                kind=MessageKind.FULL,
                text=TEXT,
                channel=Channel.EMAIL,
                citizen_email=self.address,
            ),
        )


async def main() -> None:
    """Arguments: the database, and how many."""
    url, many = sys.argv[1], int(sys.argv[2])
    async with a_workshop(url, SERVICE) as workshop:
        for wish in (Wish(citizen(nth)) for nth in range(many)):
            await workshop.run([], wish.asked, a_cause(), fresh=[enquiry_subject(wish.enquiry_id)])


if __name__ == "__main__":
    asyncio.run(main())
