"""The mails that strangers send: each from somebody else, and no two alike."""

from __future__ import annotations

from dataclasses import dataclass

from tests.integration.intake.post import TO_US
from tests.parts.mailing import Posting, simple_mail


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail, and each copy of it as it is handed to a mail server."""

    message_id: str
    subject: str
    copies: tuple[Posting, ...]


def a_mail(seed: int, nth: int, *addresses: str) -> Sent:
    """A copy to each address, whatever the mail itself says of its recipient."""
    message_id = f"<{nth}.{seed}@stranger.example>"
    sender, subject = f"stranger-{nth}@stranger.example", f"Bin {nth} was not emptied"
    raw = simple_mail(
        sender=sender, to=TO_US, subject=subject, text=f"The bin number {nth} is full.", message_id=message_id
    )
    return Sent(message_id, subject, tuple(Posting(raw, sender, (address,)) for address in addresses))
