"""What a reader of TOML and a checker of fields complain of, said so that one knows what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.council.lines import Path
from shared.council.mistakes import Mistake, nearest, the_nearest
from shared.council.model import Council

LONGEST_SHOWN = 60
OF_A_KEY = "[key]"

ADVICE = {
    "Cannot overwrite a value": "This key stands in the same table already: take one of the two away",
    "Cannot declare": "This table is there already: put what is in both into one",
    "Expected '=' after a key": "A key, an equals sign and a value belong here, such as capacity = 1",
    "Invalid value": "This is no value: put texts into quotation marks, and write true and false in small letters",
    "Illegal character '\\n'": "The text does not end in its line: close the quotation mark",
    "Unterminated string": "The text does not end: close the quotation mark",
    "Unclosed array": "The list does not end: close it with ]",
    "Unclosed inline table": "The table does not end: close it with }",
    "Expected newline or end of document": "There is more in this line than one value: begin a new line, "
    "and put texts into quotation marks",
    "Expected ']": "The brackets do not match: write [council] for one table, [[queue]] for each of several",
    "Invalid initial character for a key part": "A key is missing here: write a name of letters before the equals sign",
    "Invalid statement": "This is neither a key nor a table: write key = value, or begin a comment with #",
    "Unescaped '\\' in a string": "A backslash means something else in quotation marks: write it twice, or use '...'",
}
AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


def syntax_mistake(message: str, file: str) -> tuple[int, str]:
    """Where the text stops being TOML, and what to do about it."""
    found = AT_LINE.search(message)
    line = int(found[1]) if found else max(1, len(file.rstrip().splitlines()))
    bare = message.removesuffix(" (at end of document)") if found is None else message[: found.start()]
    said = next((advice for start, advice in ADVICE.items() if bare.startswith(start)), None)
    return line, f"{said}." if said else f"This is not TOML ({bare}): compare it with the line before."


def field_mistakes(errors: list[ErrorDetails], file: type[BaseModel] = Council) -> list[Mistake]:
    """One for each place, whatever else the checker says of it. `file` declares what may stand in it."""
    misspelt = {(*path[:-1], key) for path, key in (intended(error, file) for error in errors) if key}
    found: dict[Path, Mistake] = {}
    for error in errors:
        path = path_of(error["loc"])
        if error["type"] == "missing" and path in misspelt:
            continue
        if error["type"] == "too_short" and error["input"]:
            continue  # what stands in the list is wrong, and told by itself
        found.setdefault(path, Mistake(path, sentence(error, path, file)))
    return list(found.values())


def intended(error: ErrorDetails, file: type[BaseModel]) -> tuple[Path, str | None]:
    """The key that an unknown one was most likely meant to be: that one is then not missing, but misspelt."""
    path = path_of(error["loc"])
    table, _ = declared_at(path, file)
    unknown = error["type"] == "extra_forbidden"
    return path, the_nearest(str(path[-1]), list(keys_of(table))) if unknown else None


def path_of(loc: Path) -> Path:
    return loc[: loc.index(OF_A_KEY)] if OF_A_KEY in loc else loc


def sentence(error: ErrorDetails, path: Path, file: type[BaseModel]) -> str:
    table, field = declared_at(path, file)
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    if error["type"] == "value_error":
        return f"{error['ctx']['error']}."
    if error["type"] == "extra_forbidden":
        return unknown_key(key, table)
    advice = f"write {described(field)}"
    if error["type"] == "missing":
        return f'"{key}" is missing: {advice}.'
    value = error["input"]
    if isinstance(value, str) and (word := meant(value, field)):
        advice = f'did you mean "{word}"? Otherwise {advice}'
    return f"{shown(value)} is not understood: {advice}."


def unknown_key(key: str, table: type[BaseModel]) -> str:
    known = list(keys_of(table))
    return f'"{key}" means nothing here: {nearest(key, known)}.'


def meant(value: str, field: FieldInfo | None) -> str | None:
    return the_nearest(value, [word for word in words_of(field.annotation) if word != "other"]) if field else None


def shown(value: Any) -> str:
    """As it would stand in the file, shortened."""
    if isinstance(value, str | bool | int | float):
        written = json.dumps(value, ensure_ascii=False)
        return written if len(written) <= LONGEST_SHOWN else f'{written[:LONGEST_SHOWN]}…"'
    if isinstance(value, list):
        return "An empty list" if not value else "A list"
    if isinstance(value, Mapping):
        return "An empty table" if not value else "A table"
    return str(value) if isinstance(value, date) else "This"


def declared_at(path: Path, file: type[BaseModel]) -> tuple[type[BaseModel], FieldInfo | None]:
    """The table that a path leads into, and what is declared of its last key; None where there is no such key."""
    table = file
    field: FieldInfo | None = None
    for key in (step for step in path if isinstance(step, str)):
        inner = table_in(field.annotation) if field else file
        if inner is None:
            break
        table, field = inner, keys_of(inner).get(key)
        if field is None:
            break
    return table, field


def keys_of(table: type[BaseModel]) -> dict[str, FieldInfo]:
    """As they are written in the file."""
    return {field.alias or name: field for name, field in table.model_fields.items()}


def described(field: FieldInfo | None) -> str:
    """Where a key may be left out, what is written stands deeper in its declaration."""
    if field is None:
        return "something else"
    inside = (each.description for each in kinds_in(field.annotation) if isinstance(each, FieldInfo))
    return field.description or next((text for text in inside if text), "something else")


def table_in(annotation: Any) -> type[BaseModel] | None:
    tables = (kind for kind in kinds_in(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel))
    return next(tables, None)


def words_of(annotation: Any) -> list[str]:
    """Those to choose from, where a field is one of several words."""
    found: list[str] = []
    for kind in kinds_in(annotation):
        if isinstance(kind, type) and issubclass(kind, Enum):
            found += [str(word.value) for word in kind]
        elif isinstance(kind, str) and kind:
            found.append(kind)
    return found


def kinds_in(annotation: Any) -> Iterator[Any]:
    """Everything an annotation is made of: `tuple[A, ...] | None` holds A."""
    yield annotation
    for each in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        yield from kinds_in(each)
