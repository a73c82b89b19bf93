"""The real enquiries that ship with us: varied enough to try things with, and about nobody."""

import csv
import json
import re
from pathlib import Path

import pytest

from services.cli.rows import read_rows
from services.intake.api.enquiries import NewEnquiry

FOLDER = Path(__file__).parents[2] / "deploy" / "demo"
FILE = FOLDER / "boston311-slice.csv"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_month_type_and_source_of_the_original_is_there(rows: list[dict[str, str]]) -> None:
    assert len(rows) == 1955
    assert {row["opened"][:7] for row in rows} == {"2015-01", "2015-02", "2015-03"}
    assert len({row["type"] for row in rows}) == 148
    assert len({row["source"] for row in rows}) == 7


@pytest.mark.parametrize(
    "personal",
    [
        r"\d{3}[-. ]\d{4}",
        r"\S@\S",
        r"https?:",
        r"(?i)\b(mr|mrs|ms|dr|inspector [A-Z])\b\.?",
        r"(?i)\bspoke (to|with)\b",
    ],
    ids=["telephone", "email", "address", "name", "conversation"],
)
def test_nothing_in_it_points_to_a_person(personal: str, rows: list[dict[str, str]]) -> None:
    found = [row for row in rows for column in ("title", "type", "text") if re.search(personal, row[column])]
    assert found == []


def test_no_place_begins_with_a_house_number(rows: list[dict[str, str]]) -> None:
    assert [row["place"] for row in rows if re.match(r"\d", row["place"])] == []


def test_each_row_is_one_that_intake_takes(rows: list[dict[str, str]]) -> None:
    read = read_rows(FILE)
    assert len(read) == len(rows)
    for row in read:
        asked = NewEnquiry.model_validate_json(json.dumps(row.as_enquiry()))
        assert asked.service_code


def test_its_source_and_licence_stand_beside_it() -> None:
    note = (FOLDER / "README.md").read_text("utf-8")
    assert "City of Boston" in note
    assert "Public Domain Dedication and Licence" in note
