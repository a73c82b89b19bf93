"""A council file read from its TOML text; every mistake in it is found, each with its line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared.council.lines import Path, lines_of
from shared.council.mistakes import KINDS, Draft, Mistake, Parts, hints_in, mistakes_in
from shared.council.model import About, Council, Letter, Letters
from shared.council.sentences import field_mistakes, syntax_mistake
from shared.errors import Fault, Refused

TOO_DEEP = "Lists or tables stand too deep in one another here: no council file needs more than three."

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """A mistake or a hint, and where a person finds it: `standard "answer" > target`."""

    line: int
    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.line}: {self.where}: {self.why}"


@dataclass(frozen=True, slots=True)
class Looked:
    """All that is to be said of a file; `council` is there when it has no mistakes."""

    council: Council | None
    mistakes: tuple[Note, ...]
    hints: tuple[Note, ...] = ()


def read_council(file: str) -> Council:
    """Refused, with a line for each mistake, when the text is not a council file."""
    looked = look_at(file)
    if looked.council is None:
        faults = tuple(Fault(f"line {note.line}, {note.where}", note.why) for note in looked.mistakes)
        told = "\n".join(f"line {note}" for note in looked.mistakes)
        raise Refused(f"This council file has {how_many(len(faults), 'mistake')}:\n{told}", faults)
    return looked.council


def how_many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {plural(noun)}"


def plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith("x") else f"{noun}s"


def read_again(file: str) -> Council:
    """What was applied once holds, also where a later release would ask for more or knows less."""
    return Council.model_validate(tomllib.loads(file), extra="ignore", by_alias=True, by_name=False)


def look_at(file: str) -> Looked:
    """Finds everything at once. Where the text is not TOML, only the first such place can be told."""
    try:
        return look_into(file)
    except RecursionError:
        return Looked(None, (Note(deepest_line(file), "TOML", TOO_DEEP),))


def deepest_line(file: str) -> int:
    """The one with the most brackets: lists are too deep only when very many open at once."""
    counts = [line.count("[") + line.count("{") for line in file.splitlines()]
    return counts.index(max(counts)) + 1


def look_into(file: str) -> Looked:
    try:
        raw = tomllib.loads(file)
    except tomllib.TOMLDecodeError as error:
        line, why = syntax_mistake(str(error), file)
        return Looked(None, (Note(line, "TOML", why),))
    council, errors = validated(Council, raw)
    draft = drafted(raw)
    found = [*errors, *mistakes_in(draft)]
    notes = [noted(each, raw, lines_of(file)) for each in (found or hints_in(draft))]
    ordered = tuple(sorted(dict.fromkeys(notes)))
    return Looked(None, ordered) if found else Looked(council, (), ordered)


def validated(model: type[M], raw: Any) -> tuple[M | None, list[Mistake]]:
    try:
        return model.model_validate(raw, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, field_mistakes(error.errors(include_url=False))


def drafted(raw: Mapping[str, Any]) -> Draft:
    """Every part is tried by itself, so that one mistake does not hide others."""
    about, _ = validated(About, raw.get("council"))
    parts = {kind: parts_of(kind, raw.get(kind)) for kind in KINDS}
    return Draft(raw=raw, about=about, letters=letters_of(raw), **{plural(kind): each for kind, each in parts.items()})


def letters_of(raw: Mapping[str, Any]) -> dict[str, Letter]:
    tables = raw.get("letters")
    written = tables if isinstance(tables, Mapping) else {}
    tried = {kind: validated(Letter, written.get(kind))[0] for kind in Letters.model_fields if kind in written}
    return {kind: letter for kind, letter in tried.items() if letter is not None}


def parts_of(kind: str, tables: Any) -> Parts[Any]:
    several = tables if isinstance(tables, list) else []
    tried = {place: validated(KINDS[kind], table)[0] for place, table in enumerate(several)}
    sound = {place: part for place, part in tried.items() if part is not None}
    return Parts(kind, sound, whole=len(sound) == len(several) and isinstance(tables, list | None))


def noted(mistake: Mistake, raw: Mapping[str, Any], lines: Mapping[Path, int]) -> Note:
    """What is missing has no line of its own: then it is that of the table it is missing in."""
    path = mistake.path
    while path and path not in lines:
        path = path[:-1]
    return Note(lines.get(path, 1), where(mistake.path, raw), mistake.why)


def where(path: Path, raw: Mapping[str, Any]) -> str:
    """`standard "answer" > target`; a place in a list of words is left out, for the sentence quotes the word."""
    steps: list[str] = []
    value: Any = raw
    for step in path:
        value = inside(value, step)
        if isinstance(step, str):
            steps.append(step)
        elif isinstance(value, Mapping) and steps:
            steps[-1] = f"{steps[-1]} {name_of(value, step)}"
    return " > ".join(step for step in steps if step) or "the file"


def inside(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(str(step))
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def name_of(table: Mapping[str, Any], place: int) -> str:
    code = table.get("code")
    if isinstance(code, str):
        return f'"{code}"'
    return str(table.get("date") or f"number {place + 1}")
