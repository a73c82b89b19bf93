"""Which rows of an older system's file are taken in, and why the others are not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from services.intake.domain.contacts import (
    CLOCKS_DIFFER_BY,
    FIRST_YEAR,
    LIKENESS,
    MOST_NEAR,
    Citizen,
    instead,
    what_is_wrong_with,
)
from shared.council import Council
from shared.errors import Conflict, Fault, Invalid
from shared.vocabulary import Channel, ContactId, EnquiryId, ImportId, Point, QueueId, Reference, Resolution

LAST_YEAR = 2200
"""An older system may mean "never" by a later one; the database could not even store some of them."""
LONGEST_TEXT = 150_000
"""Bytes of a text as JSON, so that the event about it, with all else that it carries, stays within its limit."""
CERTAINLY_FITS = LONGEST_TEXT // 6
"""Characters, none of which takes more than six bytes."""

NOT_SAID = Citizen()

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What is said of a file before its rows come. `cut_over` is just now when left out."""

    import_id: ImportId
    system: str
    file_name: str
    file_digest: bytes
    map_digest: bytes
    cut_over: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One file as far as it has been taken in: up to the line `read_up_to`."""

    import_id: ImportId
    system: str
    file_name: str
    cut_over: datetime
    begun_at: datetime
    read_up_to: int = 0
    rows_in: int = 0
    known_already: int = 0
    rejected: int = 0
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An enquiry of the older system, with the ids it gets here if it is taken in."""

    line: int
    row_id: str
    enquiry_id: EnquiryId
    contact_id: ContactId
    channel: Channel
    point: Point
    title: str
    text: str
    received_at: datetime
    place: str | None = None
    area: str | None = None
    service_code: str | None = None
    queue_id: QueueId | None = None
    due_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    citizen: Citizen = NOT_SAID
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not taken in. Without an id when none could be read."""

    line: int
    row_id: str | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The rows between two lines of the file, and those among them that its reader could not make sense of."""

    after: int
    up_to: int
    rows: Sequence[Row] = ()
    rejected: Sequence[Rejected] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a row with some id was taken in before, and the digest of its content."""

    import_id: ImportId
    file_name: str
    line: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class TakenRow:
    """A row that has become an enquiry."""

    line: int
    row_id: str
    enquiry_id: EnquiryId
    reference: Reference


@dataclass(slots=True)
class Sorted:
    """What becomes of the rows of a batch: those to take in with the digest of each."""

    accepted: list[tuple[Row, bytes]] = field(default_factory=list)
    known_already: int = 0
    rejected: list[Rejected] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rules:
    """By what rows are judged."""

    begun: Import
    council: Council
    now: datetime


def system_subject(system: str) -> str:
    """What is locked so that no id of an older system is taken in twice at the same moment."""
    return f"system/{system}"


def point_on(channel: Channel) -> Point:
    """Where on a channel it was when nobody says: the same as for other contacts."""
    return Point.FORM if channel is Channel.WEB else Point.OTHER


def cut_over_at(asked: datetime | None, now: datetime) -> datetime:
    """`Invalid` when the older system cannot have been given up then. Left out, it is now, as it can be written."""
    why = what_is_wrong_with(asked, now) if asked is not None else None
    if why is not None:
        raise Invalid(f"Please correct body.cut_over: {why}.", [Fault("body.cut_over", why)])
    return min(asked or now.replace(microsecond=0), now)


def check_cut_over(asked: datetime | None, begun: Import) -> None:
    """`Conflict` when an import was begun with another one: what came in before was judged by that."""
    if asked is None:
        return
    # It may have been said by a clock that was a little ahead.
    meant = min(asked, begun.begun_at) if asked <= begun.begun_at + CLOCKS_DIFFER_BY else asked
    if meant != begun.cut_over:
        raise Conflict(
            f"This file was begun by this map with the cut-over at {begun.cut_over}, and it cannot become {asked}: "
            "leave the cut-over out, or give the same one again."
        )


def check_place(begun: Import, batch: Batch) -> None:
    """
    `Conflict` when the batch does not begin where the import ends: it came before, or another came first.

    `Invalid` when it goes backwards, or a line of it stands outside it or comes twice.
    """
    if batch.after != begun.read_up_to:
        raise Conflict(
            f"This import has been read up to line {begun.read_up_to}, and the batch begins after line {batch.after}: "
            f"read the import again and go on after line {begun.read_up_to}."
        )
    if batch.up_to < batch.after:
        raise Invalid(f"This batch ends before it begins: send an up_to from {batch.after}.")
    lines = [*(row.line for row in batch.rows), *(each.line for each in batch.rejected)]
    if len(set(lines)) < len(lines):
        raise Invalid("A line comes twice in this batch: send each line once, as a row or as rejected.")
    if any(not batch.after < line <= batch.up_to for line in lines):
        raise Invalid(f"A line of this batch is not among those from {batch.after + 1} to {batch.up_to}: correct it.")


def sort(rows: Sequence[Row], earlier: Mapping[str, Seen], rules: Rules) -> Sorted:
    """In the order of the file. However it is cut into batches, the same becomes of each row."""
    found = Sorted()
    seen = dict(earlier)
    for row in rows:
        digest = digest_of(row)
        before = seen.get(row.row_id)
        if before is not None and is_known_already(before, digest, rules.begun):
            found.known_already += 1
        elif because := why_rejected(row, before, rules):
            found.rejected.append(Rejected(row.line, row.row_id, because))
        else:
            found.accepted.append((row, digest))
            seen[row.row_id] = Seen(rules.begun.import_id, rules.begun.file_name, row.line, digest)
    return found


def is_known_already(before: Seen, digest: bytes, begun: Import) -> bool:
    return before.import_id != begun.import_id and before.digest == digest


def why_rejected(row: Row, before: Seen | None, rules: Rules) -> str | None:
    if before is None:
        return next(faults_in(row, rules), None)
    if before.import_id == rules.begun.import_id:
        return f"The same id stood in line {before.line} already: give each row an id of its own."
    return (
        f"This id was imported before with other content: line {before.line} of {before.file_name} "
        f"(import {before.import_id}). What was imported stays as it is: change the enquiry here."
    )


def faults_in(row: Row, rules: Rules) -> Iterator[str]:
    yield from wrong_times(row, rules)
    yield from wrong_end(row, rules)
    yield from wrong_codes(row, rules.council)
    yield from wrong_length(row)


def wrong_length(row: Row) -> Iterator[str]:
    if len(row.text) > CERTAINLY_FITS and (size := size_of(row.text)) > LONGEST_TEXT:
        yield f"Its text is {size:,} bytes long and may have {LONGEST_TEXT:,}: shorten it, and keep the rest as a file."


def size_of(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def wrong_times(row: Row, rules: Rules) -> Iterator[str]:
    received, due = row.received_at, row.due_at
    if received.year < FIRST_YEAR:
        yield f"It was received at {received}, which is too long ago to be true: check the year."
    if received > rules.begun.cut_over:
        yield (
            f"It was received at {received}, after the cut-over at {rules.begun.cut_over}: "
            "take it in as a new enquiry, or begin the import with a later cut-over."
        )
    if due is not None and due < received:
        yield f"It was due at {due}, before it was received at {received}: correct one of the two times."
    if due is not None and due.year > LAST_YEAR:
        yield f"It was due at {due}, which is too far away to be true: check the year, or leave it out."


def wrong_end(row: Row, rules: Rules) -> Iterator[str]:
    received, resolved = row.received_at, row.resolved_at
    if resolved is None:
        if row.resolution is not None:
            yield "It has a resolution and no time when it was resolved: write the time, or leave the resolution out."
        return
    if resolved < received:
        yield f"It was resolved at {resolved}, before it was received at {received}: correct one of the two times."
    if resolved > rules.now + CLOCKS_DIFFER_BY:
        yield f"It was resolved at {resolved}, which lies in the future: write when it really was, or leave it out."


def wrong_codes(row: Row, council: Council) -> Iterator[str]:
    if row.service_code is not None and row.service_code not in council.services:
        yield f"The council has no service {row.service_code}{instead(row.service_code, council.service)}."
    if row.queue_id is not None and row.queue_id not in council.queues:
        near = get_close_matches(row.queue_id, council.queues, MOST_NEAR, LIKENESS)
        meant = (
            f"perhaps you meant {' or '.join(near)}" if near else "leave it out, or take a queue of the council file"
        )
        yield f"The council has no queue {row.queue_id}: {meant}."


def digest_of(row: Row) -> bytes:
    """
    Equal for the same content: in whichever line it stands, and in whichever zone its times are written.

    What is left out is left out here too, so that a row digested before there was some field is known again.
    """
    citizen = row.citizen
    content = {
        "channel": row.channel,
        "point": row.point,
        "title": row.title,
        "text": row.text,
        "place": row.place,
        "area": row.area,
        "service_code": row.service_code,
        "queue_id": row.queue_id,
        "received_at": moment(row.received_at),
        "due_at": moment(row.due_at),
        "resolved_at": moment(row.resolved_at),
        "resolution": row.resolution,
        "name": citizen.name,
        "surname": citizen.surname,
        "email": citizen.email,
        "telephone": citizen.telephone,
        "uprn": citizen.uprn,
        "language": row.language,
    }
    said = {name: value for name, value in content.items() if value is not None}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()


def moment(at: datetime | None) -> int | None:
    """A number, because the first and last moments of a calendar exist in one zone only."""
    return (at - EPOCH) // MICROSECOND if at is not None else None
