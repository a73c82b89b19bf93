"""The records of a CSV file: one physical line each, or several where a quotation mark is open at a line's end."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from services.cli.importing.lines import LONGEST_LINE, Line, Lines
from shared.errors import Refused

MOST_LINES = 2_000
"""Of a text: an email with all that it answers is shorter."""
LONGEST_CELL = LONGEST_LINE
BOM = b"\xef\xbb\xbf"
UTF_8 = "utf-8"
QUOTE = b'"'
BARE_RETURN = re.compile(rb"\r(?!\n)")

NEVER_CLOSED = (
    "A quotation mark opened here is never closed, or only after thousands of lines: close it, write those within a "
    "text twice, and shorten such a text."
)
NOT_AFTER_A_QUOTE = (
    "After a closing quotation mark something else stands before the next column: write those within a text twice."
)
CLOSED_BY_A_ROW = (
    "A quotation mark opened here is never closed, unless by line {line}, which looks like a row of its own: "
    "close it, or, where the text goes on there, write it in one line."
)
ROWS_WITHIN = (
    "A text goes from here to line {last}, and line {line} of it looks like a row of its own: close the quotation mark "
    "where it ought to be, or, where all of it is one text, write it in one line."
)
TOO_LONG = f"This line is longer than {LONGEST_LINE:,} bytes: no row of ours is. Look for a line end that is missing."


@dataclass(frozen=True, slots=True)
class Record:
    """
    A row as it stands in the lines `line` to `last`.

    Where it cannot be read, `wrong` says why, and there are no cells.
    """

    line: int
    last: int
    raw: bytes
    cells: tuple[str, ...] = ()
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written."""

    encoding: str = UTF_8
    delimiter: str = ","


class Quote(Enum):
    """Where a text ends that may have begun in an earlier line."""

    CLOSED = "closed"
    OPEN = "open"
    BROKEN = "broken"
    """Closed, and followed by something else than the next column: it was another row's quotation mark."""


class Quotes:
    """Follows the quotation marks of a record from line to line, as they are counted in one delimiter's files."""

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter.encode()
        begins = re.escape(self._delimiter)
        self._opening = re.compile(rb"(?:^|" + begins + rb')"')

    def after(self, line: bytes, before: Quote = Quote.CLOSED) -> Quote:
        if QUOTE not in line:
            return before
        at = 0
        state = before
        while True:
            if state is Quote.CLOSED:
                opening = self._opening.search(line, at)
                if opening is None:
                    return Quote.CLOSED
                at = opening.end()
            at = end_of_text(line, at)
            if at < 0:
                return Quote.OPEN
            if at < len(line) and line[at : at + 1] not in (self._delimiter, b"\r", b"\n"):
                return Quote.BROKEN
            state = Quote.CLOSED
            if line[at : at + 1] != self._delimiter:
                return state


def end_of_text(line: bytes, at: int) -> int:
    """Behind the quotation mark that closes a text; two in a row belong to it. -1 when it goes on in the next line."""
    while True:
        mark = line.find(QUOTE, at)
        if mark < 0:
            return -1
        if line[mark + 1 : mark + 2] != QUOTE:
            return mark + 1
        at = mark + 2


