"""Mail: addresses that belong to one mailbox, mailboxes that lead to one place, letters that can be filled in."""

from __future__ import annotations

from collections.abc import Iterator

from shared.council.letters import FIELDS, look_through
from shared.council.lines import Path
from shared.council.mistakes.draft import Draft, Mistake, nearest


def mailboxes_for_two_things(draft: Draft) -> Iterator[Mistake]:
    for path, table in draft.tables("mailbox"):
        if "queue" in table and "service" in table:
            yield Mistake(
                (*path, "service"),
                "A mailbox is for a queue or for a service: take one of the two away; a service has its queue.",
            )


def addresses_of_two_mailboxes(draft: Draft) -> Iterator[Mistake]:
    """Small letters or not: to mail servers they are the same."""
    seen: dict[str, str] = {}
    for path, mailbox in draft.mailboxes:
        for place, address in enumerate(mailbox.addresses):
            before = seen.get(address.casefold())
            # Written alike and in one list, it is told of already.
            if before is not None and address not in mailbox.addresses[:place]:
                yield Mistake(
                    (*path, "addresses", place),
                    f'"{address}" is an address of mailbox "{before}" already: take it away from one place.',
                )
            seen.setdefault(address.casefold(), mailbox.code)


def letters_that_cannot_be_filled(draft: Draft) -> Iterator[Mistake]:
    for path, template in templates_of(draft):
        found = look_through(template)
        for unknown in found.unknown:
            yield Mistake(path, f'There is no field "{unknown}": {nearest(unknown, list(FIELDS))}.')
        for why in found.wrong:
            yield Mistake(path, why)


def templates_of(draft: Draft) -> Iterator[tuple[Path, str]]:
    for kind, letter in draft.letters.items():
        for key, text in (("subject", letter.subject), ("text", letter.text)):
            for language, template in text.items():
                path: Path = ("letters", kind, key)
                yield (*path, language) if language else path, template
