"""The line of every key in a TOML text, whatever way it is written: the standard library says which keys there are."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.council.lines import Path, lines_of
from tests.unit.council.towns import COUNCILS

BARE = st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True)
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
NOISE = st.sampled_from(["", " ", "\t", "   "])
COMMENT = st.sampled_from(["", "  # [not] a = 'table'", '# "', " #]]}"])


@st.composite
def keys(draw: st.DrawFn) -> str:
    """Bare, or in either kind of quotation marks."""
    name = draw(BARE)
    return draw(st.sampled_from([name, f'"{name}.{name}"', f"'{name} #'", '"\\u0061\\t]"']))


@st.composite
def scalars(draw: st.DrawFn) -> str:
    text = draw(ANY_TEXT)
    quiet = text.replace("'", "")
    return draw(
        st.sampled_from(
            [
                json.dumps(text, ensure_ascii=False).replace("\\/", "/"),
                f"'{quiet}'",
                f"'''\n{quiet}\n[a]\n{quiet}'''",
                '"""\n= {text}\\"""\\\n  #""b"""',
                '"""""one""two"""""',
                "12_000",
                "-1.5e3",
                "true",
                "2026-12-24",
                "2026-12-24 09:00:00",
                "09:00:00",
            ]
        )
    )


@st.composite
def lists(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    """In one line, or each in a line of its own, with comments."""
    each = draw(st.lists(inner, max_size=3))
    if draw(st.booleans()):
        return f"[{', '.join(each)}]"
    comment = draw(COMMENT)
    return "[\n" + "".join(f"  {value},{comment}\n\n" for value in each) + "]"


@st.composite
def inline_tables(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    pairs = draw(st.dictionaries(keys(), inner, max_size=3))
    return "{" + ", ".join(f"{key} = {value}" for key, value in pairs.items()) + "}"


VALUES = st.recursive(scalars(), lambda inner: lists(inner) | inline_tables(inner), max_leaves=6)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A pair, perhaps with dotted keys, a table, a list of tables, or nothing."""
    path = f"{draw(NOISE)}.{draw(NOISE)}".join(draw(st.lists(keys(), min_size=1, max_size=3)))
    kind = draw(st.sampled_from(["pair", "pair", "pair", "table", "tables", "nothing"]))
    said = {
        "pair": f"{path}{draw(NOISE)}={draw(NOISE)}{draw(VALUES)}",
        "table": f"[{draw(NOISE)}{path} ]",
        "tables": f"[[{path}]]",
        "nothing": "",
    }[kind]
    return draw(NOISE) + said + draw(COMMENT)


def is_toml(file: str) -> bool:
    try:
        tomllib.loads(file)
    except tomllib.TOMLDecodeError:
        return False
    return True


def without_contradictions(several: list[str], end: str) -> str:
    """Line by line, leaving out what the lines before do not allow."""
    file = ""
    for line in several:
        if is_toml(file + line + end):
            file += line + end
    return file


def paths_in(value: Any, path: Path = ()) -> Iterator[Path]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inside:
        yield (*path, step)
        yield from paths_in(each, (*path, step))


def check(file: str) -> None:
    found = lines_of(file)
    written = file.replace("\r\n", "\n").split("\n")
    assert set(found) == set(paths_in(tomllib.loads(file)))
    for path, line in found.items():
        if isinstance(path[-1], str):
            assert could_stand_in(path[-1], written[line - 1]), f"{path} is not in line {line}: {written[line - 1]}"


def could_stand_in(key: str, line: str) -> bool:
    return key in line or json.dumps(key)[1:-1].replace("a", "\\u0061") in line


@given(st.lists(lines(), max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_every_key_has_a_line_and_stands_in_it(several: list[str], end: str) -> None:
    check(without_contradictions(several, end))


@pytest.mark.parametrize("council", COUNCILS, ids=lambda file: file.name)
def test_every_key_of_a_council_file_has_its_line(council: File) -> None:
    check(council.read_text("utf-8"))


def test_places_in_lists_have_lines_of_their_own() -> None:
    file = "\n".join(
        [
            "[[standard]]",
            'to = ["answered",  # one',
            "  # two comes later",
            '  "resolved"]',
            "[[standard]]",
            "applies_to.offices = [",
            "",
            '  "front",',
            "]",
            "[standard.name]",
            'en = "Answer"',
        ]
    )
    found = lines_of(file)
    assert found["standard", 0, "to", 1] == 4
    assert found["standard", 1] == 5
    assert found["standard", 1, "applies_to", "offices", 0] == 8
    assert found["standard", 1, "name", "en"] == 11


def test_a_table_is_where_it_is_first_named() -> None:
    file = 'a.b = 1\na.c = 2\n[t.u]\nx = 1\n[t]\ny = """\n[z]\n"""\n[[t.v]]\n[[t.v]]'
    found = lines_of(file)
    assert (found["a",], found["a", "c"], found["t",], found["t", "y"]) == (1, 2, 3, 6)
    assert (found["t", "v"], found["t", "v", 0], found["t", "v", 1]) == (9, 9, 10)
    assert ("z",) not in found
