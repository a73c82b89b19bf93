"""Mail by SMTP, as far as it can be told without a server."""

from dataclasses import replace
from datetime import timedelta

from services.intake.domain.messages import Message
from services.intake.gateways.smtp import Copies, SmtpCarrier
from shared.vocabulary import Channel, EnquiryId, MessageId, MessageKind, Reference, new_id

NO_MAIL = Message(
    message_id=MessageId(new_id()),
    enquiry_id=EnquiryId(new_id()),
    reference=Reference("ANY-7K3M-PQ2X-9FQC"),
    kind=MessageKind.FULL,
    text="It will be mended.",
    channel=Channel.EMAIL,
    name=None,
    address="jo@example.org",
    language=None,
)


class OneCopy:
    """A folder with one mail, asked as IMAP is: for a part of a header."""

    async def has(self, message_id: str) -> bool:
        return message_id in "<1@anytown.example>"


async def test_a_message_that_never_became_a_mail_is_not_found_among_the_copies() -> None:
    by = SmtpCarrier("smtp://127.0.0.1", "anytown.example", Copies("sent@x.example", OneCopy(), timedelta(minutes=1)))
    assert await by.has(replace(NO_MAIL, mail_message_id="<1@anytown.example>"))
    assert not await by.has(NO_MAIL)
