"""What services say only ever grows."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.cli.house import SERVICES
from tests.contracts import write_snapshots
from tests.contracts.additions import broken_promises
from tests.contracts.snapshots import Schema, as_text, current, stored

EVENTS = [event for service in SERVICES for event in service.says]
NAME = "intake.enquiry.received"
WRITE = "run `python -m tests.contracts.write_snapshots` and look at what it changed"


def test_no_promise_is_broken() -> None:
    """Every stored event is still said, with every field and word it had."""
    broken = broken_promises(stored(), current(EVENTS))
    assert not broken, "\n".join(broken)


def test_every_addition_is_written_down() -> None:
    """An addition that is not written down could be taken back unseen."""
    before, now = stored(), current(EVENTS)
    unwritten = sorted(name for name in now if before.get(name) != now[name])
    assert not unwritten, f"{', '.join(unwritten)} changed since the snapshots were written: {WRITE}."


def test_an_event_has_one_name_and_one_speaker() -> None:
    assert len(current(EVENTS)) == len(EVENTS)


def changed(change: Callable[[Any], object]) -> list[str]:
    before = {NAME: some_schema()}
    now: dict[str, Schema] = copy.deepcopy(before)
    change(now[NAME])
    return broken_promises(before, now)


def some_schema() -> Schema:
    return {
        "title": "EnquiryReceived",
        "description": "A citizen has asked the council for something.",
        "type": "object",
        "required": ["enquiry_id", "channel", "size", "text"],
        "properties": {
            "enquiry_id": {"type": "string", "format": "uuid"},
            "channel": {"type": "string", "enum": ["web", "post", "other"]},
            "size": {"type": "string", "enum": ["small", "large"]},
            "text": {"type": "string", "personal": True},
            "place": {"anyOf": [{"type": "string", "personal": True}, {"type": "null"}], "default": None},
            "tags": {"type": "array", "items": {"type": "string"}, "default": []},
        },
    }


def test_an_unchanged_contract_passes() -> None:
    assert changed(lambda now: None) == []


def test_a_new_event_passes() -> None:
    assert broken_promises({}, {NAME: some_schema()}) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda now: now["properties"].update(plea={"type": "string", "default": ""}), id="optional field"),
        pytest.param(lambda now: now["properties"]["channel"]["enum"].append("fax"), id="word"),
        pytest.param(lambda now: now.update(description="Said better."), id="description"),
        pytest.param(lambda now: now["properties"]["enquiry_id"].update(personal=True), id="mark as personal"),
    ],
)
def test_an_addition_passes(change: Callable[[Any], object]) -> None:
    assert changed(change) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda now: now["properties"].pop("place"), "the field place is gone"),
        (
            lambda now: now["properties"]["enquiry_id"].update(type="integer"),
            "it was string and now is integer",
        ),
        (
            lambda now: now["properties"]["enquiry_id"].update(format="uri"),
            "its format was 'uuid' and now is 'uri'",
        ),
        (lambda now: now["properties"]["place"]["anyOf"].pop(), "it was string or null and now is string"),
        (
            lambda now: now["properties"]["text"].update(maxLength=10),
            "its maxLength was not there and now is 10",
        ),
        (lambda now: now["properties"]["tags"]["items"].update(type="integer"), "its items was"),
        (lambda now: now["properties"]["place"].update(default=""), "its default was None and now is ''"),
        (lambda now: now["required"].append("place"), "the field place is required"),
        (
            lambda now: (now["required"].append("plea"), now["properties"].update(plea={"type": "string"})),
            "the field plea is required",
        ),
        (lambda now: now["properties"]["channel"]["enum"].remove("post"), "the word post is gone"),
        (lambda now: now["properties"]["channel"].pop("enum"), "the word web is gone"),
        (
            lambda now: now["properties"]["size"]["enum"].append("huge"),
            "listeners know no `other` to read huge as",
        ),
        (
            lambda now: now["properties"]["text"].pop("personal"),
            "text: it is not marked as personal any more",
        ),
        (
            lambda now: now["properties"]["place"]["anyOf"][0].pop("personal"),
            "place: it is not marked as personal any more",
        ),
    ],
)
def test_whatever_a_listener_could_not_live_with_is_told(change: Callable[[Any], object], sentence: str) -> None:
    """The sentence names the event, the field, and what to do instead."""
    [told, *_] = changed(change)
    assert told.startswith(NAME)
    assert sentence in told
    assert told.endswith(".")


def test_an_event_that_is_not_said_any_more_is_told() -> None:
    [told] = broken_promises({NAME: some_schema()}, {})
    assert "intake.enquiry.received is not said any more" in told


def test_snapshots_are_written_once_and_then_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(tmp_path, monkeypatch)
    assert write_snapshots.main() == 0
    assert f"new: {NAME}" in capsys.readouterr().out
    assert stored(tmp_path) == current(EVENTS)
    assert write_snapshots.main() == 0
    assert capsys.readouterr().out == ""


def test_a_broken_promise_is_not_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(tmp_path, monkeypatch)
    promised = current(EVENTS)[NAME]
    promised["properties"]["colour"] = {"type": "string"}
    (tmp_path / f"{NAME}.json").write_text(as_text(promised), "utf-8")
    assert write_snapshots.main() == 1
    assert "the field colour is gone" in capsys.readouterr().out
    assert stored(tmp_path) == {NAME: promised}


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_snapshots, "FOLDER", folder)
    monkeypatch.setattr(write_snapshots, "stored", lambda: stored(folder))
