"""What a map holds: how a file is written, and from which of its columns each field of a row comes."""

from __future__ import annotations

import codecs
import re
import zoneinfo
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from services.cli.importing.records import UTF_8, Form
from services.cli.importing.times import NAME_OF_A_ZONE, Reckoning, RepeatedHour, is_form, tells_afternoon

ENCODINGS = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d|cp437|cp85[028]|mac-roman|koi8-[ru]")
"""In which a quotation mark, a comma and a line end are one byte, and that byte is nothing else."""
NO_DELIMITERS = '"\r\n'
MOMENTS = ("received_at", "due_at", "resolved_at")

COLUMN = 'the name of a column in quotation marks, such as "OPEN_DT"'
SOURCE = 'where it comes from, such as { column = "OPEN_DT" } or { constant = "web" }'
EACH_SOURCE = 'a table of fields, such as { channel = "one_stop_shop", point = "counter" }'
CONDITION = 'when it holds, such as { column = "TYPE", is = "Pothole" }'

ColumnName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), Field(description=COLUMN)]
Value = Annotated[str, Field(strict=True, description="a text in quotation marks")]


class Part(BaseModel):
    """A table of the map. What it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def known_encoding(name: str) -> str:
    try:
        canonical = codecs.lookup(name).name
    except LookupError:
        canonical = ""
    if canonical in ("utf-8-sig", "utf_8_sig"):
        return UTF_8
    if not ENCODINGS.fullmatch(canonical):
        raise ValueError(
            f'"{name}" cannot be read here: write "utf-8", "cp1252" or another encoding of one byte for each sign, '
            "or save the file as UTF-8"
        )
    return canonical


def known_zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise ValueError(f'There is no time zone "{name}": write one such as "Europe/London" or "America/New_York"')
    return name


def readable_form(form: str) -> str:
    if NAME_OF_A_ZONE in form:
        raise ValueError(f'"{form}" has a name of a zone (%Z), which tells no moment: write %z for an offset')
    if not is_form(form):
        raise ValueError(
            f'"{form}" does not tell day, month and year, each once: write a form such as "%d/%m/%Y %H:%M:%S", or "iso"'
        )
    if not tells_afternoon(form):
        raise ValueError(
            f'"{form}" does not tell morning from afternoon: write %H for hours up to 23, or %p for AM and PM beside %I'
        )
    return form


def one_sign(delimiter: str) -> str:
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in NO_DELIMITERS:
        raise ValueError('What stands between two columns is one sign: write ",", ";", "|" or "\\t"')
    return delimiter


def one_or_several(value: Any) -> Any:
    """What may stand alone is kept as a list of one."""
    return value if isinstance(value, list | tuple) else [value]


class Times(Part):
    """`[times]`: how times are written, and in which zone."""

    zone: Annotated[str, AfterValidator(known_zone)] = Field(description='a time zone, such as "Europe/London"')
    formats: Annotated[tuple[Annotated[str, AfterValidator(readable_form)], ...], BeforeValidator(one_or_several)] = (
        Field(min_length=1, description='a form such as "%d/%m/%Y %H:%M:%S" or "iso", or a list of several')
    )
    repeated_hour: RepeatedHour = Field(RepeatedHour.REJECT, description='"first", "second" or "reject"')

    def reckoning(self) -> Reckoning:
        return Reckoning(self.zone, self.formats, self.repeated_hour)


class Source(Part):
    """Where a field comes from: one column, several joined, or the same text for every row."""

    column: ColumnName | None = Field(None, description=COLUMN)
    columns: tuple[ColumnName, ...] | None = Field(
        None, min_length=1, description='a list of columns, such as ["Street", "Town"]'
    )
    joined: Value = Field(", ", description='what stands between them, such as ", "')
    constant: Value | None = Field(None, description='a text, such as "web"')
    table: Value | None = Field(None, description="the name of one of the [tables], in quotation marks")
    otherwise: Value | None = Field(None, description='a text for values that are not in the table, such as "other"')
    as_code: bool = Field(False, strict=True, description="true or false, without quotation marks")

    @model_validator(mode="after")
    def check(self) -> Source:
        ways = [name for name in ("column", "columns", "constant") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise ValueError(f"A field comes from one of column, columns or constant, and this has {both(ways)}")
        if "joined" in self.model_fields_set and self.columns is None:
            raise ValueError('"joined" stands between several columns: write columns = ["A", "B"] with it')
        if self.table is not None and self.column is None:
            raise ValueError('A table needs a column to look up: write column = "..." beside it')
        if self.otherwise is not None and self.table is None:
            raise ValueError('"otherwise" is for what a table does not know: write table = "..." beside it')
        return self

    def columns_named(self) -> Iterator[str]:
        if self.column is not None:
            yield self.column
        yield from self.columns or ()


def both(ways: list[str]) -> str:
    return " and ".join(ways) or "none of them"


OptionalSource = Annotated[Source | None, Field(description=SOURCE)]


class Fields(Part):
    """`[fields]`: those of a row. What is left out is not said."""

    row_id: OptionalSource = None
    channel: OptionalSource = None
    point: OptionalSource = None
    title: OptionalSource = None
    text: OptionalSource = None
    place: OptionalSource = None
    area: OptionalSource = None
    service_code: OptionalSource = None
    queue_id: OptionalSource = None
    received_at: OptionalSource = None
    due_at: OptionalSource = None
    resolved_at: OptionalSource = None
    resolution: OptionalSource = None
    citizen_name: OptionalSource = None
    citizen_surname: OptionalSource = None
    citizen_email: OptionalSource = None
    citizen_telephone: OptionalSource = None
    citizen_uprn: OptionalSource = None
    language: OptionalSource = None

    def given(self) -> dict[str, Source]:
        """Those that are filled, in the order of the model."""
        return {name: source for name in type(self).model_fields if (source := getattr(self, name)) is not None}


def texts_as_constants(value: Any) -> Any:
    """In a rule a field is mostly set to a text, which then stands for itself."""
    if not isinstance(value, dict):
        return value
    return {name: {"constant": each} if isinstance(each, str) else each for name, each in value.items()}


class Condition(Part):
    """What a cell must be. Spaces around it do not count; `contains` and `begins_with` ignore capitals."""

    column: ColumnName
    equals: Value | None = Field(None, alias="is", description='the whole text of the cell, such as "Pothole"')
    is_in: tuple[Value, ...] | None = Field(None, min_length=1, description='a list of texts, such as ["App", "Web"]')
    begins_with: Value | None = Field(None, min_length=1, description="how the text of the cell begins")
    contains: Value | None = Field(None, min_length=1, description="a part of the text of the cell")
    is_empty: bool | None = Field(None, strict=True, description="true or false, without quotation marks")

    @model_validator(mode="after")
    def check(self) -> Condition:
        asked = [name for name in ("equals", "is_in", "begins_with", "contains", "is_empty") if self.asks(name)]
        if len(asked) != 1:
            raise ValueError(
                "A condition asks one thing of its column: write one of is, is_in, begins_with, contains and is_empty"
            )
        return self

    def asks(self, name: str) -> bool:
        return getattr(self, name) is not None

    def holds(self, cell: str) -> bool:
        said = cell.strip()
        if self.is_empty is not None:
            return self.is_empty == (not said)
        if self.equals is not None:
            return said == self.equals.strip()
        if self.is_in is not None:
            return said in {each.strip() for each in self.is_in}
        if self.begins_with is not None:
            return said.casefold().startswith(self.begins_with.casefold())
        return (self.contains or "").casefold() in said.casefold()


class Rule(Part):
    """`[[rules]]`: where all conditions hold, these fields come from elsewhere. The first to set a field counts."""

    when: Annotated[tuple[Condition, ...], BeforeValidator(one_or_several)] = Field(min_length=1, description=CONDITION)
    sets: Annotated[Fields, BeforeValidator(texts_as_constants)] = Field(alias="set", description=EACH_SOURCE)


class Map(Part):
    """The whole map. That its parts fit together is looked at in `reading_maps`."""

    system: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] = Field(
        description='what the older system is called, such as "lagan"'
    )
    encoding: Annotated[str, AfterValidator(known_encoding)] = Field(UTF_8, description='an encoding, such as "utf-8"')
    delimiter: Annotated[str, AfterValidator(one_sign)] = Field(",", description='one sign, such as "," or "\\t"')
    times: Times = Field(description="one table [times], with its zone and formats")
    fields: Fields = Field(description="one table [fields], with a source for each field")
    tables: dict[str, dict[str, Value]] = Field({}, description="a table [tables.NAME] for each")
    rules: tuple[Rule, ...] = Field((), description="a table [[rules]], in double brackets, for each rule")

    def form(self) -> Form:
        return Form(self.encoding, self.delimiter)

    def sources(self) -> Iterator[tuple[tuple[str | int, ...], str, Source]]:
        """Where each stands in the map, and the field it fills."""
        for name, source in self.fields.given().items():
            yield ("fields", name), name, source
        for place, rule in enumerate(self.rules):
            for name, source in rule.sets.given().items():
                yield ("rules", place, "set", name), name, source

    def columns(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Each column that is named, and where."""
        for path, _, source in self.sources():
            yield from ((path, column) for column in source.columns_named())
        for place, rule in enumerate(self.rules):
            yield from ((("rules", place, "when"), condition.column) for condition in rule.when)
