"""The envelope an event travels in: CloudEvents 1.0 JSON, singly and in batches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.errors import Refused
from shared.vocabulary import new_id

TYPE_PREFIX = "accesspoint."
BATCH_TYPE = "application/cloudevents-batch+json"
EVENT_TYPE = "application/cloudevents+json"
MOST_EVENTS = 100
MOST_BYTES = 256_000
BRACKETS = 2
LARGEST_NUMBER = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An event on its way. `data` is its fields as read from JSON, not yet checked against a contract."""

    said_id: UUID
    name: str
    speaker: str
    subject: str
    partition: int
    position: int
    sequence: int
    occurred_at: datetime
    recorded_at: datetime
    correlation_id: UUID
    causation_id: UUID | None
    actor: str
    traceparent: str | None
    data: Mapping[str, Any]


def written(row: Mapping[str, Any], domain: str, speaker: str) -> bytes:
    """One row of `said` with its position, as CloudEvents JSON. `data` goes through untouched."""
    head = {
        "specversion": "1.0",
        "id": str(row["said_id"]),
        "type": TYPE_PREFIX + row["name"],
        "source": f"//{domain}/{speaker}",
        "subject": row["subject"],
        "time": row["occurred_at"].isoformat(),
        "datacontenttype": "application/json",
        "recordedtime": row["recorded_at"].isoformat(),
        "partition": row["partition"],
        "position": str(row["position"]),
        "sequence": str(row["sequence"]),
        "correlationid": str(row["correlation_id"]),
        "actor": row["actor"],
    }
    if row["causation_id"] is not None:
        head["causationid"] = str(row["causation_id"])
    if row["traceparent"] is not None:
        head["traceparent"] = row["traceparent"]
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False)
    return f'{text[:-1]},"data":{row["data"]}}}'.encode()


def first_batch(events: Iterable[bytes]) -> tuple[int, bytes]:
    """How many of the events fit into one batch of at most `MOST_EVENTS` and `MOST_BYTES`, and that batch."""
    held: list[bytes] = []
    size = BRACKETS
    for event in events:
        if held and (len(held) == MOST_EVENTS or size + len(event) > MOST_BYTES):
            break
        held.append(event)
        size += len(event) + 1
    return len(held), joined(held)


def joined(events: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(events) + b"]"


def unbatched(body: bytes) -> list[dict[str, Any]]:
    """Refused when it is not a batch at all; the events in it may still be unreadable one by one."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(f"This is not a CloudEvents batch: {error}.") from error
    if not isinstance(found, list) or not all(isinstance(event, dict) for event in found):
        raise Refused("This is not a CloudEvents batch: it should be a JSON array of objects.")
    return found


def read(event: Mapping[str, Any]) -> Envelope:
    """Refused, naming what is missing or wrong, when it is not an envelope of ours."""
    try:
        causation = event.get("causationid")
        return Envelope(
            said_id=UUID(event["id"]),
            name=text(event["type"]).removeprefix(TYPE_PREFIX),
            speaker=speaker_in(event),
            subject=text(event["subject"]),
            partition=number(event["partition"]),
            position=number(event["position"]),
            sequence=number(event["sequence"]),
            occurred_at=moment(event["time"]),
            recorded_at=moment(event["recordedtime"]),
            correlation_id=UUID(event["correlationid"]),
            causation_id=UUID(causation) if causation else None,
            actor=text(event["actor"]),
            traceparent=text(event["traceparent"]) if event.get("traceparent") else None,
            data=dict(event["data"]),
        )
    except KeyError as error:
        raise Refused(f"This is not an event of ours: it lacks {error.args[0]}.") from error
    except (ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise Refused(
            f"This is not an event of ours: something in it has the wrong form ({type(error).__name__})."
        ) from error


def salvaged(event: Mapping[str, Any]) -> Envelope | None:
    """
    Where an event stands that cannot be read otherwise, so that it can be parked at its place and leaves no gap.

    None when not even its speaker, partition and position can be read. What is missing is made up.
    """
    try:
        speaker, partition, position = speaker_in(event), number(event["partition"]), number(event["position"])
    except (KeyError, ValueError, TypeError, AttributeError, IndexError):
        return None
    return Envelope(
        said_id=new_id(),
        name="unreadable",
        speaker=speaker,
        subject=f"unreadable/{speaker}/{partition}/{position}",
        partition=partition,
        position=position,
        sequence=0,
        occurred_at=datetime.fromtimestamp(0, UTC),
        recorded_at=datetime.fromtimestamp(0, UTC),
        correlation_id=new_id(),
        causation_id=None,
        actor="machine/bus",
        traceparent=None,
        data={},
    )


def speaker_in(event: Mapping[str, Any]) -> str:
    return text(event["source"]).rsplit("/", 1)[1]


def text(value: Any) -> str:
    """Such as PostgreSQL can store: no NUL, nothing that is not a character."""
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not a plain text")
    value.encode()
    return value


def number(value: Any) -> int:
    """Ours are texts of digits: JSON's numbers lose digits in some readers."""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    found = int(value)
    if not 0 <= found < LARGEST_NUMBER:
        raise ValueError("a number out of range")
    return found


def moment(value: str) -> datetime:
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("no time zone")
    return found
