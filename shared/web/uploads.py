"""Files that come with a call: a multipart body read part by part, each file kept on disk as it arrives."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from shared.errors import Fault, Invalid, Refused, TooLarge, Unavailable

MULTIPART = "multipart/form-data"
FILE = "file"
CHUNK = 65_536
HEAD = 4_096
PLAIN = frozenset({"", "7bit", "8bit", "binary"})
BROKEN = (ValueError, RuntimeError, AssertionError, HttpProcessingError, web.RequestPayloadError)
"""What aiohttp raises where a multipart body is not one, or ends too early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """How many files a call may bring, how large each and all, and the folder where they wait until it is answered."""

    folder: Path
    most: int
    largest: int
    largest_in_all: int


@dataclass(frozen=True, slots=True)
class Uploads:
    """What a route takes beside JSON alone: a multipart body, the JSON in `part` and files in parts named `file`."""

    part: str
    limits: Callable[[], UploadLimits]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """
    One file as it came. `name` and `media_type` are the caller's words, to be trusted with nothing.

    Its bytes are safe at `path` until the call is answered: whoever keeps the file moves it away.
    """

    name: str
    media_type: str
    size: int
    sha256: bytes
    head: bytes
    path: Path

    @property
    def identity(self) -> tuple[bytes, ...]:
        """Equal where the same file is sent again."""
        return self.name.encode(), self.media_type.encode(), self.sha256


@dataclass(frozen=True, slots=True)
class Sent:
    """A body as it came: its JSON, and the files beside it."""

    raw: bytes
    files: tuple[Upload, ...] = ()

    @property
    def identity(self) -> tuple[bytes, ...]:
        """All that tells one body from another, whatever boundary its parts had."""
        return self.raw, *(part for file in self.files for part in file.identity)


def is_multipart(content_type: str | None) -> bool:
    return content_type is not None and content_type.partition(";")[0].strip().lower() == MULTIPART


def discard(files: Iterable[Upload]) -> None:
    """Those that nobody has moved away."""
    for file in files:
        file.path.unlink(missing_ok=True)


async def read_parts(request: web.Request, uploads: Uploads, json_limit: int) -> Sent:
    """All parts, each within its limits. When one is refused, nothing is left on disk."""
    reading = Reading(uploads.part, uploads.limits(), json_limit)
    if (request.content_length or 0) > reading.limits.largest_in_all + json_limit:
        raise reading.too_much()
    try:
        async for part in await request.multipart():
            await reading.take(part)
        return reading.sent()
    except BROKEN:
        reading.discard()
        raise Refused("The multipart body broke off, or its parts cannot be told apart: send it again.") from None
    except OSError as error:
        reading.discard()
        raise Unavailable(f"Files cannot be taken in just now ({error.strerror}).") from error
    except BaseException:
        reading.discard()
        raise


@dataclass(slots=True)
class Reading:
    """A multipart body, as far as it has been read."""

    part: str
    limits: UploadLimits
    json_limit: int
    raw: bytes | None = None
    files: list[Upload] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)

    def sent(self) -> Sent:
        if self.raw is None:
            raise refusal(self.part, "this part is required: put the JSON here")
        return Sent(self.raw, tuple(self.files))

    def discard(self) -> None:
        for path in self.paths:
            path.unlink(missing_ok=True)

    async def take(self, part: BodyPartReader | MultipartReader | None) -> None:
        if not isinstance(part, BodyPartReader):
            raise refusal("body", "send each file as a part of its own")
        if part.headers.get("Content-Transfer-Encoding", "").strip().lower() not in PLAIN:
            raise refusal(part.name or "body", "send its bytes as they are, not encoded")
        if part.name == self.part and self.raw is None:
            self.raw = await self.read_json(part)
        elif part.name == FILE:
            await self.take_file(part)
        else:
            raise refusal(part.name or "body", f"send one part `{self.part}` with the JSON, and parts `{FILE}`")

    async def read_json(self, part: BodyPartReader) -> bytes:
        found = bytearray()
        while chunk := await part.read_chunk(CHUNK):
            found += chunk
            if len(found) > self.json_limit:
                raise TooLarge(
                    f"The part `{self.part}` is larger than {self.json_limit:,} bytes: send long texts as files."
                )
        return bytes(found)

    async def take_file(self, part: BodyPartReader) -> None:
        if len(self.files) == self.limits.most:
            raise TooLarge(f"These are too many files: send at most {self.limits.most} at once, the others afterwards.")
        handle, path = await asyncio.to_thread(new_file, self.limits.folder)
        self.paths.append(path)
        with os.fdopen(handle, "wb") as opened:
            self.files.append(await self.write(part, opened, path))

    async def write(self, part: BodyPartReader, opened: BinaryIO, path: Path) -> Upload:
        name, digest, size, head = plain(part.filename or ""), sha256(), 0, b""
        left = self.limits.largest_in_all - sum(file.size for file in self.files)
        while chunk := await part.read_chunk(CHUNK):
            size += len(chunk)
            if size > self.limits.largest:
                raise TooLarge(
                    f"The file {name or 'you sent'} is larger than {in_megabytes(self.limits.largest)}: send less."
                )
            if size > left:
                raise self.too_much()
            if len(head) < HEAD:
                head = (head + chunk)[:HEAD]
            digest.update(chunk)
            await asyncio.to_thread(opened.write, chunk)
        await asyncio.to_thread(make_safe, opened)
        media_type = plain(part.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
        return Upload(name=name, media_type=media_type, size=size, sha256=digest.digest(), head=head, path=path)

    def too_much(self) -> TooLarge:
        most = in_megabytes(self.limits.largest_in_all)
        return TooLarge(f"These files are larger than {most} together: send some of them afterwards.")


def refusal(where: str, why: str) -> Invalid:
    return Invalid(f"Please correct {plain(where)}: {why}.", [Fault(plain(where), why)])


def plain(text: str) -> str:
    """aiohttp gives bytes that are not UTF-8 as lone surrogates, which nothing can store."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def new_file(folder: Path) -> tuple[int, Path]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    return handle, Path(name)


def make_safe(opened: BinaryIO) -> None:
    opened.flush()
    os.fsync(opened.fileno())


def in_megabytes(size: int) -> str:
    return f"{size / 1_000_000:g} MB"
