"""The ways out for messages to citizens: a mail server where one is set, else a folder of files."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from services.intake.domain.messages import Message, Posting
from services.intake.gateways.files import make_safe
from shared.errors import Unavailable

ASKED_WITHIN, ANNOUNCED_WITHIN, HANDED_OVER_WITHIN, STARTED_OVER_WITHIN = 60.0, 120.0, 720.0, 10.0
"""
Seconds for what an attempt consists of: looking whether it left before, saying who it is for, the mail itself until it
is answered, and forgetting what was said. A server may take ten minutes to answer a mail that it then has (RFC 5321,
4.5.3.2.6): whoever waits less sends it twice.
"""
ATTEMPT_WITHIN = ASKED_WITHIN + ANNOUNCED_WITHIN + HANDED_OVER_WITHIN + STARTED_OVER_WITHIN


class Unsure(Unavailable):
    """It may have left: the other side was lost before it answered."""


class Away(Unavailable):
    """This way nothing leaves at present, whatever it is."""


class Outgoing(Protocol):
    """
    A carrier of messages. `name` is what is said to have delivered them.

    `seen_after` is how long it may take until it can be seen what has left by it; None where nobody can be asked.
    """

    name: str

    @property
    def seen_after(self) -> timedelta | None: ...

    async def has(self, message: Message) -> bool:
        """
        Whether it left already: asked before a message is tried again, because an attempt may have been cut off.

        Raises `Unavailable` when that cannot be told just now.
        """

    async def send(self, message: Message, posting: Posting | None = None) -> None:
        """
        As a mail where there is one. Raises `Unavailable` when trying again can help, `Refused` when it cannot,
        `Unsure` when it may have left, `Away` when nothing can.
        """

    async def close(self) -> None:
        """Of connections, none stays open."""


class FolderOfMessages:
    """One file for each message, whole or not at all, never the same one twice: the mail as it is, or else JSON."""

    name = "folder"
    seen_after = timedelta(0)

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def places(self, message: Message) -> tuple[Path, Path]:
        """As a mail, and as JSON."""
        return self.folder / f"{message.message_id}.eml", self.folder / f"{message.message_id}.json"

    async def has(self, message: Message) -> bool:
        try:
            return await asyncio.to_thread(self.is_there, message)
        except OSError as error:
            raise Unavailable(f"The folder {self.folder} cannot be read ({error.strerror}).") from error

    def is_there(self, message: Message) -> bool:
        return any(place.exists() for place in self.places(message))

    async def send(self, message: Message, posting: Posting | None = None) -> None:
        try:
            await asyncio.to_thread(self.write, message, posting)
        except OSError as error:
            raise Unavailable(f"The folder {self.folder} cannot be written to ({error.strerror}).") from error

    def write(self, message: Message, posting: Posting | None) -> None:
        """A link to a finished file. Where the name is taken, the message was sent before."""
        as_mail, as_json = self.places(message)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(posting.raw if posting else as_written(message))
                opened.flush()
                os.fsync(opened.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(name, as_mail if posting else as_json)
            make_safe(self.folder)
        finally:
            Path(name).unlink()

    async def close(self) -> None:
        """There is nothing to close."""


def as_written(message: Message) -> bytes:
    shown = {
        "message_id": str(message.message_id),
        "reference": message.reference,
        "kind": message.kind,
        "channel": message.channel,
        "to": {"name": message.name, "address": message.address},
        "language": message.language,
        "text": message.text,
    }
    return json.dumps(shown, ensure_ascii=False, indent=2).encode()
