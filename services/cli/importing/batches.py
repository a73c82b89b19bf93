"""The rows of a file by the hundred, as they are sent: with all that stands between the first and the last line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.cli.importing.lines import BreaksOff
from services.cli.importing.maps import Map
from services.cli.importing.reading_maps import check_columns
from services.cli.importing.records import Records
from services.cli.importing.rows import LARGEST_ROW, Reader, Rejected, Row

ROWS = 100


@dataclass(slots=True)
class Batch:
    """What stands behind the line `after` up to the line `up_to`. `bytes_read`: how far in the file that is."""

    after: int
    up_to: int
    rows: list[Row] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    size: int = 0
    bytes_read: int = 0

    def __len__(self) -> int:
        return len(self.rows) + len(self.rejected)

    def add(self, read: Row | Rejected) -> None:
        if isinstance(read, Row):
            self.rows.append(read)
            self.size += read.size
        else:
            self.rejected.append(read)
        self.up_to = read.last

    def has_room_for(self, read: Row | Rejected) -> bool:
        more = read.size if isinstance(read, Row) else 0
        return not len(self) or (len(self) < ROWS and self.size + more <= LARGEST_ROW)

    def beyond(self, line: int) -> Batch:
        """What is left of it when everything up to a line is known."""
        rows = [row for row in self.rows if row.line > line]
        rejected = [each for each in self.rejected if each.line > line]
        return Batch(max(line, self.after), self.up_to, rows, rejected, self.size, self.bytes_read)

    def as_json(self) -> dict[str, object]:
        return {
            "after": self.after,
            "up_to": self.up_to,
            "rows": [row.as_json() for row in self.rows],
            "rejected": [each.as_json() for each in self.rejected],
        }


class Reading:
    """One file read by one map. Refused at once when they do not go together."""

    def __init__(self, file: Path, read: Map) -> None:
        self.records = Records(file, read.form())
        try:
            check_columns(file, self.records.columns, read)
        except BaseException:
            self.records.close()
            raise
        self._reader = Reader(read, self.records.columns)

    def rows_after(self, line: int) -> Iterator[Row | Rejected]:
        """Can be called once: a file is read from its beginning to its end."""
        return map(self._reader.row_of, self.records.after(line))

    def batches_after(self, line: int) -> Iterator[Batch]:
        """Where the file breaks off, what was read before comes first."""
        batch = Batch(line, line)
        try:
            for read in self.rows_after(line):
                if not batch.has_room_for(read):
                    yield self._ended(batch)
                    batch = Batch(batch.up_to, batch.up_to)
                batch.add(read)
        except BreaksOff:
            if len(batch):
                yield self._ended(batch)
            raise
        if len(batch):
            yield self._ended(batch)

    def close(self) -> None:
        self.records.close()

    def _ended(self, batch: Batch) -> Batch:
        batch.bytes_read = self.records.bytes_read
        return batch
