"""Placing: which enquiries a mail names, and where it goes. Whoever is not known on an enquiry never gets onto it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.intake.domain.contacts import Known
from services.intake.domain.mail.model import Mail, MailKind, Place, PlacedAs, Thread
from services.intake.domain.mail.tokens import number_in
from shared.errors import Invalid
from shared.references import parse_number
from shared.vocabulary import EnquiryId

BY_TOKEN = "It came to an address, or answers a mail, that carries this enquiry's token."  # noqa: S105  no password
BY_MENTION = "It answers a mail of this enquiry."
BY_SUBJECT = "Its subject has this enquiry's reference."

MOST_NAMED = 20
"""Of one kind of clue. Nobody writes about more enquiries at once, and each is looked up."""
MOST_OF_A_SUBJECT = 1000

BETWEEN = r"[\s\-\u2010-\u2015.,/_]{0,3}"
FOUR = "[0-9A-Za-z]{4}"
WRITTEN = re.compile(rf"(?<![0-9A-Za-z])(?=((?:[A-Za-z]{{2,6}})?{FOUR}{BETWEEN}{FOUR}{BETWEEN}{FOUR})(?![0-9A-Za-z]))")
"""Looks ahead only, so that words in front of a number, which may pass for a part of it, do not use it up."""


@dataclass(frozen=True, slots=True)
class Named:
    """What in a mail may name an enquiry: numbers by signed tokens, Message-IDs that it answers, numbers by subject."""

    by_token: Sequence[str] = ()
    by_mention: Sequence[str] = ()
    by_subject: Sequence[str] = ()

    @property
    def anything(self) -> bool:
        return bool(self.by_token or self.by_mention or self.by_subject)


def named_in(key: bytes, mail: Mail, sent_to: str) -> Named:
    """The address that it was sent to counts before those it shows, and these before what it answers."""
    returned = [mail.message_id or ""] if mail.kind is MailKind.OURS else []
    mentions = [*mail.mentions, *mail.bounced_ids]
    signed = (number_in(key, text) for text in [sent_to, *mail.recipients, *mentions, *returned])
    return Named(
        by_token=distinct(number for number in signed if number),
        by_mention=distinct(mentions),
        by_subject=numbers_in(mail.subject),
    )


def numbers_in(subject: str) -> list[str]:
    """Numbers of references, in groups, as they stand there: with any prefix or none, in brackets, after `Re:`."""
    found = (number_or_none(each[1]) for each in WRITTEN.finditer(subject[:MOST_OF_A_SUBJECT]))
    return list(distinct(number for number in found if number))


def number_or_none(text: str) -> str | None:
    try:
        return parse_number(text)
    except Invalid:
        return None


def distinct(found: Iterator[str] | Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MOST_NAMED]


def threads_of(
    named: Named,
    by_number: Mapping[str, Known],
    by_message_id: Mapping[str, Known],
    known_on: Collection[EnquiryId],
) -> list[Thread]:
    """Those that there are, the strongest clue first, each once. `known_on` is where the sender is a participant."""
    found = (
        *((by_number.get(number), BY_TOKEN) for number in named.by_token),
        *((by_message_id.get(message_id), BY_MENTION) for message_id in named.by_mention),
        *((by_number.get(number), BY_SUBJECT) for number in named.by_subject),
    )
    threads: dict[EnquiryId, Thread] = {}
    for known, clue in found:
        if known is not None and known.enquiry_id not in threads:
            threads[known.enquiry_id] = Thread(known.enquiry_id, known.reference, clue, known.enquiry_id in known_on)
    return list(threads.values())


def noted(mail: Mail, threads: Sequence[Thread]) -> Place:
    """Anybody can write a reference into a subject, and say that they are a machine: by that alone it is on none."""
    proven = [each for each in threads if each.knows_sender or each.clue != BY_SUBJECT]
    thread = next((each for each in proven if each.knows_sender), proven[0] if proven else None)
    if thread is not None:
        return Place(PlacedAs.NOTED, thread, f"{mail.because} {thread.clue}")
    named = f"{BY_SUBJECT} Its sender is not known there." if threads else "It names no enquiry."
    return Place(PlacedAs.NOTED, None, f"{mail.because} {named}")


def placed(mail: Mail, threads: Sequence[Thread]) -> Place:
    """`threads` have the strongest clue first. One on which the sender is known counts before any other."""
    thread = next((each for each in threads if each.knows_sender), threads[0] if threads else None)
    if mail.kind.is_a_machines:
        return noted(mail, threads)
    if thread is None:
        return Place(PlacedAs.ENQUIRY, None, "It names no enquiry that there is.")
    if thread.knows_sender:
        return Place(PlacedAs.FURTHER, thread, f"{thread.clue} Its sender is known there.")
    return Place(PlacedAs.HELD, thread, f"{thread.clue} Its sender is not known there: a person decides.")
