"""What makes a council file wrong although each of its parts is right: pure checks, a mistake for each thing found."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.council.mistakes import codes, hints, languages, mail, people, places, promises
from shared.council.mistakes.draft import KINDS, Draft, Mistake, Parts, nearest, the_nearest

__all__ = ["KINDS", "Draft", "Mistake", "Parts", "hints_in", "mistakes_in", "nearest", "the_nearest"]

Check = Callable[[Draft], Iterable[Mistake]]

CHECKS: tuple[Check, ...] = (
    codes.twice_given,
    codes.named_but_missing,
    codes.twice_in_a_list,
    places.zones_and_nations,
    places.never_open,
    places.days_told_twice,
    people.one_general_queue,
    people.queues_nobody_serves,
    people.services_nobody_can_do,
    people.people_on_queues_of_another_office,
    people.people_with_too_little_capacity,
    people.words_that_lead_to_two_queues,
    promises.codes_that_are_taken,
    promises.ends_that_never_come,
    promises.pauses_that_never_come,
    promises.warnings_out_of_order,
    promises.targets_beyond_reach,
    promises.standards_for_nothing,
    mail.mailboxes_for_two_things,
    mail.addresses_of_two_mailboxes,
    mail.letters_that_cannot_be_filled,
    languages.texts_not_everybody_can_read,
    languages.languages_the_council_does_not_speak,
)
HINTS: tuple[Check, ...] = (
    hints.things_nobody_uses,
    hints.people_who_miss_a_skill,
    languages.texts_that_lack_a_language,
)


def mistakes_in(draft: Draft) -> list[Mistake]:
    """What must be put right before the file can be applied."""
    return [mistake for check in CHECKS for mistake in check(draft)]


def hints_in(draft: Draft) -> list[Mistake]:
    """What may not be meant, but does no harm."""
    return [hint for check in HINTS for hint in check(draft)]
