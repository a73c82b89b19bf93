"""What people write in many ways is compared in one, and what means nothing is no identifier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crm.domain.identifiers import IdentifierKind, normalised, surname_key, surname_of

EMAIL, TELEPHONE, UPRN, CARD = IdentifierKind


def in_britain(kind: IdentifierKind, written: str | None) -> str | None:
    return normalised(kind, written, "GB-ENG")


@pytest.mark.parametrize(
    "written",
    [
        "01482 393939",
        "01482/39-39-39",
        "(01482) 39 39 39",
        "+44 1482 393939",
        "+44 (0)1482 393939",
        "0044 1482 393939",
        "01482 393939 ext. 12",
        "01482393939x7",
        "٠١٤٨٢ ٣٩٣٩٣٩",
        "０１４８２３９３９３９",
    ],
)
def test_one_telephone_number_however_it_is_written(written: str) -> None:
    assert in_britain(TELEPHONE, written) == "01482393939"


@pytest.mark.parametrize(("written", "read"), [("+49 30 901820", "+4930901820"), ("0049 30 901820", "+4930901820")])
def test_a_number_abroad_keeps_its_country(written: str, read: str) -> None:
    assert in_britain(TELEPHONE, written) == read


@pytest.mark.parametrize(
    ("nation", "written"),
    [
        ("US-MA", ["(617) 555-0100", "+1 617 555 0100", "1-617-555-0100", "001 617 555 0100", "011 1 617 555 0100"]),
        ("CA-ON", ["416 555 0100", "+1 (416) 555-0100"]),
        ("US-MA", ["+44 1482 393939", "011 44 1482 393939", "0044 1482 393939"]),
        ("DE-BW", ["+44 1482 393939", "0044 1482 393939"]),
    ],
)
def test_a_telephone_number_is_one_of_the_councils_own_country(nation: str, written: list[str]) -> None:
    read = {normalised(TELEPHONE, each, nation) for each in written}
    assert len(read) == 1, read
    assert None not in read


def test_a_number_elsewhere_is_none_of_britain() -> None:
    assert normalised(TELEPHONE, "617 555 0100", "US-MA") != normalised(TELEPHONE, "+44 617 555 0100", "US-MA")
    assert normalised(TELEPHONE, "0431 901820", "DE-SH") != normalised(TELEPHONE, "+44 431 901820", "DE-SH")


@pytest.mark.parametrize("written", ["", "none", "393939", "01482 393939 / 07700 900123", "²³¹"])
def test_what_is_no_single_number_is_no_identifier(written: str) -> None:
    assert in_britain(TELEPHONE, written) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (" Ann@Example.ORG ", "ann@example.org"),
        ("ann@MÜNCHEN.example", "ann@xn--mnchen-3ya.example"),
        ("re\u0301ne\u0301@example.org", "réné@example.org"),
        ("ann@example.org.", "ann@example.org"),
    ],
)
def test_one_address_however_it_is_written(one: str, other: str) -> None:
    assert in_britain(EMAIL, one) == in_britain(EMAIL, other) is not None


@pytest.mark.parametrize("written", ["", "ann", "@example.org", "ann@", "ann lee@example.org", "a@b c"])
def test_what_is_no_address_is_no_identifier(written: str) -> None:
    assert in_britain(EMAIL, written) is None


@pytest.mark.parametrize(
    ("written", "read"),
    [("10001234567", "10001234567"), ("010001234567", "10001234567"), (" 1000 123 ", "1000123"), ("0", None)],
)
def test_a_uprn_is_a_number_of_at_most_twelve_digits(written: str, read: str | None) -> None:
    assert in_britain(UPRN, written) == read
    assert in_britain(UPRN, "1" * 13) is None


def test_a_card_is_its_letters_and_digits() -> None:
    assert in_britain(CARD, "Any 00-12 x") == in_britain(CARD, "ANY0012X") == "any0012x"
    assert in_britain(CARD, " - ") is None


@pytest.mark.parametrize(
    "names", [("O'Brien", "O’Brien", "OBRIEN", "o brien"), ("Müller", "MULLER"), ("Ünal", "unal"), ("Łoś", "ŁOS")]
)
def test_one_surname_however_it_is_written(names: tuple[str, ...]) -> None:
    assert len({surname_key(name) for name in names}) == 1


def test_a_surname_in_any_script_is_one_and_punctuation_is_none() -> None:
    assert surname_key("שלום") == surname_key("שָׁלוֹם") is not None
    assert [surname_key(nothing) for nothing in (None, "", " ", "'-'", "👩‍👩‍👧")] == [None] * 5


def test_the_surname_is_what_was_given_as_such_else_the_last_word_of_the_name() -> None:
    assert surname_of("van der Berg", "Ann van der Berg") == "van der Berg"
    assert surname_of("  ", "Ann Lee") == "Lee"
    assert (surname_of(None, None), surname_of(None, "  ")) == (None, None)


texts = st.text() | st.text("+014 (12/)x") | st.text("aA@.ßİ\u0301é-\u200d ü")


@given(st.sampled_from(IdentifierKind), texts, st.sampled_from(["GB-ENG", "US-MA", "CA", "DE-BW"]))
def test_whatever_is_written_can_be_read_and_reading_it_again_changes_nothing(
    kind: IdentifierKind, text: str, nation: str
) -> None:
    read = normalised(kind, text, nation)
    assert read is None or normalised(kind, read, nation) == read


@given(texts)
def test_a_surname_that_is_read_again_is_the_same(text: str) -> None:
    assert surname_key(surname_key(text)) == surname_key(text)
