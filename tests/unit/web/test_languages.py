"""Which languages a caller reads, best first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.languages import languages_in


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        (None, ()),
        ("", ()),
        ("cy", ("cy",)),
        ("cy-GB, en-GB;q=0.8, en;q=0.7", ("cy", "en")),
        ("en;q=0.5,cy", ("cy", "en")),
        ("EN ; q=0.5 , cy;q=0.501", ("cy", "en")),
        ("cy;q=0, en;q=0.1", ("en",)),
        ("*, en", ("en",)),
        ("cy;q=high, en", ("en",)),
        ("zh-Hant-TW", ("zh",)),
    ],
)
def test_the_best_comes_first(header: str | None, languages: tuple[str, ...]) -> None:
    assert languages_in(header) == languages


@given(st.text())
def test_whatever_is_sent_is_read_as_some_languages_or_none(header: str) -> None:
    assert all(2 <= len(language) <= 3 for language in languages_in(header))
