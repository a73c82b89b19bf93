"""A map says which column is what; whatever is wrong with it is told with its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.importing.maps import Fields
from services.cli.importing.reading_maps import look_at_map, read_map
from services.intake.api.imports import ImportedRow
from shared.errors import Refused
from tests.unit.importing.files import MAP, a_map, told_about

TITLE = 'title = { column = "what" }'
WHEN = 'when = { column = "closed", is_empty = false }'

# What is written instead of what, and what is told about it.
PLANTED = {
    "no TOML": (TITLE, 'title = { column = "what }', "close the quotation mark"),
    "a missing system": ('system = "oldtown"', "", '"system" is missing: write what the older system is called'),
    "a misspelt table": ("[times]", "[time]", '"time" means nothing here: write "times"'),
    "a misspelt field": ("title =", "titel =", '11: fields > titel: "titel" means nothing here: write "title"'),
    "a field that is needed": (TITLE, "", '"title" is missing: no row can do without it. Write title = {'),
    "a text for a source": (TITLE, 'title = "what"', '"what" is not understood: write where it comes from'),
    "two sources": (TITLE, 'title = { column = "what", constant = "x" }', "and this has column and constant."),
    "no source": (TITLE, "title = {}", "A field comes from one of column, columns or constant, and this has none"),
    "joined alone": (TITLE, 'title = { column = "what", joined = " " }', '"joined" stands between several columns'),
    "otherwise alone": (TITLE, 'title = { column = "what", otherwise = "x" }', '"otherwise" is for what a table'),
    "a table of no column": (TITLE, 'title = { constant = "x", table = "channels" }', "A table needs a column"),
    "an unknown table": ('table = "channels"', 'table = "chanels"', 'There is no [tables.chanels]: write "channels".'),
    "an unused table": ("[tables.channels]", "[tables.more]\n[tables.channels]", 'No field uses it: write table'),
    "an unknown channel": ('"telephone"', '"telefone"', '"telefone" cannot be a channel: write "telephone".'),
    "an unknown resolution": ('= "done"', '= "gone"', '"gone" cannot be a resolution: write "done".'),
    "a constant that is no time": ('due_at = { column = "due" }', 'due_at = { constant = "soon" }', "is not written"),
    "an unknown zone": ("Europe/London", "Europe/Londen", 'There is no time zone "Europe/Londen": write one such as'),
    "a form without a day": ('"%d/%m/%Y %H:%M"', '"dd/mm/yyyy"', '"dd/mm/yyyy" does not tell day, month and year'),
    "a form that says the day twice": ('"%d/%m/%Y %H:%M"', '"%d/%m/%Y %d"', "year, each once: write a form such as"),
    "a form without morning": ('"%d/%m/%Y %H:%M"', '"%d/%m/%Y %I:%M"', "does not tell morning from afternoon"),
    "no form": ('["%d/%m/%Y %H:%M", "iso"]', "[]", "An empty list is not understood: write a form such as"),
    "an unknown hour": ("[fields]", 'repeated_hour = "both"\n[fields]', '"both" is not understood: write "first"'),
    "a wide encoding": ("[times]", 'encoding = "utf-16"\n[times]', '"utf-16" cannot be read here: write "utf-8"'),
    "an unknown encoding": ("[times]", 'encoding = "utf-9"\n[times]', '"utf-9" cannot be read here'),
    "a long delimiter": ("[times]", 'delimiter = "||"\n[times]', "What stands between two columns is one sign"),
    "a condition that asks nothing": (WHEN, 'when = { column = "closed" }', "A condition asks one thing of its column"),
    "a condition that asks two": (WHEN, 'when = { column = "closed", is = "", is_empty = true }', "asks one thing"),
    "a rule that sets an unknown field": ("set = { resolution", "set = { resolutoin", 'write "resolution"'),
    "a rule without conditions": (WHEN, "", '"when" is missing: write when it holds, such as { column = "TYPE"'),
}  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED)
def test_each_mistake_is_told_with_what_to_write_instead(planted: str) -> None:
    before, after, told = PLANTED[planted]
    assert MAP.count(before) >= 1
    assert told in "\n".join(told_about(MAP.replace(before, after)))


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(MAP.replace("Europe/London", "Nowhere").replace("row_id", "rowid"), "utf-8")
    with pytest.raises(Refused) as told:
        read_map(path)
    lines = str(told.value).splitlines()
    assert lines[0].startswith(f'{path}:5: times > zone: There is no time zone "Nowhere"')
    assert lines[1].startswith(f'{path}:9: fields > rowid: "rowid" means nothing here: write "row_id"')
    assert lines[2] == f"{path} has 2 mistakes: nothing was read."


def test_a_map_that_is_not_there_or_not_utf_8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    with pytest.raises(Refused, match="There is no file"):
        read_map(path)
    path.write_bytes(b"system = '\xff'")
    with pytest.raises(Refused, match="is not UTF-8"):
        read_map(path)


def test_a_map_can_fill_every_field_of_a_row() -> None:
    assert set(Fields.model_fields) == set(ImportedRow.model_fields) - {"line"}


def test_what_may_stand_alone_may_stand_in_a_list() -> None:
    several = MAP.replace(WHEN, 'when = [{ column = "closed", is_empty = false }, { column = "how", is = "call" }]')
    assert len(a_map(several).rules[0].when) == 2
    assert a_map(MAP.replace('["%d/%m/%Y %H:%M", "iso"]', '"iso"')).times.formats == ("iso",)


@given(text=st.text(max_size=200))
def test_any_text_is_a_map_or_has_mistakes(text: str) -> None:
    read, mistakes = look_at_map(text)
    assert (read is None) == bool(mistakes)


@given(at=st.integers(0, len(MAP) - 1), to=st.integers(0, 12), instead=st.text('"={}[],.\n#a', max_size=3))
def test_a_map_with_something_torn_out_is_a_map_or_has_mistakes(at: int, to: int, instead: str) -> None:
    read, mistakes = look_at_map(MAP[:at] + instead + MAP[at + to :])
    assert (read is None) == bool(mistakes)
