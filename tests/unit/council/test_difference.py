"""What a further council file changes is told part by part, and only what it means counts."""

from hypothesis import given
from hypothesis import strategies as st

from services.cli.check import read_file
from shared.council import difference, read_council
from tests.unit.council.towns import ANYTOWN, EAST_RIDING

FILE = read_file(ANYTOWN)
BEFORE = read_council(FILE)
ADVISERS = FILE[FILE.index("[[adviser]]") :].split("\n\n")


def told(*changes: tuple[str, str]) -> list[str]:
    file = FILE
    for old, new in changes:
        assert file.count(old) == 1
        file = file.replace(old, new)
    return [str(change) for change in difference(BEFORE, read_council(file))]


def test_the_same_file_makes_no_difference() -> None:
    assert difference(BEFORE, BEFORE) == []


def test_comments_make_no_difference() -> None:
    assert told(("[council]", "# Ours\n[council]")) == []


@given(st.permutations(ADVISERS))
def test_the_order_of_parts_makes_no_difference(advisers: list[str]) -> None:
    file = FILE[: FILE.index("[[adviser]]")] + "\n\n".join(each.strip() for each in advisers)
    assert difference(BEFORE, read_council(file)) == []


def test_each_value_that_changes_is_told() -> None:
    assert told(
        ('hours.friday = ["09:00-16:30"]', 'hours.friday = ["09:00-17:00"]'),
        ("target = 10", "target = 15"),
        ("usually_resolved_at_first_contact = true\n\n[[service]]\ncode = \"524\"", '\n[[service]]\ncode = "524"'),
        ('hours = ["09:00-12:00"], reason', "hours = [], reason"),
    ) == [
        'changed  calendar "office"\n'
        "           hours.friday was 09:00-16:30, is 09:00-17:00\n"
        "           override 2026-12-24 was 09:00-12:00 (Christmas Eve), is closed (Christmas Eve)",
        'changed  service "57"\n           usually_resolved_at_first_contact was yes, is no',
        'changed  standard "answer"\n           target was 10, is 15',
    ]  # fmt: skip


def test_what_comes_and_what_goes_is_told_by_name() -> None:
    mary = 'code = "mary"\nname = "Mary Seacole"'
    assert told((mary, 'code = "rosa"\nname = "Rosa May"')) == [
        'removed  adviser "mary" (Mary Seacole)',
        'added    adviser "rosa" (Rosa May)',
    ]


def test_of_a_standard_that_goes_it_is_told_what_becomes_of_its_clocks() -> None:
    file = read_file(ANYTOWN).replace('code = "answer-again"', 'code = "answer-anew"')
    gone = next(change for change in difference(BEFORE, read_council(file)) if change.kind == "removed")
    assert gone.how == ("its running clocks end and do not come back",)


def test_the_first_file_adds_everything() -> None:
    changes = difference(None, BEFORE)
    assert {change.kind for change in changes} == {"added"}
    assert str(changes[0]) == "added    council (Anytown Council / Cyngor Anytown)"


def test_another_council_altogether_can_be_told() -> None:
    changes = difference(BEFORE, read_council(read_file(EAST_RIDING)))
    assert {change.kind for change in changes} == {"added", "changed", "removed"}
    assert all(change.how for change in changes if change.kind == "changed")


def test_mailboxes_and_letters_are_told_as_well() -> None:
    assert told(
        ('addresses = ["waste@anytown.example"]', 'addresses = ["bins@anytown.example"]'),
        ('en = "We have your enquiry {{ reference }}"', 'en = "{{ reference }} has arrived"'),
    ) == [
        'changed  mailbox "waste"\n           addresses was waste@anytown.example, is bins@anytown.example',
        'changed  letter "receipt"\n'
        "           subject.en was We have your enquiry {{ reference }}, is {{ reference }} has arrived",
    ]
    file = f"{FILE[: FILE.index('[letters.receipt.subject]')]}\n{FILE[FILE.index('[[standard]]') :]}"
    gone = difference(BEFORE, read_council(file))
    assert [str(change) for change in gone] == [
        'removed  letter "receipt" (We have your enquiry {{ reference }} / '
        "Mae eich ymholiad wedi cyrraedd: {{ reference }})"
    ]
