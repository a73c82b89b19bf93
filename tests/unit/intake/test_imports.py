"""Which rows of an older system are taken in, and the sentence for each that is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.api.imports import ImportedRow
from services.intake.domain.contacts import Citizen
from services.intake.domain.imports import (
    LONGEST_TEXT,
    Batch,
    Import,
    Rejected,
    Row,
    Rules,
    Seen,
    Sorted,
    check_cut_over,
    check_place,
    cut_over_at,
    digest_of,
    point_on,
    sort,
)
from shared.council import read_council
from shared.errors import Conflict, Invalid
from shared.vocabulary import Channel, ContactId, EnquiryId, ImportId, Point, QueueId, Resolution, new_id
from tests.builders import MORNING
from tests.parts.councils import anytown

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = MORNING + 30 * DAY
BEGUN = Import(
    import_id=ImportId(new_id()), system="old", file_name="march.csv", cut_over=MORNING + 10 * DAY, begun_at=NOW
)
EARLIER = replace(BEGUN, import_id=ImportId(new_id()), file_name="february.csv")
RULES = Rules(BEGUN, read_council(anytown()), NOW)


def a_row(line: int = 2, row_id: str = "a-1", **fields: Any) -> Row:
    given: dict[str, Any] = {
        "line": line,
        "row_id": row_id,
        "enquiry_id": EnquiryId(new_id()),
        "contact_id": ContactId(new_id()),
        "channel": Channel.WEB,
        "point": Point.FORM,
        "title": "A lamp is out",
        "text": "Since Monday.",
        "received_at": MORNING,
        **fields,
    }
    return Row(**given)


def seen(row: Row, where: Import = EARLIER) -> dict[str, Seen]:
    return {row.row_id: Seen(where.import_id, where.file_name, row.line, digest_of(row))}


def because(row: Row, earlier: dict[str, Seen] | None = None) -> str:
    [rejected] = sort([row], earlier or {}, RULES).rejected
    assert (rejected.line, rejected.row_id) == (row.line, row.row_id)
    assert rejected.because.endswith(".")
    return rejected.because


def accepted(*rows: Row, earlier: dict[str, Seen] | None = None) -> list[int]:
    return [row.line for row, _ in sort(rows, earlier or {}, RULES).accepted]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"received_at": MORNING.replace(year=1969)}, "too long ago"),
        ({"received_at": BEGUN.cut_over + timedelta(microseconds=1)}, "after the cut-over"),
        ({"due_at": MORNING - timedelta(microseconds=1)}, "before it was received"),
        ({"due_at": MORNING.replace(year=2201)}, "too far away"),
        ({"due_at": datetime.max.replace(tzinfo=ZoneInfo("Etc/GMT+12"))}, "too far away"),
        (
            {"resolved_at": MORNING - timedelta(microseconds=1), "resolution": Resolution.DONE},
            "before it was received",
        ),
        ({"resolved_at": NOW + HOUR}, "lies in the future"),
        ({"resolution": Resolution.DONE}, "no time when it was resolved"),
        ({"service_code": "525"}, "The council has no service 525: perhaps you meant"),
        ({"queue_id": QueueId("highway")}, "The council has no queue highway: perhaps you meant highways"),
        ({"queue_id": QueueId("zzzzzz")}, "leave it out"),
        ({"text": "é" * LONGEST_TEXT}, "300,002 bytes"),
        ({"text": "\x01" * (LONGEST_TEXT // 5)}, "shorten it"),
    ],
)
def test_a_row_that_cannot_be_true_is_rejected_with_what_to_do(fields: dict[str, Any], says: str) -> None:
    assert says in because(a_row(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"received_at": BEGUN.cut_over},
        {"due_at": MORNING},
        {"resolved_at": MORNING},
        {"resolved_at": NOW, "resolution": Resolution.OTHER},
        {"due_at": MORNING + 365 * DAY},
        {"service_code": "524", "queue_id": QueueId("highways")},
        {"text": "x" * (LONGEST_TEXT - 2)},
    ],
)
def test_what_is_only_just_true_is_taken_in(fields: dict[str, Any]) -> None:
    assert accepted(a_row(**fields)) == [2]


def test_an_id_that_comes_twice_is_rejected_with_the_line_where_it_was_first() -> None:
    found = sort([a_row(2), a_row(3), a_row(4, title="Another lamp")], {}, RULES)
    assert [row.line for row, _ in found.accepted] == [2]
    assert [(each.line, "line 2" in each.because) for each in found.rejected] == [(3, True), (4, True)]
    assert "line 7" in because(a_row(9), seen(a_row(7), BEGUN))


def test_a_row_whose_first_attempt_was_rejected_may_come_once_more() -> None:
    assert accepted(a_row(2, service_code="zz"), a_row(3)) == [3]


def test_what_an_earlier_import_took_in_is_known_already() -> None:
    row = a_row(40, service_code="gone-from-the-catalogue")
    found = sort([row, replace(row, line=41)], seen(replace(row, line=5)), RULES)
    assert (found.known_already, found.accepted, found.rejected) == (2, [], [])


def test_other_content_under_an_id_imported_before_is_rejected_with_where_it_was() -> None:
    told = because(a_row(40, title="Another lamp"), seen(a_row(5)))
    assert "line 5 of february.csv" in told
    assert str(EARLIER.import_id) in told


def test_each_part_of_the_content_makes_a_row_another_one() -> None:
    changes: list[dict[str, Any]] = [
        {"channel": Channel.EMAIL},
        {"point": Point.APP},
        {"title": "B"},
        {"text": "B"},
        {"place": "B"},
        {"area": "B"},
        {"service_code": "B"},
        {"queue_id": QueueId("B")},
        {"received_at": MORNING + HOUR},
        {"due_at": MORNING},
        {"resolved_at": MORNING},
        {"resolution": Resolution.DONE},
        {"language": "cy"},
        {"citizen": Citizen(name="B")},
        {"citizen": Citizen(surname="B")},
        {"citizen": Citizen(email="B")},
        {"citizen": Citizen(telephone="B")},
        {"citizen": Citizen(uprn="B")},
    ]
    digests = [digest_of(a_row()), *(digest_of(a_row(**change)) for change in changes)]
    assert len(set(digests)) == len(digests)


def test_where_a_row_stands_and_in_which_zone_its_times_are_written_makes_no_difference() -> None:
    there = ZoneInfo("America/New_York")
    one, other = a_row(2, received_at=MORNING), a_row(70, received_at=MORNING.astimezone(there))
    assert digest_of(one) == digest_of(other)


rows = st.lists(
    st.builds(
        lambda row_id, title, service_code: (row_id, title, service_code),
        st.sampled_from("abc"),
        st.sampled_from(["One", "Two"]),
        st.sampled_from([None, "524", "unknown"]),
    ),
    max_size=12,
)


@given(file=rows, before=rows, cuts=st.sets(st.integers(0, 12)))
def test_however_a_file_is_cut_into_batches_the_same_becomes_of_each_row(
    file: list[tuple[str, str, str | None]], before: list[tuple[str, str, str | None]], cuts: set[int]
) -> None:
    earlier = kept([written(before)], EARLIER, {})[1]
    whole = kept([written(file)], BEGUN, earlier)[0]
    ends = sorted({cut for cut in cuts if cut < len(file)} | {0, len(file)})
    batches = [written(file)[start:end] for start, end in pairwise(ends)]
    assert kept(batches, BEGUN, earlier)[0] == whole


def written(file: list[tuple[str, str, str | None]]) -> list[Row]:
    return [a_row(nth + 2, row_id, title=title, service_code=code) for nth, (row_id, title, code) in enumerate(file)]


def kept(
    batches: list[list[Row]], begun: Import, earlier: dict[str, Seen]
) -> tuple[tuple[list[int], int, list[tuple[int, str]]], dict[str, Seen]]:
    """What becomes of the lines, and what is known afterwards: as the database keeps it between batches."""
    total, known = Sorted(), dict(earlier)
    for batch in batches:
        found = sort(batch, known, replace(RULES, begun=begun))
        known |= {
            row.row_id: Seen(begun.import_id, begun.file_name, row.line, digest) for row, digest in found.accepted
        }
        total.accepted += found.accepted
        total.known_already += found.known_already
        total.rejected += found.rejected
    told = [(each.line, each.because) for each in total.rejected]
    return ([row.line for row, _ in total.accepted], total.known_already, told), known


def test_a_batch_begins_where_the_import_has_got_to() -> None:
    begun = replace(BEGUN, read_up_to=40)
    check_place(begun, Batch(after=40, up_to=43, rows=[a_row(41)], rejected=[Rejected(43, None, "It is torn.")]))
    check_place(begun, Batch(after=40, up_to=40))
    for after in (0, 39, 41):
        with pytest.raises(Conflict, match="read up to line 40"):
            check_place(begun, Batch(after=after, up_to=50))


@pytest.mark.parametrize(
    ("lines", "rejected", "up_to"),
    [([41, 41], [], 50), ([41], [41], 50), ([40], [], 50), ([51], [], 50), ([], [51], 50), ([], [], 39)],
)
def test_a_batch_holds_each_line_once_and_only_its_own(lines: list[int], rejected: list[int], up_to: int) -> None:
    batch = Batch(
        after=40,
        up_to=up_to,
        rows=[a_row(line) for line in lines],
        rejected=[Rejected(line, None, "It is torn.") for line in rejected],
    )
    with pytest.raises(Invalid):
        check_place(replace(BEGUN, read_up_to=40), batch)


def test_the_cut_over_is_now_unless_it_was_before() -> None:
    assert cut_over_at(None, NOW) == NOW
    assert cut_over_at(MORNING, NOW) == MORNING
    assert cut_over_at(NOW + timedelta(seconds=30), NOW) == NOW
    for wrong in (NOW + HOUR, datetime(1969, 1, 1, tzinfo=UTC)):
        with pytest.raises(Invalid, match=r"body\.cut_over"):
            cut_over_at(wrong, NOW)


def test_an_import_keeps_its_cut_over() -> None:
    for same in (None, BEGUN.cut_over):
        check_cut_over(same, BEGUN)
    for other in (BEGUN.cut_over - DAY, BEGUN.cut_over + DAY, NOW + timedelta(seconds=30), NOW + DAY):
        with pytest.raises(Conflict, match="give the same one again"):
            check_cut_over(other, BEGUN)


def test_a_cut_over_that_a_clock_was_ahead_with_may_be_said_again() -> None:
    just_now = replace(BEGUN, cut_over=NOW)
    check_cut_over(NOW + timedelta(seconds=30), just_now)
    with pytest.raises(Conflict):
        check_cut_over(NOW + HOUR, just_now)


def test_a_point_is_a_form_on_the_web_and_unknown_elsewhere_when_nobody_says() -> None:
    assert [point_on(channel) for channel in (Channel.WEB, Channel.TELEPHONE)] == [Point.FORM, Point.OTHER]


def test_whoever_reads_a_file_can_tell_beforehand_what_would_fail_a_batch() -> None:
    fields = (
        '{"line": 2, "row_id": "a", "channel": "web", "title": "A", "received_at": "2026-03-02T09:00:00Z", "text": '
    )
    assert ImportedRow.model_validate_json(fields + '"A lamp"}').text == "A lamp"
    with pytest.raises(ValidationError, match="NUL characters in text"):
        ImportedRow.model_validate_json(fields + '"A\\u0000B"}')
