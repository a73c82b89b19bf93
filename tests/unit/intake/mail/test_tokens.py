"""Tokens: whoever has one may hand it on, and nobody can make or change one."""

from string import ascii_lowercase, digits
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.intake.domain.mail.tokens import (
    LONGEST_LOCAL_PART,
    LONGEST_MAILBOX,
    SIGNATURE_BYTES,
    TOKEN_LENGTH,
    message_id_of,
    number_in,
    token_of,
    with_token,
    without_token,
)
from shared.references import RANDOM_BITS, number_of

KEY = b"the key of this installation"
NUMBER = "7K3M-9QPX-2RT4"
TOKEN = token_of(KEY, NUMBER)
MAILBOX = "enquiries@council.example.org"

numbers = st.integers(0, 2**RANDOM_BITS - 1).map(number_of)
keys = st.binary(min_size=16, max_size=32)
ids = st.uuids()
characters = st.sampled_from(ascii_lowercase + digits)


def any_case(text: str, data: st.DataObject) -> str:
    """As a server may give back what stands before the `@`."""
    capitals = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    return "".join(each.upper() if big else each for each, big in zip(text, capitals, strict=True))


@given(keys, numbers, ids, st.data())
def test_a_number_comes_back_from_address_and_message_id_in_any_case(
    key: bytes, number: str, message_id: UUID, data: st.DataObject
) -> None:
    token = token_of(key, number)
    for carrier in (with_token(MAILBOX, token), message_id_of(message_id, token, "council.example.org")):
        assert number_in(key, any_case(carrier, data)) == number


@given(numbers, st.integers(0, TOKEN_LENGTH - 1), characters)
def test_any_one_character_changed_is_refused(number: str, place: int, other: str) -> None:
    token = token_of(KEY, number)
    assume(token[place] != other)
    changed = token[:place] + other + token[place + 1 :]
    assert number_in(KEY, with_token(MAILBOX, changed)) is None
    assert number_in(KEY, f"enquiries+{changed}@council.example.org") is None


@given(numbers, st.integers(0, TOKEN_LENGTH), characters)
def test_a_character_more_or_less_is_refused(number: str, place: int, more: str) -> None:
    token = token_of(KEY, number)
    assert number_in(KEY, f"enquiries+{token[:place]}{more}{token[place:]}@example.org") is None
    assert number_in(KEY, f"enquiries+{token[:place]}{token[place + 1 :]}@example.org") is None or place == TOKEN_LENGTH


@given(keys, keys, numbers)
def test_another_key_signs_nothing_of_ours(one: bytes, other: bytes, number: str) -> None:
    assume(one != other)
    assert number_in(one, with_token(MAILBOX, token_of(other, number))) is None


@given(numbers, numbers)
def test_the_signature_of_one_enquiry_is_no_good_for_another(one: str, other: str) -> None:
    assume(one != other)
    swapped = token_of(KEY, one)[:12] + token_of(KEY, other)[12:]
    assert number_in(KEY, f"<a.{swapped}@example.org>") is None


@given(st.text(max_size=200))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert number_in(KEY, text) is None


def test_a_token_is_short_plain_and_hard_to_guess() -> None:
    assert SIGNATURE_BYTES * 8 >= 80
    assert len(TOKEN) == TOKEN_LENGTH == 28
    assert set(TOKEN) <= set(ascii_lowercase + digits)
    assert len("enquiries-and-complaints") <= LONGEST_MAILBOX


def test_a_number_may_be_given_without_groups() -> None:
    assert token_of(KEY, NUMBER.replace("-", "")) == TOKEN


def test_it_is_found_in_what_forwarders_make_of_an_address() -> None:
    rewritten = f"SRS0=HHH=TT=council.example.org=enquiries+{TOKEN}@forwarder.example.net"
    assert number_in(KEY, rewritten) == NUMBER
    assert number_in(KEY, f"bounce-1-enquiries+{TOKEN}=council.example.org@lists.example.net") == NUMBER


def test_of_two_the_one_that_is_ours_is_found() -> None:
    strange = token_of(b"another council's key", NUMBER)
    assert number_in(KEY, f"<{strange}.{TOKEN}@example.org>") == NUMBER


@given(st.from_regex(r"[a-z0-9.+-]{1,60}", fullmatch=True), numbers)
def test_an_address_keeps_room_for_a_token_or_stays_as_it_is(local: str, number: str) -> None:
    token = token_of(KEY, number)
    plain = without_token(f"{local}@example.org")
    carrying = with_token(plain, token)
    assert len(carrying.partition("@")[0]) <= LONGEST_LOCAL_PART
    assert number_in(KEY, carrying) in (number, None)
    assert without_token(carrying) == plain
    assert (carrying != plain) == (len(plain.partition("@")[0]) <= LONGEST_MAILBOX)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        (f"enquiries+{TOKEN}@council.example.org", MAILBOX),
        (f"enquiries+{TOKEN.upper()}@council.example.org", MAILBOX),
        (f"enquiries+housing+{TOKEN}@council.example.org", "enquiries+housing@council.example.org"),
        ("ada+council@example.org", "ada+council@example.org"),
        ("enquiries@council.example.org", MAILBOX),
        ("no address", "no address"),
    ],
)
def test_only_a_token_is_taken_out_of_an_address(address: str, plain: str) -> None:
    assert without_token(address) == plain


def test_a_token_takes_the_place_of_another() -> None:
    other = token_of(KEY, number_of(1))
    assert with_token(with_token(MAILBOX, other), TOKEN) == f"enquiries+{TOKEN}@council.example.org"


def test_a_message_id_has_the_same_form_for_good() -> None:
    message_id = UUID("0195563c-51d0-7a0e-8a4f-1b2c3d4e5f60")
    assert message_id_of(message_id, TOKEN, "council.example.org") == (
        f"<0195563c51d07a0e8a4f1b2c3d4e5f60.{TOKEN}@council.example.org>"
    )
