"""Tells whether a contract only grew: each change a listener could not live with, as a sentence."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.contracts.snapshots import Schema

PROSE = frozenset({"title", "description"})
LOOKED_AT = PROSE | {"properties", "required", "enum", "personal", "anyOf"}
PUT_IT_BACK = "Put it back, or say a new event name beside the old one for a release."


def broken_promises(before: Mapping[str, Schema], now: Mapping[str, Schema]) -> list[str]:
    """Nothing, when every stored event is still said and each only has more fields or words."""
    found: list[str] = []
    for name, schema in before.items():
        if name in now:
            found += changes(name, schema, now[name])
        else:
            found.append(
                f"{name} is not said any more: listeners wait for it. Say it for one more release, "
                "then delete its snapshot."
            )
    return found


def changes(where: str, before: Schema, now: Schema) -> list[str]:
    checks = (fields, needs, words, privacy, ways, all_else)
    return [sentence for check in checks for sentence in check(where, before, now)]


def fields(where: str, before: Schema, now: Schema) -> Iterator[str]:
    present = now.get("properties", {})
    for name, field in before.get("properties", {}).items():
        if name in present:
            yield from changes(f"{where}: {name}", field, present[name])
        else:
            yield f"{where}: the field {name} is gone. {PUT_IT_BACK}"


def needs(where: str, before: Schema, now: Schema) -> Iterator[str]:
    for name in now.get("required", ()):
        if name not in before.get("required", ()):
            yield (
                f"{where}: the field {name} is required, and events already said lack it. "
                "Give it a default that means what was true without it."
            )


def words(where: str, before: Schema, now: Schema) -> Iterator[str]:
    known, present = before.get("enum", ()), now.get("enum", ())
    for word in known:
        if word not in present:
            yield f"{where}: the word {word} is gone, and events already said hold it. {PUT_IT_BACK}"
    grown = [word for word in present if word not in known]
    if known and grown and "other" not in known:
        yield f"{where}: listeners know no `other` to read {', '.join(grown)} as. {PUT_IT_BACK}"


def privacy(where: str, before: Schema, now: Schema) -> Iterator[str]:
    if before.get("personal") and not now.get("personal"):
        yield f"{where}: it is not marked as personal any more, so it would not be erased. Mark it again."


def ways(where: str, before: Schema, now: Schema) -> Iterator[str]:
    """Of a field that may be one thing or another, such as a text or null: the same, in the same order."""
    was, now_is = kinds(before), kinds(now)
    if was != now_is:
        yield f"{where}: it was {' or '.join(was)} and now is {' or '.join(now_is)}. {PUT_IT_BACK}"
        return
    for one, other in zip(before.get("anyOf", ()), now.get("anyOf", ()), strict=True):
        yield from changes(where, one, other)


def kinds(schema: Schema) -> Sequence[str]:
    return [str(way.get("type", "anything")) for way in schema.get("anyOf", [schema])]


def all_else(where: str, before: Schema, now: Schema) -> Iterator[str]:
    """Formats, limits, defaults, kinds of entries: whatever JSON Schema can say about a field."""
    for key in sorted((before.keys() | now.keys()) - LOOKED_AT - {"type"}):
        was, now_is = before.get(key, MISSING), now.get(key, MISSING)
        if was != now_is:
            yield f"{where}: its {key} was {was!r} and now is {now_is!r}. {PUT_IT_BACK}"


class Missing:
    def __repr__(self) -> str:
        return "not there"


MISSING: Any = Missing()
