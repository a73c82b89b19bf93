"""Texts in several languages: the council's name says which there are, and which comes first."""

from __future__ import annotations

from collections.abc import Iterator

from shared.council.lines import Path
from shared.council.mistakes.draft import Draft, Mistake
from shared.council.model import Part


def texts_of(draft: Draft) -> Iterator[tuple[Path, dict[str, str]]]:
    """Every text in which a table of languages may stand."""
    named = (draft.calendars, draft.centres, draft.queues, draft.services, draft.mailboxes, draft.standards)
    for parts in (*named, draft.skills):
        for path, part in parts:
            yield from texts_in(path, part)
    for path, calendar in draft.calendars:
        for place, override in enumerate(calendar.override):
            yield from texts_in((*path, "override", place), override)
    for kind, letter in draft.letters.items():
        yield from texts_in(("letters", kind), letter)


def texts_in(path: Path, part: Part) -> Iterator[tuple[Path, dict[str, str]]]:
    for key in ("name", "promise", "address", "reason", "subject", "text"):
        text = getattr(part, key, None)
        if isinstance(text, dict):
            yield (*path, key), text


def languages_of(draft: Draft) -> list[str]:
    """The first is understood by everybody. None are known where the council's name is, or has, a plain text."""
    name = draft.about.name if draft.about else {}
    return [] if "" in name else list(name)


def texts_not_everybody_can_read(draft: Draft) -> Iterator[Mistake]:
    spoken = languages_of(draft)
    if not spoken:
        return
    for path, text in texts_of(draft):
        if "" not in text and spoken[0] not in text:
            yield Mistake(path, f'The council\'s first language is missing: add {spoken[0]} = "...".')


def languages_the_council_does_not_speak(draft: Draft) -> Iterator[Mistake]:
    spoken = languages_of(draft)
    if not spoken:
        return
    for path, text in texts_of(draft):
        for language in text:
            if language and language not in spoken:
                yield Mistake(
                    (*path, language),
                    f'The council\'s name is not given in "{language}": add it there, or write one of '
                    f"{', '.join(spoken)} here.",
                )


def texts_that_lack_a_language(draft: Draft) -> Iterator[Mistake]:
    """Worth knowing, and no mistake: a text may be translated later."""
    for path, text in texts_of(draft):
        missing = [language for language in languages_of(draft) if language not in text]
        if missing and "" not in text:
            yield Mistake(path, f"It is not given in {', '.join(missing)}.")