class Records:
    """
    Those of one file, without its head. Refused at once when it is no such file.

    Every line of it that is not blank is in exactly one record. One that has as many columns as the file is never
    part of another one's text: it is a record of its own, or rejected.
    """

    def __init__(self, file: Path, form: Form) -> None:
        self.file = file
        self._form = form
        self._quotes = Quotes(form.delimiter)
        self._lines = Lines(file)
        self._open_until = Line(0, b"", whole=True, stop=0)
        self._ended = 0, Quote.CLOSED
        """The last line that was looked at behind an open text, and what becomes of the text there."""
        self.columns: tuple[str, ...] = ()
        try:
            self.columns = self._read_head()
        except BaseException:
            self._lines.close()
            raise

    @property
    def bytes_read(self) -> int:
        return self._lines.bytes_read

    def after(self, line: int) -> Iterator[Record]:
        """Those that begin behind a line, which must be the last of a record, or 0."""
        self._lines.skip_to(line)
        while (first := self._lines.next()) is not None:
            if first.raw.strip(b"\r\n"):
                yield self._record(first)

    def close(self) -> None:
        self._lines.close()

    def _record(self, first: Line) -> Record:
        if not first.whole:
            return Record(first.number, first.number, first.raw, wrong=TOO_LONG)
        last = self._last_of(first)
        if last is None:
            return Record(first.number, first.number, first.raw, wrong=NEVER_CLOSED)
        if last is not first and self._is_as_wide_as_a_row(first) and self._is_a_row(last):
            wrong = CLOSED_BY_A_ROW.format(line=last.number)
            return Record(first.number, first.number, first.raw, wrong=wrong)
        lines = [first, *self._lines.take(last.number - first.number)]
        raw = b"".join(line.raw for line in lines)
        if rows := self._rows_within(lines):
            wrong = ROWS_WITHIN.format(last=last.number, line=rows[0].number)
            return Record(first.number, last.number, raw, wrong=wrong)
        return Record(first.number, last.number, raw, *read_cells(raw, self._form))

    def _rows_within(self, lines: Sequence[Line]) -> Sequence[Line]:
        """
        Those behind the first that, read alone, have the columns of the file.

        Where a text of the first column ends, all columns stand behind it: that alone makes no row.
        """
        if len(lines) == 1:
            return ()
        first = lines[0]
        is_of_first_column = width_of(first.raw, self._form.delimiter) == 1 and not self._is_as_wide_as_a_row(first)
        return [line for line in lines[1:] if self._is_a_row(line) and not (is_of_first_column and QUOTE in line.raw)]

    def _is_a_row(self, line: Line) -> bool:
        """Read alone. The head has no columns to compare with."""
        return bool(self.columns) and width_of(line.raw, self._form.delimiter) == len(self.columns)

    def _is_as_wide_as_a_row(self, line: Line) -> bool:
        """Were no quotation mark opened in it."""
        return line.raw.count(self._form.delimiter.encode()) + 1 >= len(self.columns)

    def _last_of(self, first: Line) -> Line | None:
        """
        The last line of a record; None when a quotation mark is open for longer than any text of ours is.

        Where rows lack their outer marks, all lines keep open what is: none is looked at again for each row before it.
        """
        state, last = self._quotes.after(first.raw), None
        if state is not Quote.OPEN:
            return first
        open_until = self._open_until if self._open_until.number > first.number else first
        while state is Quote.OPEN:
            lines, size = open_until.number - first.number + 1, open_until.stop - first.stop + len(first.raw)
            last = self._lines.ahead(lines) if lines < MOST_LINES and size <= LONGEST_LINE else None
            if last is None:
                return None
            state = self._after_open(last)
            if state is Quote.OPEN:
                open_until = self._open_until = last
        return last if state is Quote.CLOSED else None

    def _after_open(self, line: Line) -> Quote:
        number, state = self._ended
        if number != line.number:
            state = self._quotes.after(line.raw, Quote.OPEN) if line.whole else Quote.BROKEN
            self._ended = line.number, state
        return state

    def _read_head(self) -> tuple[str, ...]:
        record = next(self.after(0), None)
        if record is None:
            raise Refused(f"{self.file} is empty: its first line must name the columns.")
        raw = record.raw.removeprefix(BOM) if self._form.encoding == UTF_8 else record.raw
        if record.wrong == TOO_LONG or BARE_RETURN.search(raw.rstrip(b"\r\n")):
            raise Refused(
                f"{self.file} has no lines that end as they should: save it with line ends of Windows or Unix."
            )
        cells, wrong = ((), record.wrong) if record.wrong == NEVER_CLOSED else read_cells(raw, self._form)
        if wrong:
            raise Refused(f"{self.file}, line {record.line}: the names of the columns cannot be read. {wrong}")
        columns = tuple(cell.strip() for cell in cells)
        twice = sorted({name for name in columns if name and columns.count(name) > 1})
        if twice:
            raise Refused(f"{self.file} has the column {twice[0]} twice: give each column a name of its own.")
        return columns


def width_of(line: bytes, delimiter: str) -> int:
    """How many columns it has, read alone and in whichever encoding; 0 when nobody can tell."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        return len(next(csv.reader([line.decode("latin-1").rstrip("\r\n")], delimiter=delimiter), ()))
    except csv.Error:
        return 0


def read_cells(raw: bytes, form: Form) -> tuple[tuple[str, ...], str | None]:
    """The cells of a record, or why they cannot be told."""
    try:
        text = raw.decode(form.encoding)
    except UnicodeDecodeError as error:
        return (), undecodable(error, form.encoding)
    if "\0" in text:
        return (
            (),
            f"The character NUL stands at place {text.index(chr(0)) + 1} of it, and nobody can keep it: take it out.",
        )
    csv.field_size_limit(LONGEST_CELL)
    try:
        return tuple(next(csv.reader([text.rstrip("\r\n")], delimiter=form.delimiter, strict=True), ())), None
    except csv.Error as error:
        return (), in_words(str(error))


def in_words(error: str) -> str:
    if "unexpected end" in error:
        return NEVER_CLOSED
    if "expected after" in error:
        return NOT_AFTER_A_QUOTE
    if "new-line character" in error:
        return (
            "A line end stands in the middle of it, outside of quotation marks: put such a text into quotation marks."
        )
    return f"It cannot be read as CSV ({error})."


def undecodable(error: UnicodeDecodeError, encoding: str) -> str:
    wrong = error.object[error.start]
    hint = (
        'if the file comes from an older Windows, write encoding = "cp1252" in the map'
        if encoding == UTF_8
        else f"check whether the file really is {encoding}"
    )
    return f"Byte {error.start + 1} of it (0x{wrong:02X}) is not {encoding}: {hint}, or correct the row."
