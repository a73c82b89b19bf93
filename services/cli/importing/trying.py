"""A file read from end to end and judged as far as that goes without a server: nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from services.cli.importing.batches import Reading
from services.cli.importing.lines import BreaksOff
from services.cli.importing.maps import Map
from services.cli.importing.rejects import Rejects
from services.cli.importing.rows import Rejected, Row
from services.cli.importing.telling import Tally
from services.intake.domain.imports import Import, Rules, wrong_codes, wrong_end, wrong_length, wrong_times
from shared.council import Council
from shared.vocabulary import ImportId, new_id

ROWS_BETWEEN_REPORTS = 200


class Trial:
    """
    One dry run. What only a server knows is not told: ids that come twice, or that were imported before.

    Without a council file, service codes and queues are not looked up either.
    """

    def __init__(self, read: Map, council: Council | None, cut_over: datetime | None) -> None:
        now = datetime.now(UTC)  # noqa: TID251  no database is asked here, and a dry run may be a second out
        begun = Import(
            import_id=ImportId(new_id()), system=read.system, file_name="", cut_over=cut_over or now, begun_at=now
        )
        self._rules = Rules(begun, cast(Council, council), now)  # looked into only where there is one
        self._knows_codes = council is not None
        self.tally = Tally()
        self.broken: BreaksOff | None = None

    def judged(self, read: Row | Rejected) -> Row | Rejected:
        if isinstance(read, Rejected):
            return read
        row = read.said.as_row()
        faults = [*wrong_times(row, self._rules), *wrong_end(row, self._rules)]
        if self._knows_codes:
            faults += wrong_codes(row, self._rules.council)
        faults += wrong_length(row)
        return Rejected(read.line, read.last, row.row_id, faults[0]) if faults else read

    def run(self, reading: Reading, rejects: Rejects | None, report: Callable[[int], None]) -> None:
        try:
            for number, read in enumerate(reading.rows_after(0)):
                judged = self.judged(read)
                self.tally.add(judged)
                if isinstance(judged, Rejected) and rejects is not None:
                    rejects.write([judged])
                if number % ROWS_BETWEEN_REPORTS == 0:
                    report(reading.records.bytes_read)
        except BreaksOff as error:
            self.broken = error


def bytes_of(file: Path) -> int:
    """How large it is; one that is not there is told later, with a sentence."""
    return file.stat().st_size if file.is_file() else 0
