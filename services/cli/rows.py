"""The rows of a CSV file that is to be replayed, read and checked before the first one is posted."""

import csv
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shared.errors import Refused

NEEDED = ("id", "title", "text")
NOT_OF_A_CODE = re.compile(r"[^a-z0-9]+")
LONGEST_CODE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One enquiry to post. `line` is where it ends in the file, for whoever has to correct it."""

    line: int
    row_id: str
    title: str
    text: str
    place: str
    service_code: str

    def as_enquiry(self) -> dict[str, str]:
        """What the public form would send: what is empty is left out."""
        optional = {"place": self.place, "service_code": self.service_code}
        return {
            "title": self.title,
            "text": self.text,
            **{name: said for name, said in optional.items() if said},
        }


def read_rows(file: Path, limit: int | None = None) -> list[Row]:
    """All of them, or the first `limit`. Refused, with the line and what to do, when the file is broken."""
    try:
        with opened(file) as lines:
            return list(checked(file, lines, limit))
    except FileNotFoundError:
        raise Refused(f"There is no file {file}: check its name and the folder you are in.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise Refused(f"{file} is damaged or not gzip ({error}): copy it here once more.") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{file} is not UTF-8 ({error.reason}): save it as CSV in UTF-8 and try again.") from error
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror or error}.") from error


def opened(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def checked(file: Path, lines: Iterable[str], limit: int | None) -> Iterator[Row]:
    cells = split(file, lines)
    _, columns = next(cells, (0, []))
    check_columns(file, columns)
    lines_of_ids: dict[str, int] = {}
    for line, row in cells:
        if limit is not None and len(lines_of_ids) >= limit:
            return
        made = row_of(file, line, columns, row)
        before = lines_of_ids.setdefault(made.row_id, line)
        if before != line:
            raise Refused(
                f"{file}, line {line}: the id {made.row_id} stands in line {before} already. Each row needs its own."
            )
        yield made


def split(file: Path, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Strict, so that a quotation mark left open is told and does not swallow the rows that follow."""
    reader = csv.reader(lines, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise Refused(
                f"{file}: the row that begins in line {begins} is not CSV ({error}). "
                "Close each quotation mark, and write those inside a text twice."
            ) from error
        if row is None:
            return
        if row:
            yield reader.line_num, row


def check_columns(file: Path, columns: list[str]) -> None:
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        found = ", ".join(columns) or "nothing"
        raise Refused(
            f"{file} lacks the column {' and the column '.join(missing)}. Its first line must name "
            f"{', '.join(NEEDED)}, and may name place, service_code and type; it says: {found[:200]}."
        )


def row_of(file: Path, line: int, columns: list[str], row: list[str]) -> Row:
    if len(row) != len(columns):
        raise Refused(
            f"{file}, line {line}: there are {len(row)} cells for {len(columns)} columns. "
            "Put texts that hold a comma into quotation marks."
        )
    said = dict(zip(columns, row, strict=True))
    if not said["id"].strip():
        raise Refused(f"{file}, line {line}: the id is empty. Each row needs its own, so that none is posted twice.")
    return Row(
        line=line,
        row_id=said["id"].strip(),
        title=said["title"],
        text=said["text"],
        place=said.get("place", ""),
        service_code=said.get("service_code") or code_of(said.get("type", "")),
    )


def code_of(kind: str) -> str:
    """A council's own word for a kind of enquiry, as a local service code: `street-light-outages`."""
    return NOT_OF_A_CODE.sub("-", kind.lower()).strip("-")[:LONGEST_CODE]
