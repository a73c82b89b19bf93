"""What one service writes, another reads: the same event, or a sentence that says what is wrong with it."""

import contextlib
import json
import types
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Union, get_args, get_origin
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.cli.house import SERVICES
from shared.contracts import envelope
from shared.contracts.base import Event
from shared.contracts.envelope import MOST_BYTES, MOST_EVENTS, Envelope
from shared.errors import Refused
from tests.contracts.snapshots import schema_of

DOMAIN = "anytown.example"
EVENTS = [event for service in SERVICES for event in service.says]
FOR_EACH = settings(max_examples=25)
"""Of each event and each word; together these are thousands."""
each_event = pytest.mark.parametrize("kind", EVENTS, ids=[f"{event.speaker}.{event.name}" for event in EVENTS])

OFFSETS = st.integers(min_value=-14 * 60, max_value=14 * 60)
MOMENTS = st.datetimes(timezones=OFFSETS.map(lambda minutes: timezone(timedelta(minutes=minutes))))
WORDS = {
    f"{event.speaker}.{event.name}.{field}": (event, field)
    for event in EVENTS
    for field, schema in schema_of(event)["properties"].items()
    if "enum" in schema or any("enum" in way for way in schema.get("anyOf", ()))
}


def values(annotation: Any) -> st.SearchStrategy[Any]:
    """Whatever a field may hold; moments always name their zone."""
    if annotation is datetime:
        return MOMENTS
    if get_origin(annotation) in (Union, types.UnionType):
        return st.one_of([values(way) for way in get_args(annotation)])
    return st.from_type(annotation)


def events_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    return st.builds(kind, **{name: values(field.annotation) for name, field in kind.model_fields.items()})


def rows(event: Event) -> st.SearchStrategy[dict[str, Any]]:
    """The event as a row of `said` with its place."""
    counted = st.integers(min_value=1, max_value=2**63 - 1)
    return st.fixed_dictionaries(
        {
            "said_id": st.uuids(),
            "name": st.just(event.name),
            "subject": st.just(event.subject),
            "partition": st.integers(min_value=0, max_value=15),
            "position": counted,
            "sequence": counted,
            "occurred_at": MOMENTS,
            "recorded_at": MOMENTS,
            "correlation_id": st.uuids(),
            "causation_id": st.none() | st.uuids(),
            "actor": st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1),
            "traceparent": st.none() | st.just("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            "data": st.just(event.model_dump_json()),
        }
    )


