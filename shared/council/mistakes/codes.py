"""Codes: each is given once, and names something that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.council.lines import Path
from shared.council.mistakes.draft import KINDS, Draft, Mistake, nearest

REFERENCES = (
    ("centre", ("calendar",), "calendar"),
    ("queue", ("centre",), "centre"),
    ("queue", ("skills",), "skill"),
    ("service", ("queue",), "queue"),
    ("service", ("skills",), "skill"),
    ("mailbox", ("queue",), "queue"),
    ("mailbox", ("service",), "service"),
    ("standard", ("calendar",), "calendar"),
    ("standard", ("applies_to", "services"), "service"),
    ("standard", ("applies_to", "queues"), "queue"),
    ("adviser", ("queues",), "queue"),
    ("adviser", ("skills",), "skill"),
)
"""A table, the key in it, and what kind of thing is named there."""


def twice_given(draft: Draft) -> Iterator[Mistake]:
    for kind in KINDS:
        seen: dict[str, str] = {}
        for path, table in draft.tables(kind):
            code = table.get("code")
            if isinstance(code, str) and code.casefold() in seen:
                before = seen[code.casefold()]
                yield Mistake((*path, "code"), f'There is {a(kind)} "{before}" already: give each a code of its own.')
            elif isinstance(code, str):
                seen[code.casefold()] = code


def a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def named_but_missing(draft: Draft) -> Iterator[Mistake]:
    for path, kind, code in references(draft):
        known = draft.codes(kind)
        if code not in known:
            yield Mistake(path, f'There is no {kind} "{code}": {nearest(code, known)}.')


def references(draft: Draft) -> Iterator[tuple[Path, str, str]]:
    """Each place that names a thing by its code, and what kind of thing."""
    for kind, keys, named in REFERENCES:
        for path, table in draft.tables(kind):
            for place, code in texts_at(table, keys):
                yield (*path, *keys, *place), named, code


def texts_at(table: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """One text, or those of a list with their places."""
    value: Any = table
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        yield (), value
    elif isinstance(value, list):
        for place, each in enumerate(value):
            if isinstance(each, str):
                yield (place,), each


def twice_in_a_list(draft: Draft) -> Iterator[Mistake]:
    """Hours are left out: those given twice overlap."""
    for kind in KINDS:
        for path, table in draft.tables(kind):
            if kind != "calendar":
                yield from doubled(path, table)


def doubled(path: Path, value: Any) -> Iterator[Mistake]:
    """Of texts and numbers, wherever in the table."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from doubled((*path, key), each)
    elif isinstance(value, list):
        seen: list[Any] = []
        for place, each in enumerate(value):
            yield from doubled((*path, place), each)
            if isinstance(each, str | int) and each in seen:
                written = f'"{each}"' if isinstance(each, str) else each
                yield Mistake((*path, place), f"{written} stands twice in this list: take one away.")
            seen.append(each)
