"""Who gets CSV: whoever names it, and does not name JSON as much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.media import prefers_csv


@pytest.mark.parametrize(
    ("header", "csv"),
    [
        (None, False),
        ("", False),
        ("*/*", False),
        ("text/*", False),
        ("text/csv", True),
        ("Text/CSV; charset=utf-8; header=present", True),
        ("text/csv, */*", True),
        ("text/csv;q=0.5, */*;q=0.8", False),
        ("application/json, text/csv", False),
        ("application/json;q=0.9, text/csv", True),
        ("text/csv;charset=utf-8;q=0.4, application/json;q=0.5", False),
        ("text/csv;q=0", False),
        ("text/csv;q=high", False),
    ],
)
def test_csv_is_for_whoever_names_it(header: str | None, csv: bool) -> None:
    assert prefers_csv(header) is csv


@given(st.text())
def test_whatever_is_sent_is_understood_or_left_out(header: str) -> None:
    assert prefers_csv(header) in (True, False)
