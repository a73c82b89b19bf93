"""The folder of mails that were sent, where no mail server is set to send them by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from shared.errors import Unavailable

REFERENCE = re.compile(r"\b(?:[A-Z]{2,6}-)?[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@dataclass(frozen=True, slots=True)
class SentMail:
    """One of them. All of it was written here, so it is well formed."""

    path: Path
    sent_at: float
    mail: EmailMessage

    def header(self, name: str) -> str:
        return str(self.mail.get(name, ""))

    @property
    def reference(self) -> str:
        found = REFERENCE.search(self.header("Subject"))
        return found[0] if found else ""

    @property
    def text(self) -> str:
        body = self.mail.get_body(("plain",))
        return str(body.get_content()) if body is not None else ""

    def as_read(self) -> Iterator[str]:
        """As a person would see it."""
        for name in ("Date", "From", "To", "Reply-To", "Subject"):
            if self.header(name):
                yield f"{name}: {self.header(name)}"
        yield ""
        yield self.text


def newest(folder: Path, most: int) -> list[SentMail]:
    """The last one first."""
    try:
        dated = sorted(((path.stat().st_mtime, path) for path in folder.glob("*.eml")), reverse=True)
        return [read(path, sent_at) for sent_at, path in dated[:most]]
    except OSError as error:
        raise Unavailable(f"The folder {folder} cannot be read ({error.strerror}).") from error


def read(path: Path, sent_at: float) -> SentMail:
    return SentMail(path, sent_at, message_from_bytes(path.read_bytes(), policy=default))
