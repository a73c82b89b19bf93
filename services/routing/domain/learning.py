"""What triage learns from: what is known of an enquiry when its task is made, and the words of it that are kept."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from services.routing.domain.tasks import Purpose, Task, place_in_time
from shared.vocabulary import QueueId

SHORTEST_WORD = 3
LONGEST_WORD = 30
MOST_WORDS = 50

ZIP_CODE = re.compile(r"\b[A-Z]{2}\s+(\d{5})(?:-\d{4})?(?=$|[\s,;.])")
POSTCODE = re.compile(r"\b([A-Z]{1,2}\d[A-Z\d]?)\s*\d[A-Z]{2}\b", re.IGNORECASE)
"""The first half alone, which is a part of a town; the whole is a few front doors."""


class Kind(StrEnum):
    """What a clue is about."""

    SERVICE = "service"
    CHANNEL = "channel"
    AREA = "area"
    POSTCODE = "postcode"
    WORD = "word"
    PLACE = "place"


Clue: TypeAlias = tuple[Kind, str]
Feature: TypeAlias = tuple[Clue, ...]
"""One clue, or two that occur together."""
Areas: TypeAlias = Sequence[tuple[str, frozenset[str]]]
"""Known areas with their words, the longest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An enquiry as far as triage looks at it. Of what was written only single words are left, in no order."""

    channel: str
    service_code: str | None = None
    area: str | None = None
    words: tuple[str, ...] = ()
    place_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An enquiry that is resolved, and the queue that dealt with it last."""

    known: Known
    queue_id: QueueId
    received_at: datetime
    resolved_at: datetime


def queue_to_learn(tasks: Collection[Task]) -> QueueId | None:
    """Where somebody last took it or put it. Where a rule put a task that nobody took, nobody said it was right."""
    decided = [
        task
        for task in tasks
        if task.purpose is not Purpose.WORK and (task.assigned_to is not None or not task.triaged)
    ]
    last = max(decided, key=place_in_time, default=None)
    return last.queue_id if last is not None else None


def words_of(text: str, names: Collection[str | None] = ()) -> tuple[str, ...]:
    """
    The words worth keeping: lower case, letters only, each once, none of the citizen's names.

    Whatever is written with a digit or an @ in it is left out whole, and so are web addresses: house numbers, telephone
    numbers, references, email addresses.
    """
    left_out = {word for name in names if name for word in letters_of(name)}
    kept = {
        word
        for token in text.split()
        if not tells_of_somebody(token)
        for word in letters_of(token)
        if SHORTEST_WORD <= len(word) <= LONGEST_WORD
    }
    return tuple(sorted(kept - left_out)[:MOST_WORDS])


def tells_of_somebody(token: str) -> bool:
    return "@" in token or "://" in token or token.lower().startswith("www.") or any(map(is_numeral, token))


def is_numeral(character: str) -> bool:
    return unicodedata.normalize("NFKC", character).isnumeric() or unicodedata.category(character).startswith("N")


def letters_of(text: str) -> list[str]:
    composed = unicodedata.normalize("NFC", text.lower())
    return "".join(each if each.isalpha() else " " for each in composed).split()


def place_words_of(place: str, names: Collection[str | None] = ()) -> tuple[str, ...]:
    """The words of a place, and its postcode: a ZIP code that follows its state, or the first half of a British one."""
    found = [*ZIP_CODE.findall(place), *(each.lower() for each in POSTCODE.findall(place))]
    return (*words_of(place, names), *sorted(set(found))[:MOST_WORDS])


def areas_named(names: Iterable[str]) -> Areas:
    """
    Those that a place can name in words of its own, by the rule by which a place's words are kept.

    Not one that a digit tells from others (`District 1`), nor one whose words are another's as well.
    """
    words = {name: frozenset(words_of(name)) for name in names if not any(map(is_numeral, name))}
    times = Counter(words.values())
    ranked = sorted(words, key=lambda name: (-len(name), name))
    return [(name, words[name]) for name in ranked if words[name] and times[words[name]] == 1]


def features_of(known: Known, areas: Areas) -> Iterator[Feature]:
    """Every clue alone; and most of them with the service, as each has a map of its own of who does what."""
    service: Clue = (Kind.SERVICE, known.service_code or "")
    places = [(Kind.POSTCODE if any(map(str.isdigit, word)) else Kind.PLACE, word) for word in known.place_words]
    others: list[Clue] = [
        (Kind.CHANNEL, known.channel),
        (Kind.AREA, known.area or area_of(known.place_words, areas)),
        *((Kind.WORD, word) for word in known.words),
        *places,
    ]
    yield (service,)
    for clue in others:
        yield (clue,)
        if clue[0] is not Kind.PLACE:
            yield (service, clue)


def area_of(place_words: Collection[str], areas: Areas) -> str:
    """A citizen writes where it is and not which area that is: the longest known one that the place names, if any."""
    there = set(place_words)
    return next((area for area, words in areas if words <= there), "") if there else ""


def in_words(feature: Feature) -> str:
    return " and ".join(SAID[kind].format(value) if value else NOT_SAID[kind] for kind, value in feature)


SAID = {
    Kind.SERVICE: "the service code is {}",
    Kind.CHANNEL: "it came by {}",
    Kind.AREA: "it is in {}",
    Kind.POSTCODE: "its postcode is {}",
    Kind.WORD: "it says '{}'",
    Kind.PLACE: "its place says '{}'",
}
NOT_SAID = {Kind.SERVICE: "no service code was given", Kind.AREA: "no area is named"}
