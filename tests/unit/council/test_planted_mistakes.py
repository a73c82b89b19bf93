"""Each mistake planted in a council file is found, in its line, with a sentence that says what to write instead."""

import pytest

from services.cli.check import read_file
from shared.council import look_at
from tests.unit.council.planted import PLANTED, Planted
from tests.unit.council.towns import ANYTOWN

FILE = read_file(ANYTOWN)


def with_mistake(planted: Planted) -> str:
    assert FILE.count(planted.old) == 1, f"{planted.old!r} stands {FILE.count(planted.old)} times in the file"
    return FILE.replace(planted.old, planted.new)


def line_of(planted: Planted, file: str) -> int:
    at = planted.at or planted.new.splitlines()[0]
    assert file.count(at) == 1, f"{at!r} stands {file.count(at)} times in the file"
    return file.count("\n", 0, file.index(at)) + 1


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.what)
def test_a_planted_mistake_is_told_with_its_line(planted: Planted) -> None:
    file = with_mistake(planted)
    looked = look_at(file)
    told = "\n".join(map(str, looked.mistakes))
    assert looked.council is None
    assert [note.line for note in looked.mistakes if planted.told in note.why] == [line_of(planted, file)], told
    assert len(looked.mistakes) == 1 + planted.also, told


def test_no_two_planted_mistakes_are_the_same() -> None:
    assert len({with_mistake(planted) for planted in PLANTED}) == len(PLANTED) >= 40
