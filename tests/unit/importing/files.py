"""A small map and small files for it: a test names only what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from services.cli.importing.batches import Reading
from services.cli.importing.maps import Map
from services.cli.importing.reading_maps import look_at_map
from services.cli.importing.records import Form, Record, Records
from services.cli.importing.rows import Rejected, Row

HEAD = "id,how,what,opened,due,closed\n"
MAP = """
system = "oldtown"

[times]
zone = "Europe/London"
formats = ["%d/%m/%Y %H:%M", "iso"]

[fields]
row_id = { column = "id" }
channel = { column = "how", table = "channels" }
title = { column = "what" }
text = { columns = ["what", "how"], joined = " / " }
received_at = { column = "opened" }
due_at = { column = "due" }
resolved_at = { column = "closed" }

[[rules]]
when = { column = "closed", is_empty = false }
set = { resolution = "done" }

[tables.channels]
"call" = "telephone"
"form" = "web"
"""


def a_map(text: str = MAP) -> Map:
    read, mistakes = look_at_map(text)
    assert read is not None, mistakes
    return read


def told_about(text: str) -> list[str]:
    """The mistakes of a map, as they are printed."""
    _, mistakes = look_at_map(text)
    return [str(each) for each in mistakes]


def a_file(folder: Path, content: bytes | str, name: str = "old.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def line_of(nth: int, **cells: str) -> str:
    """One good row, with other cells where they are named."""
    said = {
        "id": f"A{nth}",
        "how": "call",
        "what": f"Lamp {nth} is out",
        "opened": "05/01/2015 09:30",
        "due": "06/01/2015 09:30",
        "closed": "",
        **cells,
    }
    return ",".join(said.values()) + "\n"


def records_in(file: Path, form: Form | None = None) -> list[Record]:
    records = Records(file, form or Form())
    try:
        return list(records.after(0))
    finally:
        records.close()


def rows_in(file: Path, read: Map | None = None) -> Sequence[Row | Rejected]:
    reading = Reading(file, read or a_map())
    try:
        return list(reading.rows_after(0))
    finally:
        reading.close()


def the_reason(file: Path, read: Map | None = None) -> str:
    """Of the only row that is rejected."""
    [rejected] = [each for each in rows_in(file, read) if isinstance(each, Rejected)]
    return rejected.because
