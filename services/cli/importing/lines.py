"""The physical lines of a file, packed or not: however long the file or a line is, little of it is held at once."""

from __future__ import annotations

import gzip
import zlib
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

from shared.errors import Refused

LONGEST_LINE = 256 * 1024
GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
ENOUGH_TO_TELL = 4096


class BreaksOff(Refused):
    """The file ends where it should not: what stands before was read, and is true."""


@dataclass(frozen=True, slots=True)
class Line:
    """
    Counted from 1, with its end. `whole` is False where it is longer than anybody reads: then only its beginning.

    `stop` are the bytes of all lines up to its end, as far as they were read.
    """

    number: int
    raw: bytes
    whole: bool
    stop: int


class Reads(Protocol):
    """As much of a file as reading its lines needs."""

    def readline(self, limit: int, /) -> bytes: ...
    def close(self) -> None: ...


class Lines:
    """
    One after another, and those ahead, for a reader who has to know how they go on.

    Refused, with the line reached, where a packed file breaks off: the lines before it are as they were.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.number = 0
        self._stop = 0
        self._ahead: deque[Line] = deque()
        self._held = opened(file)
        try:
            self._reads = unpacked(file, self._held)
        except BaseException:
            self._held.close()
            raise

    @property
    def bytes_read(self) -> int:
        """Of the file as it lies there, packed or not."""
        return self._held.tell()

    def next(self) -> Line | None:
        """None at the end of the file."""
        return self._ahead.popleft() if self.ahead(1) else None

    def ahead(self, nth: int) -> Line | None:
        """The next line is the first one ahead, and stays there. None behind the end of the file."""
        while len(self._ahead) < nth:
            raw = self._read(LONGEST_LINE)
            if not raw:
                return None
            self.number += 1
            self._stop += len(raw)
            whole = raw.endswith(b"\n") or len(raw) < LONGEST_LINE
            if not whole:
                self._skip_the_rest()
            self._ahead.append(Line(self.number, raw, whole, self._stop))
        return self._ahead[nth - 1]

    def take(self, most: int) -> list[Line]:
        """So many of those ahead, as far as they were looked at."""
        return [self._ahead.popleft() for _ in range(min(most, len(self._ahead)))]

    def skip_to(self, number: int) -> None:
        """The next line will be the one after it."""
        while (line := self.ahead(1)) is not None and line.number <= number:
            self._ahead.popleft()

    def close(self) -> None:
        self._reads.close()
        self._held.close()

    def _skip_the_rest(self) -> None:
        while (more := self._read(LONGEST_LINE)) and not more.endswith(b"\n"):
            pass

    def _read(self, limit: int) -> bytes:
        try:
            return self._reads.readline(limit)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BreaksOff(
                f"{self.file}: the packed file breaks off or is damaged after line {self.number} ({error}). What "
                "stands before was read; copy the file here once more and import it: what is in already is known again."
            ) from None
        except OSError as error:
            raise Refused(f"{self.file} cannot be read after line {self.number}: {error.strerror or error}.") from error


def opened(file: Path) -> IO[bytes]:
    """Refused when it can be read only once, such as a pipe: an import reads it several times."""
    try:
        if file.exists() and not file.is_file():
            raise Refused(f"{file} cannot be read: it is a folder or a pipe. Save what it holds as a file first.")
        return file.open("rb")
    except FileNotFoundError:
        raise Refused(f"There is no file {file}: check its name and the folder you are in.") from None
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror or error}.") from error


def unpacked(file: Path, held: IO[bytes]) -> Reads:
    """What it is can be told from its first bytes. Refused when it is no text in lines."""
    begins = held.read(len(ZIP))
    held.seek(0)
    if begins.startswith(ZIP):
        raise Refused(f"{file} is a ZIP archive or a workbook: save it as CSV in UTF-8, and import that.")
    if not begins:
        raise Refused(f"{file} is empty: its first line must name the columns.")
    if begins.startswith(GZIP):
        packed = gzip.GzipFile(fileobj=held, mode="rb")
        refuse_wide_text(file, peeked(file, packed))
        return cast(Reads, packed)
    if file.suffix == ".gz":
        raise Refused(f"{file} is not gzip, although it is called so: copy it here once more, or rename it to .csv.")
    refuse_wide_text(file, held.read(ENOUGH_TO_TELL))
    held.seek(0)
    return held


def peeked(file: Path, packed: gzip.GzipFile) -> bytes:
    """How it begins, without reading on."""
    try:
        begins = packed.peek(ENOUGH_TO_TELL)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Refused(f"{file} is damaged or breaks off at once ({error}): copy it here once more.") from None
    if not begins:
        raise Refused(f"{file} is empty: its first line must name the columns.")
    return begins


def refuse_wide_text(file: Path, begins: bytes) -> None:
    """UTF-16 and UTF-32 write every other byte as zero."""
    if begins.startswith(UTF_16) or b"\0" in begins.split(b"\n", 1)[0]:
        raise Refused(f"{file} is UTF-16 or no text at all: save it as CSV in UTF-8, and import that.")
