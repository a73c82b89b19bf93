"""What a further council file changes, part by part, in words for whoever decides about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.council.mistakes import KINDS
from shared.council.model import Council

NOTHING = "nothing"
WHEN_REMOVED = {"standard": ("its running clocks end and do not come back",)}


class Kind(StrEnum):
    """What becomes of a part."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """One part of the council, such as `standard "answer"`; `how` says each value that was and is."""

    kind: Kind
    part: str
    how: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind:<8} {self.part}" + "".join(f"\n           {line}" for line in self.how)


def difference(before: Council | None, after: Council) -> list[Change]:
    """Empty when both mean the same, however they are written. Without a council before, everything is added."""
    old = before.model_dump(mode="json", by_alias=True) if before else {}
    new = after.model_dump(mode="json", by_alias=True)
    found = [*differing("council", old.get("council"), new["council"])]
    for kind in KINDS:
        olds, news = by_code(old.get(kind, ())), by_code(new[kind])
        for code in [*olds, *(code for code in news if code not in olds)]:
            found += differing(f'{kind} "{code}"', olds.get(code), news.get(code), kind)
    before_letters = old.get("letters", {})
    for kind, letter in new["letters"].items():
        found += differing(f'letter "{kind}"', before_letters.get(kind), letter)
    return found


def by_code(tables: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {table["code"]: table for table in tables}


def differing(
    part: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, kind: str = ""
) -> Iterator[Change]:
    if old is None and new is not None:
        yield Change(Kind.ADDED, f"{part} ({title_of(new)})")
    elif old is not None and new is None:
        yield Change(Kind.REMOVED, f"{part} ({title_of(old)})", WHEN_REMOVED.get(kind, ()))
    elif old != new:
        were, are = dict(values_in(old)), dict(values_in(new))
        keys = [key for key in were | are if were.get(key) != are.get(key)]
        yield Change(
            Kind.CHANGED,
            part,
            tuple(f"{key} was {were.get(key, NOTHING)}, is {are.get(key, NOTHING)}" for key in keys),
        )


def title_of(table: Mapping[str, Any]) -> str:
    """A letter has a subject instead of a name."""
    return in_one_line(table.get("name") or table["subject"])


def values_in(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Each key that says something, with its value: `hours.monday`, `09:00-17:00`."""
    if isinstance(value, Mapping):
        for step, each in value.items():
            yield from values_in(each, ".".join(part for part in (key, step) if part))
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for each in value:
            reason = f" ({in_one_line(each['reason'])})" if each.get("reason") else ""
            yield f"{key} {each['date']}", (in_one_line(each.get("hours")) or "closed") + reason
    elif said := in_one_line(value):
        yield key, said


def in_one_line(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " / ".join(str(each) for each in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return "" if value is None else " ".join(str(value).split())
