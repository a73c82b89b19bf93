"""The stored JSON Schema of every event: where it lies, what it is now, and what has been added since."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.contracts.base import Event

FOLDER = Path(__file__).parents[2] / "shared" / "contracts" / "snapshots"

Schema = dict[str, Any]


def stored(folder: Path = FOLDER) -> dict[str, Schema]:
    """By speaker and name: `intake.enquiry.received`."""
    return {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))}


def current(events: Sequence[type[Event]]) -> dict[str, Schema]:
    return {f"{event.speaker}.{event.name}": schema_of(event) for event in events}


def schema_of(event: type[Event]) -> Schema:
    """As pydantic has it, each word list written out where it is used, so that a file reads by itself."""
    schema = event.model_json_schema()
    words = schema.pop("$defs", {})
    made: Schema = written_out(schema, words)
    return made


def written_out(part: Any, words: Mapping[str, Any]) -> Any:
    if isinstance(part, list):
        return [written_out(each, words) for each in part]
    if not isinstance(part, Mapping):
        return part
    if "$ref" in part:
        found = words[part["$ref"].rpartition("/")[2]]
        beside = {key: value for key, value in part.items() if key != "$ref"}
        return written_out({**found, **beside}, words)
    return {key: written_out(value, words) for key, value in part.items()}


def as_text(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
