"""Whatever a file holds, each of its lines is read once or rejected with a reason, and the file goes on."""

from __future__ import annotations

import csv
import gc
import gzip
import io
import random
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.importing import lines as lines_module
from services.cli.importing.batches import Reading
from services.cli.importing.lines import BreaksOff
from services.cli.importing.records import (
    CLOSED_BY_A_ROW,
    MOST_LINES,
    NEVER_CLOSED,
    NOT_AFTER_A_QUOTE,
    ROWS_WITHIN,
    TOO_LONG,
    Form,
    Quote,
    Quotes,
    Records,
)
from services.cli.importing.rows import Row
from shared.errors import Refused
from tests.unit.importing.files import HEAD, a_file, a_map, line_of, records_in, rows_in, the_reason

PIECES = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b"\n",
        b"\r\n",
        b"\r",
        b"a",
        b"b c",
        b"\xff",
        b"\xc3\xa9",
        b"\0",
        b';"',
        b',"',
        b'",',
        b"\t",
        b"1",
    ]
)
ANY_BYTES = st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=120).map(b"".join))
CELL = st.text(st.sampled_from('ab "",;\n\r\té€|'), max_size=12)
GOOD = "good"
OTHERS = st.sampled_from(
    [
        {"what": '"Lamp'},
        {"what": 'Pipe 5"'},
        {"what": '"Lamp, out'},
        {"what": '"of two\nlines"'},
        {"what": '"of three\na,b,c,d,e,f\nlines"'},
        {"id": '"A'},
        {"id": 'B"'},
        {"id": '"two\nlines"'},
        {"closed": '"'},
        {"due": '""'},
        {"due": '","'},
        {"what": '"torn\n\n'},
    ]
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@given(body=ANY_BYTES)
def test_each_line_that_is_not_blank_is_in_exactly_one_record(folder: Path, body: bytes) -> None:
    file = a_file(folder, HEAD.encode() + body)
    physical = file.read_bytes().split(b"\n")
    covered: list[int] = []
    for record in records_in(file):
        covered += range(record.line, record.last + 1)
        assert (record.wrong is None) or not record.cells
    assert covered == sorted(set(covered))
    blank = {number for number, line in enumerate(physical, 1) if not line.strip(b"\r\n")}
    assert set(covered) | blank == set(range(2, len(physical) + 1)) | (blank - {1})


@given(content=ANY_BYTES)
def test_any_bytes_at_all_are_read_or_refused_with_a_sentence(folder: Path, content: bytes) -> None:
    file = a_file(folder, content)
    with suppress(Refused):
        records_in(file)


@given(body=ANY_BYTES)
def test_any_row_becomes_one_of_ours_or_is_rejected_with_a_sentence(folder: Path, body: bytes) -> None:
    for read in rows_in(a_file(folder, HEAD.encode() + body)):
        assert isinstance(read, Row) or read.because.endswith(".")


@given(body=ANY_BYTES, data=st.data())
def test_whoever_goes_on_after_any_record_reads_the_same_as_before(
    folder: Path, body: bytes, data: st.DataObject
) -> None:
    file = a_file(folder, HEAD.encode() + body)
    whole = records_in(file)
    if whole:
        kept = data.draw(st.integers(0, len(whole) - 1))
        with closing(Records(file, Form())) as records:
            assert list(records.after(whole[kept].last)) == whole[kept + 1 :]


@given(
    rows=st.lists(st.lists(CELL, min_size=2, max_size=2).filter(lambda row: row != ["", ""]), max_size=30),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    packed=st.booleans(),
)
def test_what_a_csv_writer_wrote_is_read_as_it_was(
    folder: Path, rows: list[list[str]], delimiter: str, end: str, packed: bool
) -> None:
    out = io.StringIO(newline="")
    # Python 3.11 to 3.12 would leave a bare return without quotation marks.
    bare = any("\r" in cell for row in rows for cell in row)
    writer = csv.writer(
        out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL if bare else csv.QUOTE_MINIMAL
    )
    # A line that could as well be a row is another matter: see below.
    rows = [row for row in rows if not any("\n" in cell and delimiter in cell for cell in row)]
    writer.writerows([["one", "two"], *rows])
    raw = out.getvalue().encode()
    file = a_file(folder, gzip.compress(raw) if packed else raw)
    assert [list(each.cells) for each in records_in(file, Form(delimiter=delimiter))] == rows


@given(mixed=st.lists(st.one_of(st.just({"what": GOOD}), OTHERS), max_size=25))
def test_no_row_that_stands_on_a_line_of_its_own_vanishes_in_another_ones_text(
    folder: Path, mixed: list[dict[str, str]]
) -> None:
    """It comes as it is, or is rejected together with what is around it."""
    file = a_file(folder, HEAD + "".join(line_of(nth, **cells) for nth, cells in enumerate(mixed)))
    records = records_in(file)
    by_line = {line: record for record in records for line in range(record.line, record.last + 1)}
    for line, text in enumerate(file.read_text("utf-8").splitlines(), 1):
        if f",{GOOD}," in text:
            record = by_line[line]
            assert record.wrong or (record.line == record.last and record.cells[2] == GOOD)


def test_a_quotation_mark_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    file = a_file(tmp_path, HEAD + line_of(1) + line_of(2, what='"Lamp') + line_of(3) + line_of(4))
    records = records_in(file)
    assert [(each.line, each.last, each.wrong) for each in records] == [
        (2, 2, None),
        (3, 3, NEVER_CLOSED),
        (4, 4, None),
        (5, 5, None),
    ]


def test_rows_whose_outer_quotation_marks_are_missing_are_told_one_by_one_and_each_is_looked_at_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each closes the text of the one before, and opens another."""
    rows = [f'A{nth}","call","Lamp {nth}","05/01/2015 09:30","","x\n' for nth in range(MOST_LINES)]
    looked, after = Counter[bytes](), Quotes.after

    def counted(quotes: Quotes, line: bytes, before: Quote = Quote.CLOSED) -> Quote:
        looked[line] += 1
        return after(quotes, line, before)

    monkeypatch.setattr(Quotes, "after", counted)
    records = records_in(a_file(tmp_path, HEAD + "".join(rows) + line_of(1)))
    assert [each.wrong for each in records] == [NEVER_CLOSED] * len(rows) + [None]
    assert max(looked.values()) == 2


def test_also_where_a_later_row_seems_to_close_it(tmp_path: Path) -> None:
    file = a_file(tmp_path, HEAD + line_of(1, what='"Lamp') + line_of(2) + line_of(3, what='"Lamp, the third"'))
    assert [(each.line, each.wrong) for each in records_in(file)] == [(2, NEVER_CLOSED), (3, None), (4, None)]


def test_a_mark_at_the_end_of_a_later_rows_text_closes_nothing(tmp_path: Path) -> None:
    rows = [line_of(1, what='"Lamp'), line_of(2), line_of(3, what='Pipe 5"'), line_of(4)]
    records = records_in(a_file(tmp_path, HEAD + "".join(rows)))
    assert [(each.line, each.last, each.cells[:1]) for each in records] == [
        (2, 2, ()),
        (3, 3, ("A2",)),
        (4, 4, ("A3",)),
        (5, 5, ("A4",)),
    ]
    assert records[0].wrong == CLOSED_BY_A_ROW.format(line=4)
    assert records[2].cells[2] == 'Pipe 5"'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("We were told:\na,b,c,d,e,f\nand no more", 3),
        (f"Lamp\n{line_of(7).strip()}\nlamp", 3),
        ("12 Mill Lane\nOldtown, Anyshire, England", 3),
    ],
)
def test_a_text_of_which_a_line_could_be_a_row_is_rejected_as_a_whole(text: str, line: int, tmp_path: Path) -> None:
    """Nobody can tell, so nothing is lost in it, and no row is made of it."""
    first, second = records_in(a_file(tmp_path, HEAD + line_of(1, what=f'"{text}"') + line_of(2)))
    last = 2 + text.count("\n")
    assert (first.line, first.last, first.wrong) == (2, last, ROWS_WITHIN.format(last=last, line=line))
    assert (second.line, second.wrong) == (last + 1, None)


@pytest.mark.parametrize(
    "cells",
    [
        {"what": '"12 Mill Lane,\nOldtown, Anyshire"'},
        {"what": '"He said ""out"",\n\nand left, and came"'},
        {"id": '"A\n1"'},
        {"id": '"A\n1"', "closed": '"05/01/2015\n09:30"'},
        {"closed": '"05/01/2015\n09:30"'},
    ],
)
def test_a_text_over_several_lines_that_are_no_rows_is_one_text(cells: dict[str, str], tmp_path: Path) -> None:
    [record] = records_in(a_file(tmp_path, HEAD + line_of(1, **cells)))
    [told] = csv.reader(io.StringIO(line_of(1, **cells)))
    assert (record.wrong, list(record.cells)) == (None, told)


def test_a_text_may_go_over_many_lines_and_not_over_all(tmp_path: Path) -> None:
    for lines, wrong in ((MOST_LINES - 1, None), (MOST_LINES, NEVER_CLOSED)):
        text = '"' + "\n".join(["x"] * (lines + 1)) + '"'
        first = records_in(a_file(tmp_path, HEAD + line_of(1, what=text)))[0]
        assert (first.wrong, first.last) == (wrong, 2 + (lines if wrong is None else 0))


def test_a_quotation_mark_inside_a_text_is_a_text(tmp_path: Path) -> None:
    [record] = records_in(a_file(tmp_path, HEAD + line_of(1, what='Pipe of 5" leaks')))
    assert record.cells[2] == 'Pipe of 5" leaks'


def test_what_stands_behind_a_closing_mark_is_told(tmp_path: Path) -> None:
    assert the_reason(a_file(tmp_path, HEAD + line_of(1, what='"Lamp" out'))) == NOT_AFTER_A_QUOTE


def test_a_line_that_never_ends_is_one_rejected_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "LONGEST_LINE", 200)
    file = a_file(tmp_path, HEAD + line_of(1) + line_of(2, what="x" * 5000) + line_of(3))
    assert [(each.line, each.wrong) for each in records_in(file)] == [(2, None), (3, TOO_LONG), (4, None)]
    assert all(len(each.raw) <= 200 for each in records_in(file))


def test_a_wrong_byte_rejects_its_row_and_says_which_it_is(tmp_path: Path) -> None:
    file = a_file(tmp_path, (HEAD + line_of(1) + line_of(2, what="Café")).encode("cp1252") + line_of(3).encode())
    because = the_reason(file)
    assert because.startswith("Byte 12 of it (0xE9) is not utf-8: ")
    assert 'write encoding = "cp1252" in the map' in because
    assert len(rows_in(file)) == 3


def test_in_the_encoding_of_the_map_it_is_read(tmp_path: Path) -> None:
    file = a_file(tmp_path, (HEAD + line_of(1, what="Café")).encode("cp1252"))
    [row] = rows_in(file, a_map().model_copy(update={"encoding": "cp1252"}))
    assert isinstance(row, Row)
    assert row.said.title == "Café"


def test_a_mark_of_utf_8_at_the_beginning_is_no_part_of_a_name(tmp_path: Path) -> None:
    file = a_file(tmp_path, b"\xef\xbb\xbf" + (HEAD + line_of(1)).encode())
    [row] = rows_in(file)
    assert isinstance(row, Row)


def test_too_few_and_too_many_columns_are_told(tmp_path: Path) -> None:
    assert "It has 7 columns and the first line of the file 6: put texts" in the_reason(
        a_file(tmp_path, HEAD + line_of(1, what="Lamp, out"))
    )
    assert "It has 1 columns and the first line of the file 6: add what is missing" in the_reason(
        a_file(tmp_path, HEAD + "A1\n")
    )


def test_a_nul_is_told(tmp_path: Path) -> None:
    assert "The character NUL stands at place 3" in the_reason(a_file(tmp_path, HEAD + line_of(1, id="A1\0")))


def test_a_bare_return_in_a_row_is_told(tmp_path: Path) -> None:
    assert "A line end stands in the middle of it" in the_reason(a_file(tmp_path, HEAD + line_of(1, what="a\rb")))


def test_blank_lines_are_nothing(tmp_path: Path) -> None:
    file = a_file(tmp_path, "\n" + HEAD + "\r\n" + line_of(1) + "\n\n")
    assert [each.line for each in records_in(file)] == [4]


REFUSED = {
    "is empty: its first line must name the columns": b"",
    "is empty: its first": b"\n\n",
    "is UTF-16 or no text at all: save it as CSV in UTF-8": HEAD.encode("utf-16"),
    "is UTF-16 or no text at all": HEAD.encode("utf-16-le"),
    "is a ZIP archive or a workbook: save it as CSV": b"PK\x03\x04....",
    "has the column what twice: give each column a name of its own": b"id,what,what\n",
    "has no lines that end as they should": b"id,what\rA1,Lamp\r",
    r"line 1: the names of the columns cannot be read\. A quotation mark": b'id,"what\nA1,Lamp\n',
    r"line 1: the names of the columns cannot be read\. Byte 4": b"id,\xe9\n",
    'lacks 2 columns of the map, so nothing was read. The map names the column "how": write one of': (
        b"id,what,opened,due\nA1,Lamp,,\n"
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_before_anything_is_sent(sentence: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=sentence):
        rows_in(a_file(tmp_path, REFUSED[sentence]))


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"There is no file .*old\.csv"):
        records_in(tmp_path / "old.csv")
    with pytest.raises(Refused, match="cannot be read"):
        records_in(tmp_path)


def test_what_is_called_gz_and_is_not_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not gzip, although it is called so"):
        records_in(a_file(tmp_path, HEAD, "old.csv.gz"))


@pytest.mark.parametrize(
    "content", [b"\x1f\x8b", b"\x1f\x8b\x08rubbish, and more of it", gzip.compress(b"", mtime=0)], ids=range(3)
)
def test_a_packed_file_without_content_is_told(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"is damaged or breaks off at once|is empty"):
        records_in(a_file(tmp_path, content, "old.csv.gz"))


def test_a_packed_file_that_breaks_off_is_read_up_to_the_last_whole_line(tmp_path: Path) -> None:
    chance = random.Random(4)
    rows = [line_of(nth, what=f"Lamp {chance.randbytes(20).hex()}") for nth in range(5000)]
    packed = gzip.compress((HEAD + "".join(rows)).encode())
    file = a_file(tmp_path, packed[: len(packed) // 2], "old.csv.gz")
    handed: list[Row] = []
    with closing(Reading(file, a_map())) as reading:
        batches = reading.batches_after(0)
        with pytest.raises(BreaksOff) as told:
            handed.extend(row for batch in batches for row in batch.rows)
    assert len(handed) > 1000
    assert [row.line for row in handed] == list(range(2, len(handed) + 2))
    assert f"damaged after line {handed[-1].line} " in str(told.value)
    assert "what is in already is known again" in str(told.value)


def most_memory_for(file: Path) -> int:
    """Bytes, over what there was before."""
    gc.collect()
    tracemalloc.start()
    try:
        with closing(Reading(file, a_map())) as reading:
            for _ in reading.batches_after(0):
                pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "line",
    [line_of(1, what="Lamp " * 20), 'x,"' + "never closed " * 20 + "\n", "x" * 300_000 + "\n"],
    ids=["good rows", "open quotation marks", "endless lines"],
)
def test_memory_does_not_grow_with_the_file(line: str, tmp_path: Path) -> None:
    few, many = 60_000 // len(line) + 1, 600_000 // len(line) + 1
    small = most_memory_for(a_file(tmp_path, gzip.compress((HEAD + line * few).encode())))
    large = most_memory_for(a_file(tmp_path, gzip.compress((HEAD + line * many).encode())))
    assert large < 1.2 * small + 200_000
