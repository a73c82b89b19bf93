"""The public reference: read out on the telephone, typed with cold fingers, and still the right one."""

from contextlib import suppress
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Invalid
from shared.references import (
    ALPHABET,
    DIGITS,
    EXAMPLE,
    LENGTH,
    POWERS,
    RANDOM_BITS,
    VALUES,
    check_sum,
    number_of,
    parse_number,
)

numbers = st.integers(0, 2**RANDOM_BITS - 1)
prefixes = st.from_regex(r"[A-Z]{2,6}", fullmatch=True)
places = st.integers(0, LENGTH - 1)


def body_of(number: str) -> str:
    return number.replace("-", "")


def test_a_reference_holds_at_least_fifty_random_bits() -> None:
    assert RANDOM_BITS >= 50
    assert DIGITS * 5 == RANDOM_BITS


def test_a_number_is_grouped() -> None:
    assert number_of(0) == "0000-0000-0000"
    assert [len(group) for group in number_of(2**RANDOM_BITS - 1).split("-")] == [4, 4, 4]


def test_no_character_passes_for_another_on_the_telephone() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ILOU") & set(ALPHABET)


@given(numbers, numbers)
def test_two_random_numbers_have_two_numbers(one: int, other: int) -> None:
    assert (number_of(one) == number_of(other)) == (one == other)


@given(prefixes, numbers)
def test_a_reference_of_any_council_is_read_back(prefix: str, random: int) -> None:
    number = number_of(random)
    assert parse_number(f"{prefix}-{number}") == parse_number(number) == number


@given(prefixes, numbers, st.data())
def test_a_reference_is_read_however_it_was_written(prefix: str, random: int, data: st.DataObject) -> None:
    number = number_of(random)
    spoken = (prefix if data.draw(st.booleans(), "with the prefix") else "") + body_of(number)
    typed = "".join(
        data.draw(st.sampled_from(["", " ", "-", "  ", "–", " - "]))
        + data.draw(st.sampled_from([*ways_to_write(character)]))
        for character in spoken
    )
    assert parse_number(typed) == number


def ways_to_write(character: str) -> set[str]:
    alike = {"0": "0Oo", "O": "0Oo", "1": "1IiLl", "I": "1IiLl", "L": "1IiLl"}
    return {character, character.lower(), *alike.get(character, "")}


@given(numbers, places, st.sampled_from(ALPHABET))
def test_one_wrong_character_always_shows(number: int, place: int, wrong: str) -> None:
    body = body_of(number_of(number))
    if body[place] == wrong:
        return
    with pytest.raises(Invalid, match="mistyped"):
        parse_number(body[:place] + wrong + body[place + 1 :])


@given(numbers, places, places)
def test_two_characters_that_changed_places_always_show(number: int, one: int, other: int) -> None:
    body = list(body_of(number_of(number)))
    if body[one] == body[other]:
        return
    body[one], body[other] = body[other], body[one]
    with pytest.raises(Invalid, match="mistyped"):
        parse_number("".join(body))


def test_what_one_mistake_adds_to_the_check_sum_is_never_nothing() -> None:
    """Exhaustively, because the sum is linear: an error shows when what it adds is not zero."""
    assert sorted(POWERS) == list(range(1, 32))
    for place in range(LENGTH):
        for difference in range(1, 32):
            assert alone(place, difference) != 0
    for one, other in combinations(range(LENGTH), 2):
        for difference in range(1, 32):
            assert alone(one, difference) ^ alone(other, difference) != 0


def alone(place: int, value: int) -> int:
    values = [0] * LENGTH
    values[place] = value
    return check_sum(values)


@given(st.lists(st.integers(0, 31), min_size=LENGTH, max_size=LENGTH), st.data())
def test_the_check_sum_is_linear(values: list[int], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.integers(0, 31), min_size=LENGTH, max_size=LENGTH))
    both = [value ^ other for value, other in zip(values, others, strict=True)]
    assert check_sum(both) == check_sum(values) ^ check_sum(others)


@pytest.mark.parametrize("text", ["", "ANY", "A-0000-0000-0000", "COUNCIL-0000-0000-0000", "7-0000-0000-0000"])
def test_what_is_no_reference_is_told_what_one_looks_like(text: str) -> None:
    with pytest.raises(Invalid, match=f"12 letters and digits, as in {EXAMPLE}"):
        parse_number(text)


def test_a_missing_character_shows() -> None:
    with pytest.raises(Invalid, match="mistyped or missing"):
        parse_number("ANY-7K3M-9QPX-2RT")


def test_the_example_is_a_reference() -> None:
    assert parse_number(EXAMPLE) == EXAMPLE.removeprefix("ANY-")


def test_a_character_that_never_stands_in_a_reference_is_named() -> None:
    with pytest.raises(Invalid, match="There is never 'U' in a reference"):
        parse_number("ANY-0000-U000-0000")


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_whole_reference_or_refused(text: str) -> None:
    with suppress(Invalid):
        body = body_of(parse_number(text))
        assert check_sum([VALUES[character] for character in body]) == 0
