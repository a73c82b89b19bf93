"""A map read from its TOML text; every mistake in it is found, each with its line and what to write instead."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from services.cli.check import at_lines, read_file
from services.cli.importing.maps import MOMENTS, Map, Source
from services.cli.importing.times import NoTime
from services.intake.api.imports import ImportedRow
from shared.council import Note, how_many
from shared.council.lines import Path as Place
from shared.council.lines import lines_of
from shared.council.mistakes import Mistake, nearest
from shared.council.reading import noted
from shared.council.sentences import field_mistakes, syntax_mistake, words_of
from shared.errors import Refused
from shared.web.faults import words_for

NEEDED = ("row_id", "channel", "title", "text", "received_at")
TOO_DEEP = "Lists or tables stand too deep in one another here: no map needs more than three."


def read_map(path: Path) -> Map:
    """Refused, with a line for each mistake, when the file is no map."""
    read, mistakes = look_at_map(read_file(path))
    if read is None:
        told = "\n".join(at_lines(path, mistakes))
        raise Refused(f"{told}\n{path} has {how_many(len(mistakes), 'mistake')}: nothing was read.")
    return read


def look_at_map(file: str) -> tuple[Map | None, tuple[Note, ...]]:
    """The map, or everything that is wrong with it."""
    try:
        raw = tomllib.loads(file)
        lines = lines_of(file)
    except tomllib.TOMLDecodeError as error:
        line, why = syntax_mistake(str(error), file)
        return None, (Note(line, "TOML", why),)
    except RecursionError:
        return None, (Note(1, "TOML", TOO_DEEP),)
    read, found = validated(raw)
    mistakes = found if read is None else list(mistakes_in(read))
    return (None if mistakes else read), tuple(sorted({noted(each, raw, lines) for each in mistakes}))


def validated(raw: Mapping[str, Any]) -> tuple[Map | None, list[Mistake]]:
    try:
        return Map.model_validate(raw, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, field_mistakes(error.errors(include_url=False), Map)


def mistakes_in(read: Map) -> Iterator[Mistake]:
    """What is wrong although each part is right."""
    filled = {name for _, name, _ in read.sources()}
    for name in NEEDED:
        if name not in filled:
            yield Mistake(("fields",), f'"{name}" is missing: no row can do without it. Write {example(name)}.')
    used = set()
    for path, name, source in read.sources():
        if source.table is not None:
            used.add(source.table)
        yield from wrong_texts(read, path, name, source)
    for table in read.tables:
        if table not in used:
            yield Mistake(("tables", table), f'No field uses it: write table = "{table}" at one, or take it away.')


def example(name: str) -> str:
    return f'{name} = {{ column = "..." }}'


def wrong_texts(read: Map, path: Place, name: str, source: Source) -> Iterator[Mistake]:
    """Those that would have every row rejected in which they are used."""
    if source.table is not None and source.table not in read.tables:
        yield Mistake(
            (*path, "table"), f"There is no [tables.{source.table}]: {nearest(source.table, [*read.tables])}."
        )
    for key in ("constant", "otherwise"):
        text = getattr(source, key)
        if text and (why := wrong_text(read, name, source, text)):
            yield Mistake((*path, key), why)
    for value, text in read.tables.get(source.table or "", {}).items():
        if text and (why := wrong_text(read, name, source, text)):
            yield Mistake(("tables", source.table or "", value), why)


def wrong_text(read: Map, name: str, source: Source, text: str) -> str | None:
    if name in MOMENTS:
        try:
            read.times.reckoning().moment(text)
        except NoTime as error:
            return f"{error}"
        return None
    if source.as_code:
        return None
    why = why_not(name, text)
    return None if why is None else f'"{text}" cannot be a {name}: {why}.'


def why_not(name: str, text: str) -> str | None:
    """What to write instead of a text that intake would not let stand in the field."""
    try:
        field_of(name).validate_json(TypeAdapter(str).dump_json(text))
    except ValidationError as error:
        words = words_of(ImportedRow.model_fields[name].annotation)
        if words and text not in words:
            return nearest(text, [word for word in words if why_not(name, word) is None])
        first = error.errors(include_url=False)[0]
        return words_for(first["type"], first.get("ctx") or {})
    return None


@cache
def field_of(name: str) -> TypeAdapter[Any]:
    """What intake lets stand in a field of a row."""
    field = ImportedRow.model_fields[name]
    kind: Any = field.annotation
    return TypeAdapter(Annotated[(kind, *field.metadata)] if field.metadata else kind)


def check_columns(file: Path, columns: tuple[str, ...], read: Map) -> None:
    """Refused when the map names columns that the file has not."""
    missing = dict.fromkeys(column for _, column in read.columns() if column not in columns)
    if missing:
        told = " ".join(
            f'The map names the column "{name}": {nearest(name, [*filter(None, columns)])}.' for name in missing
        )
        raise Refused(f"{file} lacks {how_many(len(missing), 'column')} of the map, so nothing was read. {told}")
