"""The real file: every row of the slice is one of ours, by a map that fits the council file and reads no verdict."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.cli.importing.maps import Map
from services.cli.importing.reading_maps import read_map
from services.cli.importing.rows import Row
from services.intake.api.imports import ImportedRow
from shared.council import Council, read_council
from shared.vocabulary import Channel, Office, Point, Resolution
from tests.unit.importing.files import rows_in

ROOT = Path(__file__).parents[3]
SLICE = ROOT / "tests" / "data" / "boston311-2015-q1-slice.csv"
MAP = ROOT / "deploy" / "imports" / "boston311.toml"
COUNCIL = ROOT / "deploy" / "councils" / "boston.toml"
FORM = "%m/%d/%Y %I:%M:%S %p"

Original = dict[str, str]


@pytest.fixture(scope="module")
def originals() -> list[Original]:
    with SLICE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def read() -> Map:
    return read_map(MAP)


@pytest.fixture(scope="module")
def council() -> Council:
    return read_council(COUNCIL.read_text("utf-8"))


@pytest.fixture(scope="module")
def pairs(originals: list[Original], read: Map) -> list[tuple[Original, ImportedRow]]:
    """Each row of the file with what is made of it."""
    made = rows_in(SLICE, read)
    rejected = [each for each in made if not isinstance(each, Row)]
    assert rejected == []
    return list(zip(originals, (each.said for each in made if isinstance(each, Row)), strict=True))


def test_the_slice_holds_some_of_each_kind(originals: list[Original]) -> None:
    assert len(originals) == 2034
    assert len({row["TYPE"] for row in originals}) == 148
    assert len({row["QUEUE"] for row in originals}) == 127
    assert len({row["Source"] for row in originals}) == 7
    assert {row["OPEN_DT"][:2] for row in originals} == {"01", "02", "03"}
    kinds = Counter((bool(row["TARGET_DT"]), row["CASE_STATUS"], row["OnTime_Status"]) for row in originals)
    assert kinds[True, "Closed", ""] == 46
    assert set(kinds) == {
        (True, "Closed", ""),
        (True, "Closed", "ONTIME"),
        (True, "Closed", "OVERDUE"),
        (False, "Closed", "ONTIME"),
        (True, "Open", ""),
        (True, "Open", "ONTIME"),
        (True, "Open", "OVERDUE"),
        (False, "Open", "ONTIME"),
    }


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
def test_nothing_in_it_points_to_a_person(personal: str, originals: list[Original]) -> None:
    columns = ("CASE_TITLE", "CLOSURE_REASON")
    assert [row for row in originals for column in columns if re.search(personal, row[column])] == []


def test_no_place_has_a_house_number(originals: list[Original]) -> None:
    assert [row["Location"] for row in originals if re.match(r"\d", row["Location"])] == []
    assert {row["LATITUDE"] + row["LONGITUDE"] for row in originals} == {""}
    private = re.compile("Discrimination|Notification|Bite")
    assert {row["Location"] for row in originals if private.search(row["TYPE"])} == {""}


def test_its_source_and_licence_stand_beside_it() -> None:
    note = SLICE.with_name("README.md").read_text("utf-8")
    assert "City of Boston" in note
    assert "Public Domain Dedication and Licence" in note


def test_the_map_reads_no_verdict(read: Map) -> None:
    assert not {column for _, column in read.columns()} & {"OnTime_Status", "CASE_STATUS"}


def test_every_code_of_the_map_is_in_the_council_file(
    read: Map, council: Council, pairs: list[tuple[Original, ImportedRow]]
) -> None:
    assert set(read.tables["queues"].values()) == set(council.queues)
    assert {row.service_code for _, row in pairs} == set(council.services)
    assert {row.queue_id for _, row in pairs} == set(council.queues)


def test_the_hotline_is_the_front_office(read: Map, council: Council) -> None:
    hotline = {code for name, code in read.tables["queues"].items() if name.startswith("INFO")}
    assert {council.queues[code].office for code in hotline} == {Office.FRONT}
    assert council.general_queue in hotline


def test_each_source_is_a_channel_and_the_counter_is_one_whatever_its_source_says(
    pairs: list[tuple[Original, ImportedRow]],
) -> None:
    counter = {(row.channel, row.point) for said, row in pairs if said["TYPE"] == "OCR Front Desk Interactions"}
    assert counter == {(Channel.ONE_STOP_SHOP, Point.COUNTER)}
    others = {(said["Source"], row.channel) for said, row in pairs if said["TYPE"] != "OCR Front Desk Interactions"}
    assert others == {
        ("Constituent Call", Channel.TELEPHONE),
        ("Self Service", Channel.WEB),
        ("Citizens Connect App", Channel.WEB),
        ("Employee Generated", Channel.OUTREACH),
        ("City Worker App", Channel.OUTREACH),
        ("Maximo Integration", Channel.OUTREACH),
        ("Twitter", Channel.WEB),
    }


def test_times_are_those_of_the_file_in_its_zone(pairs: list[tuple[Original, ImportedRow]]) -> None:
    """Read here in another way than the map's."""
    for said, row in pairs:
        for column, made in (("OPEN_DT", row.received_at), ("TARGET_DT", row.due_at), ("CLOSED_DT", row.resolved_at)):
            shown = made.astimezone(ZoneInfo("America/New_York")).strftime(FORM) if isinstance(made, datetime) else ""
            assert shown == said[column]


def test_the_times_alone_give_the_verdict_of_the_file(pairs: list[tuple[Original, ImportedRow]]) -> None:
    judged = {True: "ONTIME", False: "OVERDUE"}
    for said, row in pairs:
        if row.due_at and row.resolved_at and said["OnTime_Status"]:
            assert judged[row.resolved_at <= row.due_at] == said["OnTime_Status"], said["CASE_ENQUIRY_ID"]


def test_what_is_closed_is_done_or_a_duplicate_and_what_is_open_is_neither(
    pairs: list[tuple[Original, ImportedRow]],
) -> None:
    for said, row in pairs:
        if said["CASE_STATUS"] == "Open":
            assert (row.resolved_at, row.resolution) == (None, None)
        else:
            duplicate = said["CLOSURE_REASON"].startswith("Case Closed Duplicate")
            assert row.resolution is (Resolution.DUPLICATE if duplicate else Resolution.DONE)
    assert Resolution.DUPLICATE in {row.resolution for _, row in pairs}


def test_a_row_without_a_title_is_called_by_its_type(pairs: list[tuple[Original, ImportedRow]]) -> None:
    [untitled] = [row for said, row in pairs if not said["CASE_TITLE"]]
    assert untitled.title == "Notification"
