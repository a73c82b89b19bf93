"""Traces and logs: what is carried on, and what is left out."""

import logging
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.telemetry import child_of, is_traceparent, new_trace
from shared.telemetry.logs import strip_exception

ID = UUID("0190163d-8694-739b-aea5-966c26f8ad91")
GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_a_child_keeps_the_trace_and_has_a_span_of_its_own() -> None:
    child = child_of(GOOD, ID)
    assert child[:36] == GOOD[:36]
    assert child[36:52] != GOOD[36:52]
    assert child.endswith("-01")


def test_a_newer_version_is_understood_as_far_as_ours_goes() -> None:
    assert child_of(f"01{GOOD[2:]}-more", ID).startswith(GOOD[:36])


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        f"ff{GOOD[2:]}",
        f"{GOOD}-more",
        GOOD.upper(),
        GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
        GOOD.replace("00f067aa0ba902b7", "0" * 16),
        f"{GOOD}\n",
    ],
)
def test_what_cannot_be_read_begins_a_new_trace_with_the_correlation_id(text: str | None) -> None:
    assert child_of(text, ID).startswith(f"00-{ID.hex}-")


@given(st.text())
def test_whatever_comes_in_a_traceparent_goes_out(text: str) -> None:
    assert is_traceparent(child_of(text, uuid4()))
    assert is_traceparent(new_trace(uuid4()))


def test_an_exception_is_logged_by_its_kinds_and_never_by_its_text() -> None:
    failed = Exception()
    try:
        try:
            int("Mrs Smith")
        except ValueError as cause:
            raise KeyError("07700 900000") from cause
    except KeyError as error:
        failed = error
    event = strip_exception(None, "error", {"event": "failed", "exc_info": failed})
    assert event["error"] == "KeyError from ValueError"
    assert event["at"][-1].endswith("never_by_its_text")
    assert "Smith" not in str(event)
    assert "07700" not in str(event)


def test_libraries_lines_keep_their_pattern_and_lose_their_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import structlog  # noqa: PLC0415  only this test sets logs up

    from shared.telemetry import set_up_logs  # noqa: PLC0415  as above

    handlers, level = logging.root.handlers[:], logging.root.level
    set_up_logs()
    try:
        logging.getLogger("aiohttp.server").error("Error handling request from %s", "81.2.69.142")
    finally:
        structlog.reset_defaults()
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
    text = capsys.readouterr().err
    assert "Error handling request from %s" in text
    assert "81.2.69.142" not in text
