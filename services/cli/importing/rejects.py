"""Rejected rows in a file: as they stand in the original, the reasons beside them, to be corrected and imported."""

from __future__ import annotations

import csv
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from services.cli.importing.maps import Map
from services.cli.importing.records import Record, Records
from shared.errors import Refused

LINE, BECAUSE, AS_IT_STANDS = "rejected_line", "rejected_because", "rejected_as_it_stands"
ADDED = (LINE, BECAUSE, AS_IT_STANDS)
PIECE = 1024 * 1024


class Reasoned(Protocol):
    """What is told of a rejected row: by intake, or by ourselves."""

    @property
    def line(self) -> int: ...
    @property
    def because(self) -> str: ...


class Rejects:
    """
    Written row by row, in the order of the original, which is read once more beside it.

    At the end `kept` is where an earlier file went that somebody had changed; `is_left_out`: that one stays.
    """

    def __init__(self, out: IO[str], records: Records, read: Map) -> None:
        self._kept = [place for place, name in enumerate(records.columns) if name not in ADDED]
        self._width = len(records.columns)
        self._encoding = read.encoding
        self._records = records.after(0)
        self._writer = csv.writer(out, delimiter=read.delimiter)
        self._writer.writerow([*(records.columns[place] for place in self._kept), *ADDED])
        self.written = 0
        self.kept: Path | None = None
        self.is_left_out = False

    def write(self, rejected: Iterable[Reasoned]) -> None:
        for each in rejected:
            record = self._record_at(each.line)
            told = record.wrong is None and len(record.cells) == self._width
            cells = [record.cells[place] for place in self._kept] if told else [""] * len(self._kept)
            self._writer.writerow([*cells, each.line, each.because, "" if told else self._as_it_stands(record.raw)])
            self.written += 1

    def _record_at(self, line: int) -> Record:
        for record in self._records:
            if record.line == line:
                return record
            if record.line > line:
                break
        raise Refused(
            f"Line {line} was rejected, and no row begins there any more: the file was changed meanwhile. "
            "Import it as it was, or ask for the reasons at /intake/v1/imports."
        )

    def _as_it_stands(self, raw: bytes) -> str:
        return raw.decode(self._encoding, "backslashreplace").rstrip("\r\n").replace("\0", "\\0")


@contextmanager
def rejects_at(path: Path, file: Path, read: Map, *, is_new: bool = True) -> Iterator[Rejects]:
    """
    In the encoding and with the delimiter of the map, so that the same map reads it again.

    It stands there when all is written. An earlier one that somebody has changed is kept: beside it where there may be
    something new in this one, else in its place.
    """
    records = Records(file, read.form())
    part = path.with_name(f"{path.name}.part")
    try:
        with opened_for_writing(part, read.encoding) as out:
            rejects = Rejects(out, records, read)
            yield rejects
        is_changed = path.exists() and not begins_with(part, path)
        rejects.is_left_out = is_changed and not is_new
        if is_changed and is_new:
            rejects.kept = put_aside(path)
        if not rejects.is_left_out:
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
        records.close()


def begins_with(fresh: Path, earlier: Path) -> bool:
    """Rejected rows of an import only become more: where anything else stands, a person wrote it."""
    with fresh.open("rb") as there, earlier.open("rb") as wanted:
        while piece := wanted.read(PIECE):
            if there.read(len(piece)) != piece:
                return False
    return True


def put_aside(path: Path) -> Path:
    beside = (path.with_name(f"{path.name}.{nth}") for nth in itertools.count(1))
    return path.rename(next(each for each in beside if not each.exists()))


def check_folder(folder: Path) -> None:
    """Refused where no file can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(folder, error.strerror or f"{error}") from error
    if not os.access(folder, os.W_OK):
        raise not_writable(folder, "it belongs to somebody else")


def opened_for_writing(path: Path, encoding: str) -> IO[Any]:
    try:
        return path.open("w", encoding=encoding, errors="backslashreplace", newline="")
    except OSError as error:
        raise not_writable(path, error.strerror or f"{error}") from error


def not_writable(path: Path, why: str) -> Refused:
    return Refused(f"{path} cannot be written: {why}. Name another file with --rejects.")


def same_file(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def refuse_overwriting(path: Path, originals: Sequence[Path]) -> None:
    if path.exists() and not path.is_file():
        raise not_writable(path, "it is a folder or no file")
    if any(same_file(path, original) for original in originals):
        raise Refused(f"{path} is read here and cannot be written over: name another file with --rejects.")
