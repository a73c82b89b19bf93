"""A council file while it may still have mistakes: the parts that can be read, and the raw tables of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from shared.council.lines import Path
from shared.council.model import (
    About,
    Adviser,
    Calendar,
    Centre,
    CouncilService,
    Letter,
    Mailbox,
    Part,
    Queue,
    Skill,
    Standard,
)
from shared.worktime import Hours

P = TypeVar("P", bound=Part)
Raw = Mapping[str, Any]

KINDS: Mapping[str, type[Part]] = {
    "calendar": Calendar,
    "centre": Centre,
    "queue": Queue,
    "service": CouncilService,
    "mailbox": Mailbox,
    "standard": Standard,
    "skill": Skill,
    "adviser": Adviser,
}
MOST_NAMED = 12
LIKE = 0.6
ALWAYS_CLOSED: tuple[tuple[Hours, ...], ...] = ((),) * 7


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at one place of the file, and what to write instead, in a sentence."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True)
class Parts(Generic[P]):
    """Those of one kind that can be read, by their place in the file. `whole`: that is all there are."""

    kind: str
    sound: Mapping[int, P]
    whole: bool

    def __iter__(self) -> Iterator[tuple[Path, P]]:
        for place, part in self.sound.items():
            yield (self.kind, place), part

    def having(self, code: str) -> P | None:
        return next((part for part in self.sound.values() if getattr(part, "code", None) == code), None)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the checks look at. Letters that can be read, by the kind of message."""

    raw: Raw
    about: About | None
    calendars: Parts[Calendar]
    centres: Parts[Centre]
    queues: Parts[Queue]
    services: Parts[CouncilService]
    mailboxes: Parts[Mailbox]
    standards: Parts[Standard]
    skills: Parts[Skill]
    advisers: Parts[Adviser]
    letters: Mapping[str, Letter]

    def tables(self, kind: str) -> Iterator[tuple[Path, Raw]]:
        """All of a kind as they are written, whatever is wrong with them."""
        return tables_of(self.raw, kind)

    def codes(self, kind: str) -> list[str]:
        return [code for _, table in self.tables(kind) if isinstance(code := table.get("code"), str)]


def tables_of(raw: Raw, kind: str) -> Iterator[tuple[Path, Raw]]:
    several = raw.get(kind)
    for place, table in enumerate(several if isinstance(several, list) else ()):
        if isinstance(table, Mapping):
            yield (kind, place), table


def nearest(word: str, known: list[str]) -> str:
    """`write "highways"` where something like it is known; else what there is to choose from."""
    found = the_nearest(word, known)
    if found is not None:
        return f'write "{found}"'
    if not known:
        return "leave it out, for there is none"
    return f"write {one_of(known)}"


def one_of(words: list[str]) -> str:
    quoted = [f'"{word}"' for word in words[:MOST_NAMED]]
    if len(words) == 1:
        return quoted[0]
    return f"one of {', '.join(quoted)}" + (" and so on" if len(words) > MOST_NAMED else "")


def the_nearest(word: str, known: list[str]) -> str | None:
    """None when nothing is like it. Whether letters are small makes no difference."""
    folded = {each.casefold(): each for each in known}
    found = get_close_matches(word.casefold(), list(folded), n=1, cutoff=LIKE)
    return folded[found[0]] if found else None
