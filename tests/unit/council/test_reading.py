"""A council file is read whole or not at all, and everything that is wrong with it is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from services.cli.check import read_file, summary
from shared.council import Council, From, To, in_words, look_at, read_again, read_council
from shared.council.sentences import described, keys_of, table_in
from shared.errors import Refused
from tests.parts.councils import PLAIN, plain
from tests.unit.council.planted import PLANTED
from tests.unit.council.towns import ANYTOWN, COUNCILS, EAST_RIDING, FOLDER

FILE = read_file(ANYTOWN)
SEVERAL = """
[council]
name = "Somewhere"
zone = "Europe/Nowhere"
nation = "GB-ENG"
reference_prefix = "x"

[[calendar]]
code = "office"
name = "Office"
hours.monday = ["9-17"]

[[queue]]
code = "general"
name = "General"
office = "front"
general = true
centre = "hall"

[[standard]]
code = "answer"
name = "Answer"
from = "enquiry.received"
to = ["task.completed"]
target = 5
measure = "working_days"
calendar = "offices"
"""


def with_council(text: str) -> Council:
    return read_council(FILE.replace('name = { en = "Anytown Council", cy = "Cyngor Anytown" }', f"name = {text}"))


@pytest.mark.parametrize("path", COUNCILS, ids=lambda path: path.name)
def test_the_councils_that_are_shipped_have_neither_mistakes_nor_hints(path: Path) -> None:
    looked = look_at(read_file(path))
    assert (looked.mistakes, looked.hints) == ((), ())


def test_the_council_of_tests_has_no_mistakes() -> None:
    assert look_at(plain()).mistakes == ()


def test_everything_is_told_at_once_in_the_order_of_the_file() -> None:
    looked = look_at(SEVERAL)
    assert [(note.line, note.where) for note in looked.mistakes] == [
        (4, "council > zone"),
        (6, "council > reference_prefix"),
        (11, 'calendar "office" > hours > monday'),
        (13, 'queue "general"'),
        (18, 'queue "general" > centre'),
        (24, 'standard "answer" > to'),
        (27, 'standard "answer" > calendar'),
    ]


def test_a_refusal_names_each_line() -> None:
    with pytest.raises(Refused) as refusal:
        read_council(SEVERAL)
    assert str(refusal.value).startswith("This council file has 7 mistakes:\nline 4: council > zone: ")
    assert [fault.where for fault in refusal.value.faults][:2] == [
        "line 4, council > zone",
        "line 6, council > reference_prefix",
    ]


def test_every_sentence_is_one() -> None:
    """It begins as a sentence, ends as one, and is short enough to be read."""
    for planted in PLANTED:
        for note in look_at(FILE.replace(planted.old, planted.new)).mistakes:
            assert note.why.endswith((".", '."')), note
            assert "\n" not in note.why
            assert len(note.why) < 320, note


def test_an_empty_file_says_what_a_council_needs() -> None:
    told = " ".join(note.why for note in look_at("").mistakes)
    assert '"council" is missing: write one table [council]' in told
    assert '"calendar" is missing: write a table [[calendar]], in double brackets' in told


def test_a_mistake_in_one_part_does_not_make_up_others() -> None:
    """An adviser who cannot be read may be the one who serves a queue."""
    looked = look_at(
        FILE.replace('queues = ["water-company"]\ncapacity = 2', 'queues = ["water-company"]\ncapacity = 0')
    )
    assert [note.where for note in looked.mistakes] == ['adviser "joseph" > capacity']


@pytest.mark.parametrize(
    "broken", ["council = 3", "queue = []", "[[council]]", "adviser = [1, 'two']", "[calendar]\ncode = 1"]
)
def test_whatever_is_toml_is_told_in_sentences(broken: str) -> None:
    assert look_at(broken).mistakes


def test_what_nobody_uses_is_a_hint_and_no_mistake() -> None:
    looked = look_at(FILE + '\n[[skill]]\ncode = "juggling"\nname = "Juggling"\n')
    assert looked.council is not None
    assert [(note.line, note.where) for note in looked.hints] == [(FILE.count("\n") + 2, 'skill "juggling"')]


def test_somebody_who_misses_a_skill_of_their_queue_is_a_hint() -> None:
    looked = look_at(FILE.replace('queues = ["general"]', 'queues = ["general", "council-tax"]'))
    assert [note.where for note in looked.hints] == ['adviser "mary" > queues']


def test_a_text_is_given_in_the_language_asked_for() -> None:
    name = read_council(FILE).council.name
    assert in_words(name, "cy") == "Cyngor Anytown"
    assert in_words(name, "fr") == in_words(name) == "Anytown Council"


def test_one_plain_text_serves_every_language() -> None:
    name = with_council('{ "" = "Anytown", cy = "Cyngor Anytown" }').council.name
    assert (in_words(name), in_words(name, "fr"), in_words(name, "cy")) == ("Anytown", "Anytown", "Cyngor Anytown")


def test_a_text_may_be_translated_later() -> None:
    file = FILE.replace('name = "Full answer"', 'name = { en = "Full answer" }')
    assert [(note.where, note.why) for note in look_at(file).hints] == [
        ('standard "answer" > name', "It is not given in cy.")
    ]


def test_every_key_says_what_to_write() -> None:
    """So that no mistake ends in a shrug."""
    seen: list[type[BaseModel]] = []

    def look_into(table: type[BaseModel]) -> None:
        seen.append(table)
        for key, field in keys_of(table).items():
            assert described(field) != "something else", f"{table.__name__}.{key}"
            inner = table_in(field.annotation)
            if inner is not None and inner not in seen:
                look_into(inner)

    look_into(Council)
    assert len(seen) == 15


def test_the_codes_of_python_are_no_keys_of_the_file() -> None:
    told = look_at(FILE.replace('from = "enquiry.reopened"', 'starts = "enquiry.reopened"')).mistakes
    assert any('"starts" means nothing here' in note.why for note in told)


def test_a_file_of_a_later_release_is_still_read_where_it_holds_already() -> None:
    later = FILE.replace("[council]", '[council]\nmotto = "Onwards"').replace(
        'zone = "Europe/London"', 'zone = "Utopia"'
    )
    assert look_at(later).council is None
    assert read_again(later).council.zone == "Utopia"


def test_what_a_standard_runs_on_follows_from_its_first_event() -> None:
    standards = read_council(FILE).standards
    assert standards["taken-up"].on_a_task
    assert not standards["answer"].on_a_task
    assert (standards["answer"].starts, standards["answer"].stops[0]) == (From.ENQUIRY_RECEIVED, To.ANSWERED_FULL)


def test_east_riding_has_eleven_centres() -> None:
    council = read_council(read_file(EAST_RIDING))
    assert len(council.centre) == 11
    assert "11 centres" in summary(council)
    assert council.standards["freedom-of-information"].target == 20


def test_a_bracket_in_a_text_of_several_lines_is_only_a_bracket() -> None:
    file = PLAIN.format(seconds=60).replace(
        'name = "General enquiries"', 'name = """\n[[standard]]\nGeneral"""\nweigth = 2'
    )
    assert (25, 'queue "general" > weigth') in [(note.line, note.where) for note in look_at(file).mistakes]


def test_the_standard_that_the_guide_adds_can_be_added() -> None:
    guide = (FOLDER.parents[1] / "docs" / "guides" / "add-a-standard.md").read_text("utf-8")
    example = guide.split("```toml\n")[1].split("```")[0]
    assert look_at(FILE + example).mistakes == ()


@pytest.mark.parametrize(
    "deep", ["[" * 50_000 + "]" * 50_000, "{ a = " * 20_000 + "1" + " }" * 20_000, "[" * 700 + "]" * 700]
)
def test_lists_that_stand_too_deep_in_one_another_are_a_mistake_like_any_other(deep: str) -> None:
    looked = look_at(f"{FILE}\ndeep = {deep}")
    assert looked.council is None
    assert [note.line for note in looked.mistakes] == [FILE.count("\n") + 2]
