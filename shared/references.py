"""Public references: a council's prefix and a number that is made to be read out, written down and typed."""

import re

from shared.errors import Invalid

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No I, L, O or U: spoken and printed, each of these passes for another."""
HEARD_AS = str.maketrans("ILO", "110")
VALUES = {character: value for value, character in enumerate(ALPHABET)}

RANDOM_BITS = 55
DIGITS = RANDOM_BITS // 5
LENGTH = DIGITS + 1
GROUP = 4
EXAMPLE = "ANY-7K3M-9QPX-2RT4"
PREFIX = re.compile(r"([A-Z01]{2,6})?")
"""As heard, so that O and I in it have become digits. It may be left out."""
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


def number_of(random: int) -> str:
    """The number for `RANDOM_BITS` random bits: `7K3M-9QPX-2RTV`. What stands before it is the council's prefix."""
    values = [random >> (5 * place) & 31 for place in reversed(range(DIGITS))]
    values.append(check_sum([*values, 0]))
    return in_groups("".join(ALPHABET[value] for value in values))


def in_groups(body: str) -> str:
    return "-".join(body[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def parse_number(text: str) -> str:
    """
    The number in what a person typed or read out as their reference.

    Small letters, spaces and missing hyphens are fine, O is read as 0, I and L as 1. The prefix may be an old one of
    the council's, or left out: the number alone tells one enquiry from all others. `Invalid` says what is wrong.
    """
    heard = SEPARATORS.sub("", text).upper().translate(HEARD_AS)
    prefix, body = heard[:-LENGTH], heard[-LENGTH:]
    if len(body) != LENGTH or not PREFIX.fullmatch(prefix):
        raise Invalid(
            f"A reference is a few letters for the council and then {LENGTH} letters and digits, as in {EXAMPLE}: "
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
            "One character of this reference seems to be mistyped or missing, or two have changed places: "
            "compare it with the one we gave you."
        )
    return in_groups(body)
