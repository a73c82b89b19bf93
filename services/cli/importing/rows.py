"""Rows of ours out of the records of an older system, by its map; or why a record is none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from services.cli.importing.maps import MOMENTS, Condition, Map, Source
from services.cli.importing.records import Record
from services.cli.importing.times import NoTime, Reckoning, shown
from services.intake.api.imports import ImportedRow
from shared.web.faults import words_for

LARGEST_ROW = 400_000
"""Bytes as JSON: with what goes around it, less than what intake takes in at once."""
LONGEST_ID_SHOWN = 1_000
NOT_OF_A_CODE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Row:
    """A record that intake will understand. `last` is its last line, `size` what it weighs when it is sent."""

    line: int
    last: int
    said: ImportedRow
    size: int

    def as_json(self) -> dict[str, object]:
        return self.said.model_dump(mode="json", exclude_none=True)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that is no row, and why, as a sentence."""

    line: int
    last: int
    row_id: str | None
    because: str

    def as_json(self) -> dict[str, object]:
        return {"line": self.line, "row_id": self.row_id, "because": self.because}


class Unusable(ValueError):
    """Why a field cannot be filled, as a sentence."""


Cells = Sequence[str]
Fill = Callable[[Cells], str]


class Reader:
    """A map made ready for the columns of one file, of which it needs those it names."""

    def __init__(self, read: Map, columns: Sequence[str]) -> None:
        self._width = len(columns)
        self._places = {name: place for place, name in enumerate(columns) if name}
        self._tables = read.tables
        self._reckoning: Reckoning = read.times.reckoning()
        self._fields = {name: self._fill(source) for name, source in read.fields.given().items()}
        self._rules = [
            ([self._test(each) for each in rule.when], {n: self._fill(s) for n, s in rule.sets.given().items()})
            for rule in read.rules
        ]

    def row_of(self, record: Record) -> Row | Rejected:
        if record.wrong is not None:
            return Rejected(record.line, record.last, None, record.wrong)
        if len(record.cells) != self._width:
            return Rejected(record.line, record.last, None, self._wrong_width(record))
        try:
            filled = self._filled(record.cells)
        except Unusable as error:
            return Rejected(record.line, record.last, self.id_of(record), f"{error}")
        return self._checked(record, filled)

    def id_of(self, record: Record) -> str | None:
        """As far as it can be told."""
        try:
            return self._fields["row_id"](record.cells)[:LONGEST_ID_SHOWN] or None
        except (KeyError, IndexError, Unusable):
            return None

    def _wrong_width(self, record: Record) -> str:
        there, wanted = len(record.cells), self._width
        if there > wanted:
            hint = "put texts in which the delimiter stands into quotation marks"
        else:
            hint = "add what is missing, also where it is empty"
        return f"It has {there} columns and the first line of the file {wanted}: {hint}."

    def _filled(self, cells: Cells) -> dict[str, str]:
        fills = dict(self._fields)
        ruled: set[str] = set()
        for tests, sets in self._rules:
            if not ruled.issuperset(sets) and all(test(cells) for test in tests):
                fills |= {name: fill for name, fill in sets.items() if name not in ruled}
                ruled |= sets.keys()
        said = {name: text for name, fill in fills.items() if (text := fill(cells))}
        return {name: self._moment(name, text) if name in MOMENTS else text for name, text in said.items()}

    def _moment(self, name: str, written: str) -> str:
        try:
            return self._reckoning.moment(written).isoformat()
        except NoTime as error:
            raise Unusable(f"{name}: {error}") from None

    def _checked(self, record: Record, filled: Mapping[str, str]) -> Row | Rejected:
        told = json.dumps({"line": record.line, **filled}, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if len(told) > LARGEST_ROW:
            because = f"It weighs {len(told):,} bytes and may weigh {LARGEST_ROW:,}: shorten its texts."
            return Rejected(record.line, record.last, self.id_of(record), because)
        try:
            return Row(record.line, record.last, ImportedRow.model_validate_json(told), len(told))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "The row"
            because = f"{where}: {words_for(first['type'], first.get('ctx') or {})}."
            return Rejected(record.line, record.last, self.id_of(record), because)

    def _test(self, condition: Condition) -> Callable[[Cells], bool]:
        place = self._places[condition.column]
        return lambda cells: condition.holds(cells[place])

    def _fill(self, source: Source) -> Fill:
        fill = self._text(source)
        return (lambda cells: code_of(fill(cells))) if source.as_code else fill

    def _text(self, source: Source) -> Fill:
        if source.constant is not None:
            constant = source.constant
            return lambda cells: constant
        if source.columns is not None:
            places = [self._places[name] for name in source.columns]
            return lambda cells: source.joined.join(text for place in places if (text := cells[place].strip()))
        place = self._places[source.column or ""]
        if source.table is not None:
            return self._looked_up(source, place)
        return lambda cells: cells[place].strip()

    def _looked_up(self, source: Source, place: int) -> Fill:
        table = {value.strip(): text for value, text in self._tables[source.table or ""].items()}

        def look_up(cells: Cells) -> str:
            value = cells[place].strip()
            text = table.get(value, source.otherwise if value or source.otherwise else "")
            if text is None:
                raise Unusable(
                    f'{source.column}: {shown(value)} does not stand in the table "{source.table}" of the map: add it '
                    'there, or say with otherwise = "..." what is meant by all others.'
                )
            return text

        return look_up


def code_of(words: str) -> str:
    """`street-light-outages`. It is not cut: what is too long for a code is rejected."""
    return NOT_OF_A_CODE.sub("-", words.lower()).strip("-")