def in_batches(events: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """One batch after another, as a relay sends them."""
    batches = []
    while events:
        how_many, body = envelope.first_batch(iter(events))
        batches.append((how_many, body))
        events = events[how_many:]
    return batches


@each_event
@FOR_EACH
@given(data=st.data())
def test_every_event_comes_out_as_it_went_in(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(events_of(kind))
    assume("\x00" not in event.subject)
    row = data.draw(rows(event))
    [body] = [body for _, body in in_batches([envelope.written(row, DOMAIN, kind.speaker)])]
    [arrived] = [envelope.read(each) for each in envelope.unbatched(body)]
    assert kind.model_validate(arrived.data) == event
    assert arrived == Envelope(**{**row, "speaker": kind.speaker, "data": json.loads(row["data"])})


@each_event
@FOR_EACH
@given(data=st.data())
def test_a_field_that_only_a_newer_speaker_knows_is_passed_over(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(events_of(kind))
    said = json.loads(event.model_dump_json())
    assert kind.model_validate(said | {"colour_of_the_door": "green"}) == event


@pytest.mark.parametrize(("kind", "field"), WORDS.values(), ids=WORDS)
@FOR_EACH
@given(data=st.data())
def test_a_word_that_only_a_newer_speaker_knows_is_read_as_other(
    kind: type[Event], field: str, data: st.DataObject
) -> None:
    event = data.draw(events_of(kind))
    said = json.loads(event.model_dump_json()) | {field: "by_carrier_pigeon"}
    assert getattr(kind.model_validate(said), field) == "other"


def an_event(**changes: Any) -> dict[str, Any]:
    whole = {
        "specversion": "1.0",
        "id": "0190c8a0-0000-7000-8000-000000000001",
        "type": "accesspoint.enquiry.received",
        "source": f"//{DOMAIN}/intake",
        "subject": "enquiry/0190c8a0-0000-7000-8000-000000000002",
        "time": "2026-03-02T09:15:00+00:00",
        "datacontenttype": "application/json",
        "recordedtime": "2026-03-02T09:15:01+00:00",
        "partition": 3,
        "position": "7",
        "sequence": "1",
        "correlationid": "0190c8a0-0000-7000-8000-000000000003",
        "actor": "public",
        "data": {},
    }
    return {key: value for key, value in (whole | changes).items() if value is not None}


def test_a_whole_envelope_is_read() -> None:
    read = envelope.read(an_event())
    assert (read.speaker, read.name, read.position) == ("intake", "enquiry.received", 7)
    assert read.occurred_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert read.causation_id is None
    assert read.said_id == UUID("0190c8a0-0000-7000-8000-000000000001")


NEEDED = [key for key in an_event() if key not in ("specversion", "datacontenttype")]


@pytest.mark.parametrize("missing", NEEDED)
def test_an_envelope_that_lacks_something_is_refused_by_name(missing: str) -> None:
    with pytest.raises(Refused, match=f"not an event of ours: .*{missing}"):
        envelope.read(an_event(**{missing: None}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "7"),
        ("id", ["7"]),
        ("source", "intake"),
        ("partition", "three"),
        ("position", float("inf")),
        ("sequence", []),
        ("time", "yesterday"),
        ("time", "2026-03-02T09:15:00"),
        ("recordedtime", 12),
        ("correlationid", 12),
        ("causationid", {"id": 1}),
        ("data", "text"),
        ("data", 5),
    ],
)
def test_an_envelope_that_makes_no_sense_is_refused(key: str, value: object) -> None:
    with pytest.raises(Refused, match="not an event of ours"):
        envelope.read(an_event(**{key: value}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(changes=st.dictionaries(st.sampled_from(NEEDED), JSON))
def test_nothing_that_arrives_ends_the_reader(changes: dict[str, Any]) -> None:
    """It is an envelope, or it is refused: never anything else."""
    with contextlib.suppress(Refused):
        assert isinstance(envelope.read({**an_event(), **changes}), Envelope)


@given(body=st.binary() | JSON.map(lambda found: json.dumps(found).encode()))
def test_what_is_not_a_batch_is_refused(body: bytes) -> None:
    with contextlib.suppress(Refused):
        assert all(isinstance(event, dict) for event in envelope.unbatched(body))


def test_a_batch_nested_without_end_is_refused() -> None:
    with pytest.raises(Refused, match="not a CloudEvents batch"):
        envelope.unbatched(b"[" * 200_000)


@given(sizes=st.lists(st.integers(min_value=2, max_value=200_000), max_size=12) | st.lists(st.just(2), max_size=250))
def test_batches_keep_order_and_stay_within_their_limits(sizes: list[int]) -> None:
    events = [b'"' + str(nth).encode().rjust(size - 2, b" ")[: size - 2] + b'"' for nth, size in enumerate(sizes)]
    batches = in_batches(events)
    assert b"".join(body[1:-1] + b"," for _, body in batches) == b"".join(event + b"," for event in events)
    assert sum(how_many for how_many, _ in batches) == len(events)
    assert all(1 <= how_many <= MOST_EVENTS for how_many, _ in batches)
    assert all(len(body) <= MOST_BYTES for _, body in batches)


@pytest.mark.parametrize("spare", [-1, 0, 1, 2, 3])
def test_the_largest_batch_is_no_larger_than_promised(spare: int) -> None:
    """Brackets and commas count."""
    pair = [b"x" * 128_000, b"x" * (128_000 - 3 + spare)]
    assert all(len(body) <= MOST_BYTES for _, body in in_batches(pair))


@given(how_many=st.integers(min_value=0, max_value=350))
def test_a_batch_holds_at_most_a_hundred_events(how_many: int) -> None:
    sizes = [size for size, _ in in_batches([b"{}"] * how_many)]
    assert all(size == MOST_EVENTS for size in sizes[:-1])
    assert sum(sizes) == how_many
