"""Clues: what a mail's kind and a bounce's failures are told by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from services.intake.domain.mail.model import Sender

TEXT_BEGINS = 20_000
"""As many characters of the text as are looked at: a machine says what it is at once."""
NOBODY = Sender(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """
    A mail as far as its kind is told by it.

    `headers` has names in small letters, values decoded and in the order of the mail. `content_type` and `report_type`
    (of multipart/report) are in small letters. `text` is the beginning of what a reader sees, quotes and all.
    `delivery_status` is the text of the message/delivery-status parts, `returned_headers` the header lines of the mail
    that a report gives back; both are empty when there are none. `sent_from` is the envelope's sender: empty for the
    null path, None when the way the mail came does not tell. `sender` is who stands in From, `written_for`
    the address of whoever had stood there before a group of ours put itself in their place.
    `is_ours` says that its Message-ID is one we have given; `own` are the addresses of the council's mailboxes.
    """

    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    subject: str = ""
    sender: Sender = NOBODY
    written_for: str | None = None
    sent_from: str | None = None
    content_type: str = "text/plain"
    report_type: str = ""
    text: str = ""
    delivery_status: str = ""
    returned_headers: str = ""
    message_id: str | None = None
    is_ours: bool = False
    own: Collection[str] = ()
