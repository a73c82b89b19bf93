"""Public references, and how far an enquiry has come. No I/O: every rule is a function of its arguments."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.errors import Invalid
from shared.vocabulary import Channel, ContactId, EnquiryId, Point, Reference

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No I, L, O or U: spoken and printed, each of these passes for another."""
HEARD_AS = str.maketrans("ILO", "110")
VALUES = {character: value for value, character in enumerate(ALPHABET)}

RANDOM_BITS = 55
DIGITS = RANDOM_BITS // 5
LENGTH = DIGITS + 1
GROUP = 4
EXAMPLE = 0x1F3A5C7E9B2D46
SEPARATORS = re.compile(r"[\s\-\u2010-\u2015.,/_]+")


def powers_of_two() -> tuple[int, ...]:
    """In the field of 32 elements (modulo x^5 + x^2 + 1), where they are all its elements but zero."""
    found = [1]
    while len(found) < len(ALPHABET) - 1:
        doubled = found[-1] << 1
        found.append(doubled ^ 0b100101 if doubled & 0b100000 else doubled)
    return tuple(found)


POWERS = powers_of_two()
LOGARITHMS = {power: exponent for exponent, power in enumerate(POWERS)}


def check_sum(values: list[int]) -> int:
    """
    Zero for a whole reference, its check character last.

    Each place weighs another power of two. So one wrong character always shows, and so do two that changed
    places, neighbours or not.
    """
    total = 0
    for place, value in enumerate(reversed(values)):
        if value:
            total ^= POWERS[(LOGARITHMS[value] + place) % len(POWERS)]
    return total


def reference_of(prefix: str, number: int) -> Reference:
    """The public reference for a random number of `RANDOM_BITS` bits: `ANY-7K3M-9QPX-2RTV`."""
    values = [number >> (5 * place) & 31 for place in reversed(range(DIGITS))]
    values.append(check_sum([*values, 0]))
    return written(prefix, "".join(ALPHABET[value] for value in values))


def written(prefix: str, body: str) -> Reference:
    groups = (body[start : start + GROUP] for start in range(0, LENGTH, GROUP))
    return Reference("-".join((prefix, *groups)))


def parse_reference(prefix: str, text: str) -> Reference:
    """
    What a person typed or read out, as the reference they meant.

    Small letters, spaces and missing hyphens are fine, O is read as 0, I and L as 1, and the council's own
    prefix may be left out. `Invalid` says what is wrong with the rest.
    """
    heard = SEPARATORS.sub("", text).upper().translate(HEARD_AS)
    body = heard.removeprefix(prefix.translate(HEARD_AS)) if len(heard) > LENGTH else heard
    if len(body) != LENGTH:
        example = reference_of(prefix, EXAMPLE)
        raise Invalid(
            f"A reference is {prefix} and {LENGTH} letters and digits, as in {example}: "
            "check that none is missing, wrong or too many."
        )
    strange = sorted(set(body) - set(ALPHABET))
    if strange:
        raise Invalid(
            f"There is never {' or '.join(repr(character) for character in strange)} in a reference: "
            "look at that character once more."
        )
    if check_sum([VALUES[character] for character in body]):
        raise Invalid(
            "One character of this reference seems to be mistyped, or two have changed places: "
            "compare it with the one we gave you."
        )
    return written(prefix, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One enquiry, as the citizen made it."""

    enquiry_id: EnquiryId
    contact_id: ContactId
    channel: Channel
    point: Point
    service_code: str | None
    title: str
    text: str
    place: str | None
    citizen_name: str | None
    citizen_email: str | None


class Stage(StrEnum):
    """How far an enquiry has come, as the citizen is told."""

    RECEIVED = "received"
    BEING_DEALT_WITH = "being_dealt_with"
    ANSWERED = "answered"
    RESOLVED = "resolved"


IN_WORDS = {
    Stage.RECEIVED: "We have received your enquiry. Nobody has taken it up yet.",
    Stage.BEING_DEALT_WITH: "Somebody is dealing with your enquiry.",
    Stage.ANSWERED: "We have answered your enquiry.",
    Stage.RESOLVED: "We have finished your enquiry.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestones:
    """The first moment of each step that has been heard of."""

    taken_up_at: datetime | None = None
    answered_at: datetime | None = None
    resolved_at: datetime | None = None


def stage_of(milestones: Milestones) -> Stage:
    """The furthest step decides, in whatever order the steps were heard of."""
    if milestones.resolved_at:
        return Stage.RESOLVED
    if milestones.answered_at:
        return Stage.ANSWERED
    return Stage.BEING_DEALT_WITH if milestones.taken_up_at else Stage.RECEIVED


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What anybody who knows the reference may see: nothing personal."""

    reference: Reference
    received_at: datetime
    milestones: Milestones
    acknowledge_by: datetime | None
    kept: bool | None
