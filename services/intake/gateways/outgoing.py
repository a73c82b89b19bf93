"""The way out for messages to citizens: for now a folder of files, from which something else may take them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Protocol

from services.intake.domain.messages import Message
from services.intake.gateways.files import make_safe
from services.intake.settings import data_folder
from shared.errors import Unavailable
from shared.vocabulary import MessageId


class Outgoing(Protocol):
    """A carrier of messages. `name` is what is said to have delivered them."""

    name: str

    async def has(self, message_id: MessageId) -> bool:
        """
        Whether it left already: asked before a message is tried again, because an attempt may have been cut off.

        Raises `Unavailable` when that cannot be told.
        """

    async def send(self, message: Message) -> None:
        """Raises `Unavailable` when trying again can help, `Refused` when it cannot."""


class FolderOfMessages:
    """One file for each message, whole or not at all, never the same one twice."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, message_id: MessageId) -> Path:
        return self.folder / f"{message_id}.json"

    async def has(self, message_id: MessageId) -> bool:
        try:
            return await asyncio.to_thread(self.place(message_id).exists)
        except OSError as error:
            raise Unavailable(f"The folder {self.folder} cannot be read ({error.strerror}).") from error

    async def send(self, message: Message) -> None:
        try:
            await asyncio.to_thread(self.write, message)
        except OSError as error:
            raise Unavailable(f"The folder {self.folder} cannot be written to ({error.strerror}).") from error

    def write(self, message: Message) -> None:
        """A link to a finished file. Where the name is taken, the message was sent before."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".")
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(as_written(message))
                opened.flush()
                os.fsync(opened.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(name, self.place(message.message_id))
            make_safe(self.folder)
        finally:
            Path(name).unlink()


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


def outgoing() -> Outgoing:
    """Of this installation."""
    return FolderOfMessages(data_folder() / "messages")
