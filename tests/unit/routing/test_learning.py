"""What is kept of what citizens write, and what triage makes of it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.learning import (
    LONGEST_WORD,
    SHORTEST_WORD,
    Kind,
    Known,
    area_of,
    areas_named,
    features_of,
    in_words,
    place_words_of,
    queue_to_learn,
    words_of,
)
from services.routing.domain.tasks import Purpose, Task, place_in_time
from shared.vocabulary import AdviserId, QueueId
from tests.unit.routing.examples import a_task

DIGITS = st.text(string.digits, min_size=1, max_size=12)
LETTERS = st.text(string.ascii_lowercase, min_size=3, max_size=12)


@given(st.text(max_size=300))
def test_a_word_kept_is_lower_case_letters_of_some_length_and_stands_once(text: str) -> None:
    words = words_of(text)
    assert all(word.isalpha() and word == word.lower() for word in words)
    assert all(SHORTEST_WORD <= len(word) <= LONGEST_WORD for word in words)
    assert len(words) == len(set(words))
    assert list(words) == sorted(words)


@given(st.text(max_size=300))
def test_no_numeral_of_any_script_is_kept(text: str) -> None:
    assert not any(character.isnumeric() for word in words_of(text) for character in word)


@given(
    LETTERS, DIGITS, LETTERS, st.sampled_from(["{0}{1}", "{1}{0}", "{0}{1}{2}", "{0}-{1}", "+{1}({0})", "{0}/{1}{2}"])
)
def test_whatever_is_written_with_a_digit_is_left_out_whole(before: str, digits: str, after: str, form: str) -> None:
    assert words_of(form.format(before, digits, after)) == ()


@given(LETTERS, LETTERS, st.sampled_from(["{0}@{1}.org", "<{0}@{1}.org>,", "mailto:{0}@{1}.uk", "https://{0}.{1}/x"]))
def test_no_part_of_an_address_is_kept(name: str, domain: str, form: str) -> None:
    assert words_of(f"write to {form.format(name, domain)}") == ("write",)


@given(LETTERS, LETTERS, LETTERS)
def test_no_name_of_the_citizen_is_kept(first: str, last: str, word: str) -> None:
    kept = words_of(f"{first.title()} {last.upper()} {word}", [f"{first} {last}", None])
    assert set(kept) <= {word} - {first, last}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("outage////PRINTED", ("outage", "printed")),
        ("My bin was not emptied!", ("bin", "emptied", "not", "was")),
        ("Dŵr yn gollwng", ("dŵr", "gollwng")),
        ("Call 0800 555-1234 or 07700 900123", ("call",)),
        ("Flat 12B, 4th floor", ("flat", "floor")),
        ("½ of ② streets x²y", ("streets",)),
    ],
)
def test_words_as_people_write_them(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("33 Beacon St  Boston  MA  02108, Downtown / Financial District",
         ("beacon", "boston", "district", "downtown", "financial", "02108")),
        ("INTERSECTION of Mill St & High St, MA 02215-1234", ("high", "intersection", "mill", "02215")),
        ("4 Mill Lane, Beverley HU17 9BA", ("beverley", "lane", "mill", "hu17")),
        ("Ring 01482 393939 first", ("first", "ring")),
        ("12345", ()),
    ],
)  # fmt: skip
def test_a_place_keeps_its_words_and_the_coarse_part_of_its_postcode(place: str, words: tuple[str, ...]) -> None:
    assert place_words_of(place) == words


def test_a_place_without_an_area_is_in_the_longest_known_one_that_it_names() -> None:
    areas = areas_named({"Boston", "South Boston / Waterfront", "Roxbury"})
    assert area_of(("boston", "lane", "south", "waterfront"), areas) == "South Boston / Waterfront"
    assert area_of(("boston", "lane"), areas) == "Boston"
    assert area_of(("lane",), areas) == ""


def test_an_area_is_found_by_the_words_that_places_keep() -> None:
    """Of what a citizen writes, `of` is not kept: an area must not wait for it."""
    areas = areas_named({"Isle of Dogs", "St. James's"})
    assert area_of(place_words_of("4 Mill Lane, Isle of Dogs"), areas) == "Isle of Dogs"
    assert area_of(place_words_of("The Green, St James"), areas) == "St. James's"


@pytest.mark.parametrize("names", [{"3"}, {"District 1", "District 2"}, {"Ward A", "Ward B"}, {"E14"}, {"Of"}, {"②"}])
def test_an_area_that_no_word_tells_from_others_is_never_taken_for_a_place(names: set[str]) -> None:
    areas = areas_named({*names, "Hill"})
    assert areas == areas_named({"Hill"})
    assert area_of(("district", "ward", "lane"), areas) == ""
    assert area_of(("district", "hill"), areas) == "Hill"


TASK = st.builds(
    a_task,
    queue_id=st.sampled_from(["general", "roads", "parks"]).map(QueueId),
    purpose=st.sampled_from(Purpose),
    triaged=st.booleans(),
    assigned_to=st.none() | st.just(AdviserId("ada")),
)


@given(st.lists(TASK, max_size=5))
def test_what_is_learned_is_where_somebody_last_took_it_or_put_it(tasks: list[Task]) -> None:
    untouched = [each for each in tasks if each.triaged and each.assigned_to is None]
    decided = [each for each in tasks if each not in untouched and each.purpose is not Purpose.WORK]
    assert queue_to_learn(tasks) == (max(decided, key=place_in_time).queue_id if decided else None)
    assert queue_to_learn(untouched) is None


@given(st.lists(LETTERS, max_size=6, unique=True), st.none() | LETTERS, st.none() | LETTERS)
def test_every_feature_can_be_said_in_words_and_stands_once(
    words: list[str], service: str | None, area: str | None
) -> None:
    known = Known(channel="web", service_code=service, area=area, words=tuple(words), place_words=("mill", "hu17"))
    features = list(features_of(known, ()))
    assert len(features) == len(set(features))
    assert all(in_words(feature) and "{}" not in in_words(feature) for feature in features)
    assert ((Kind.POSTCODE, "hu17"),) in features
    assert ((Kind.PLACE, "mill"),) in features
