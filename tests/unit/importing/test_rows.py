"""Rows of ours are made by the map: fields, tables and rules, and nothing is cut or guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli.importing.rows import Rejected, Row
from services.intake.api.imports import ImportedRow
from shared.vocabulary import Channel, Point, Resolution
from tests.unit.importing.files import HEAD, MAP, a_file, a_map, line_of, rows_in, the_reason


def the_row(folder: Path, text: str = MAP, **cells: str) -> ImportedRow:
    [row] = rows_in(a_file(folder, HEAD + line_of(1, **cells)), a_map(text))
    assert isinstance(row, Row), row
    return row.said


def with_rules(*rules: str) -> str:
    """Before those of the map."""
    return MAP.replace("[[rules]]", "\n".join(f"[[rules]]\n{rule}" for rule in rules) + "\n[[rules]]")


def test_each_field_comes_from_its_column(tmp_path: Path) -> None:
    row = the_row(tmp_path, closed="07/01/2015 10:00")
    assert (row.line, row.row_id, row.channel, row.title) == (2, "A1", Channel.TELEPHONE, "Lamp 1 is out")
    assert row.text == "Lamp 1 is out / call"
    assert [at and at.isoformat() for at in (row.received_at, row.due_at, row.resolved_at)] == [
        "2015-01-05T09:30:00+00:00",
        "2015-01-06T09:30:00+00:00",
        "2015-01-07T10:00:00+00:00",
    ]
    assert row.resolution is Resolution.DONE
    assert row.point is None


def test_what_is_empty_is_left_out_and_not_joined(tmp_path: Path) -> None:
    joined = MAP.replace('columns = ["what", "how"]', 'columns = ["due", "what", "closed"]')
    assert the_row(tmp_path, joined, due="").text == "Lamp 1 is out"
    assert the_row(tmp_path, due="  ").due_at is None


def test_of_rules_the_first_to_set_a_field_counts(tmp_path: Path) -> None:
    rules = with_rules(
        'when = { column = "what", contains = "LAMP" }\nset = { channel = "one_stop_shop" }',
        'when = { column = "how", is = "call" }\nset = { channel = "email", point = "mailbox" }',
    )
    row = the_row(tmp_path, rules)
    assert (row.channel, row.point) == (Channel.ONE_STOP_SHOP, Point.MAILBOX)


@pytest.mark.parametrize(
    ("condition", "what", "holds"),
    [
        ('is = "Lamp"', " Lamp ", True),
        ('is = "Lamp"', "lamp", False),
        ('is_in = ["Lamp", "Bin"]', "Bin", True),
        ('is_in = ["Lamp", "Bin"]', "Bins", False),
        ('begins_with = "street l"', "Street lamp", True),
        ('begins_with = "lamp"', "Street lamp", False),
        ('contains = "lamp"', "Street Lamp is out", True),
        ("is_empty = true", "Lamp", False),
        ("is_empty = false", "Lamp", True),
    ],
)
def test_a_rule_holds_when_its_cell_is_as_it_says(condition: str, what: str, holds: bool, tmp_path: Path) -> None:
    rules = with_rules(f'when = {{ column = "what", {condition} }}\nset = {{ area = "here" }}')
    assert (the_row(tmp_path, rules, what=what).area == "here") == holds


def test_all_conditions_of_a_rule_must_hold(tmp_path: Path) -> None:
    rule = with_rules(
        'when = [{ column = "how", is = "call" }, { column = "due", is_empty = true }]\nset = { area = "here" }'
    )
    assert the_row(tmp_path, rule).area is None
    assert the_row(tmp_path, rule, due="").area == "here"


def test_a_rule_may_take_another_column_or_leave_a_field_out(tmp_path: Path) -> None:
    rules = with_rules(
        'when = { column = "what", is_empty = true }\nset = { title = { column = "how" } }',
        'when = { column = "how", is = "call" }\nset = { due_at = "" }',
    )
    row = the_row(tmp_path, rules, what="")
    assert (row.title, row.due_at) == ("call", None)


def test_a_value_that_the_table_does_not_know_rejects_the_row(tmp_path: Path) -> None:
    because = the_reason(a_file(tmp_path, HEAD + line_of(1, how="fax")))
    assert because.startswith('how: "fax" does not stand in the table "channels" of the map: add it there')


def test_unless_the_map_says_what_others_are(tmp_path: Path) -> None:
    others = MAP.replace('table = "channels"', 'table = "channels", otherwise = "post"')
    assert the_row(tmp_path, others, how="fax").channel is Channel.POST
    assert the_row(tmp_path, others, how="").channel is Channel.POST


def test_words_become_a_code_and_are_not_cut(tmp_path: Path) -> None:
    coded = MAP.replace("[[rules]]", 'service_code = { column = "what", as_code = true }\n[[rules]]', 1)
    assert the_row(tmp_path, coded, what="Heat - Excessive  Insufficient").service_code == "heat-excessive-insufficient"
    file = a_file(tmp_path, HEAD + line_of(1, what="long " * 20))
    assert the_reason(file, a_map(coded)) == "service_code: write at most 50 characters."


REASONS = {
    "row_id: this is required.": {"id": ""},
    "title: write at most 300 characters.": {"what": "x" * 301},
    "received_at: this is required.": {"opened": ""},
    'received_at: "30/02/2015 09:30" is no day or time of any calendar: correct it.': {"opened": "30/02/2015 09:30"},
    "never was: the clocks of Europe/London went forward over it": {"closed": "29/03/2015 01:30"},
    "was twice, for the clocks of Europe/London went back": {"closed": "25/10/2015 01:30"},
    'due_at: "soon" is not written in the form "%d/%m/%Y %H:%M" or "iso"': {"due": "soon"},
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_is_wrong_in_a_row_is_told(reason: str, tmp_path: Path) -> None:
    told = the_reason(a_file(tmp_path, HEAD + line_of(1, **REASONS[reason])))
    assert reason in told


def test_a_row_too_heavy_to_be_sent_is_rejected_and_not_cut(tmp_path: Path) -> None:
    long = MAP.replace('due_at = { column = "due" }', "").replace(
        'columns = ["what", "how"]', 'columns = ["due", "due"]'
    )
    file = a_file(tmp_path, HEAD + line_of(1, due="x" * 230_000))
    assert "bytes and may weigh 400,000: shorten its texts." in the_reason(file, a_map(long))


def test_a_rejected_row_is_named_as_far_as_it_can_be(tmp_path: Path) -> None:
    file = a_file(tmp_path, HEAD + line_of(1, opened="x") + line_of(2, id="") + "A3\n")
    assert [each.row_id for each in rows_in(file) if isinstance(each, Rejected)] == ["A1", None, None]
