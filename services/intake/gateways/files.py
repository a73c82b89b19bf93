"""Where the bytes of attachments are kept: by file id, never by a name that somebody has given."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from services.intake.settings import data_folder
from shared.errors import Unavailable
from shared.vocabulary import FileId

CHUNK = 65_536


class Files(Protocol):
    """
    Keeps files in two steps, so that a row never lacks its file.

    A file is *new* before its row is written. Later, by and by, those that have rows are *settled*, and those whose
    row was never committed, or was deleted since, are dropped. Both kinds can be read.
    """

    async def keep(self, file_id: FileId, taken: Path) -> None:
        """Its bytes are safe under the id when this returns. What was at `taken` is ours now."""

    async def put(self, file_id: FileId, content: bytes) -> None:
        """The same for bytes at hand."""

    async def read(self, file_id: FileId) -> AsyncIterator[bytes]:
        """Raises `Unavailable` when the bytes cannot be had."""

    async def new(self, before: datetime) -> list[FileId]:
        """Those that have been new since before that moment."""

    async def settle(self, file_ids: Collection[FileId]) -> None: ...

    async def drop(self, file_ids: Collection[FileId]) -> None: ...


class FolderOfFiles:
    """A folder on this machine, or one that all replicas have mounted."""

    def __init__(self, folder: Path) -> None:
        self.arriving = folder / "arriving"
        self.fresh = folder / "new"
        self.settled = folder / "settled"

    def place(self, file_id: FileId) -> Path:
        """Spread over 256 folders by the end of the id, which is random."""
        return self.settled / file_id.hex[-2:] / str(file_id)

    async def keep(self, file_id: FileId, taken: Path) -> None:
        await asyncio.to_thread(move, taken, self.fresh / str(file_id))

    async def put(self, file_id: FileId, content: bytes) -> None:
        taken = self.arriving / str(file_id)
        await asyncio.to_thread(write_safely, taken, content)
        await self.keep(file_id, taken)

    async def read(self, file_id: FileId) -> AsyncIterator[bytes]:
        # A file moves one way only, so looked for in this order it cannot be missed.
        for path in (self.fresh / str(file_id), self.place(file_id)):
            if await asyncio.to_thread(path.is_file):
                return self.chunks(path, self.place(file_id))
        raise Unavailable("This file cannot be reached just now: try again in a moment, or ask ICT to look for it.")

    async def chunks(self, path: Path, moved: Path) -> AsyncIterator[bytes]:
        try:
            opened = await asyncio.to_thread(path.open, "rb")
        except FileNotFoundError:
            opened = await asyncio.to_thread(moved.open, "rb")
        with opened:
            while chunk := await asyncio.to_thread(opened.read, CHUNK):
                yield chunk

    async def new(self, before: datetime) -> list[FileId]:
        """What broke off while it arrived is cleared away on the occasion."""
        await asyncio.to_thread(self.clear, before)
        return await asyncio.to_thread(self.ids, before)

    def ids(self, before: datetime) -> list[FileId]:
        """Whatever else lies there is not ours to touch."""
        found = []
        for path in older(self.fresh, before):
            with contextlib.suppress(ValueError):
                found.append(FileId(UUID(path.name)))
        return found

    def clear(self, before: datetime) -> None:
        for path in older(self.arriving, before):
            path.unlink(missing_ok=True)

    async def settle(self, file_ids: Collection[FileId]) -> None:
        for file_id in file_ids:
            with contextlib.suppress(FileNotFoundError):  # one that was deleted meanwhile
                await asyncio.to_thread(move, self.fresh / str(file_id), self.place(file_id))

    async def drop(self, file_ids: Collection[FileId]) -> None:
        for file_id in file_ids:
            for path in (self.fresh / str(file_id), self.place(file_id)):
                await asyncio.to_thread(path.unlink, missing_ok=True)


def move(path: Path, there: Path) -> None:
    """Safe on disk under its new name. One that another replica has moved already is there."""
    try:
        there.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(there)
    except FileNotFoundError:
        if not there.exists():
            raise
    except OSError as error:
        raise Unavailable(f"Files cannot be kept just now ({error.strerror}): try again in a moment.") from error
    for folder in (there.parent, path.parent):
        make_safe(folder)


def write_safely(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise Unavailable(f"Files cannot be kept just now ({error.strerror}): try again in a moment.") from error


def make_safe(folder: Path) -> None:
    """A name is on disk once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def older(folder: Path, before: datetime) -> Iterator[Path]:
    """By when they were last written."""
    if folder.is_dir():
        for entry in list(os.scandir(folder)):
            if entry.stat().st_mtime < before.timestamp():
                yield Path(entry.path)


def files() -> FolderOfFiles:
    """Of this installation."""
    return FolderOfFiles(data_folder() / "files")
