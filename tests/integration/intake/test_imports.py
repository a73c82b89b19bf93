"""An older system's file is taken in once, row by row, with its true times; nobody is sent anything for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.crm import EnquiryReopened
from shared.contracts.sla import AGREED, ClockMet, ClockStarted
from shared.said import LARGEST_EVENT
from shared.vocabulary import ClockId, EnquiryId, MessageKind, Role, new_id
from shared.work import Workshop
from tests.builders import Ear, said_by
from tests.integration.intake.desk import rows
from tests.integration.intake.importing import CLOSED, IMPORTS, OPENED, TARGET, Importer, a_row, closed
from tests.integration.intake.outbox import Outbox, a_reply_on, text_of
from tests.integration.intake.post import MAILBOXES
from tests.parts.councils import anytown, plain, take_up


async def test_a_file_is_begun_once_under_a_map(importer: Importer) -> None:
    first, again = await importer.begins(), await importer.begins(file_name="renamed.csv")
    other_map = await importer.begins(map_digest="c" * 64)
    assert [each.status for each in (first, again, other_map)] == [201, 200, 201]
    assert again.fields == first.fields
    assert first.headers["Location"] == f"{IMPORTS}/{first.fields['import_id']}"
    listed = (await importer.shows(IMPORTS))["imports"]
    assert [each["import_id"] for each in listed] == [
        other_map.fields["import_id"],
        first.fields["import_id"],
    ]
    assert {**first.fields, "import_id": "", "cut_over": "", "begun_at": ""} == {
        "import_id": "",
        "system": "old",
        "file_name": "q1.csv",
        "cut_over": "",
        "begun_at": "",
        "read_up_to": 0,
        "rows_in": 0,
        "known_already": 0,
        "rejected": 0,
        "released_at": None,
    }
    assert first.fields["cut_over"].rstrip("Z") == first.fields["begun_at"][:19]


async def test_two_who_begin_the_same_file_at_once_get_one_import(importer: Importer) -> None:
    begun = await asyncio.gather(*(importer.begins() for _ in range(6)))
    assert Counter(each.status for each in begun) == {201: 1, 200: 5}
    assert len({each.fields["import_id"] for each in begun}) == 1


async def test_a_cut_over_in_the_future_is_refused(importer: Importer) -> None:
    answered = await importer.begins(cut_over=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    assert (answered.status, "body.cut_over" in answered.sentence) == (422, True)


async def test_an_import_that_was_begun_keeps_its_cut_over(importer: Importer) -> None:
    begun = await importer.begins(cut_over="2015-04-01T00:00:00Z")
    for same in ({}, {"cut_over": "2015-04-01T02:00:00+02:00"}):
        again = await importer.begins(**same)
        assert (again.status, again.fields) == (200, begun.fields)
    other = await importer.begins(cut_over="2015-05-01T00:00:00Z")
    assert (other.status, "cut-over at 2015-04-01 00:00:00+00:00" in other.sentence) == (409, True)


async def test_each_row_is_a_story_of_its_own(importer: Importer, workshop: Workshop) -> None:
    path = await importer.begun()
    await importer.takes_in(path, a_row(2), closed(3), a_row(4))
    stories = {row["correlation_id"] for row in await rows(workshop, "said")}
    assert len(stories) == 3


async def test_a_row_becomes_an_enquiry_of_its_own_time(importer: Importer, workshop: Workshop) -> None:
    path = await importer.begun(cut_over="2015-04-01T00:00:00Z")
    row = closed(
        2,
        "101",
        point="exchange",
        place="Elm Street",
        area="Roxbury",
        queue_id="general",
        citizen_name="Jo Miller",
        citizen_email="jo@example.org",
        citizen_telephone="617 555 0100",
        language="en",
    )
    taken = await importer.takes_in(path, row, a_row(5, channel="web"))
    assert taken == {"read_up_to": 5, "accepted": 2, "known_already": 0, "rejected": []}
    first, second = await importer.taken(path)
    [said, other] = sorted(await said_by(workshop), key=lambda each: str(each.data["row_id"]))
    assert {said.name, other.name} == {"enquiry.imported"}
    assert (said.occurred_at, said.actor) == (datetime.fromisoformat(OPENED), "ict/sam")
    told = {**row, "enquiry_id": first["enquiry_id"], "reference": first["reference"], "outcome": "received"}
    times = {name: told.pop(name) for name in ("received_at", "due_at", "resolved_at")}
    told.pop("line")
    assert {name: said.data[name] for name in told} == told
    assert {name: datetime.fromisoformat(said.data[name]) for name in times} == {
        name: datetime.fromisoformat(moment) for name, moment in times.items()
    }
    assert (said.data["import_id"], said.data["cut_over"]) == (path.rpartition("/")[2], "2015-04-01T00:00:00Z")
    assert (other.data["enquiry_id"], other.data["point"]) == (second["enquiry_id"], "form")
    shown = await importer.shows(path)
    assert [shown[name] for name in ("read_up_to", "rows_in", "known_already", "rejected")] == [5, 2, 0, 0]


async def test_a_resolved_row_is_tracked_by_its_reference_with_its_times(importer: Importer) -> None:
    path = await importer.begun()
    await importer.takes_in(path, closed(2))
    [row] = await importer.taken(path)
    shown = await importer.tracked(row)
    assert (shown["state"], shown["received_at"], shown["resolved_at"]) == (
        "resolved",
        "2015-01-05T14:00:00Z",
        "2015-01-06T20:30:00Z",
    )
    assert shown["promises"] == [
        {"in_words": "We agreed to answer by Wednesday 7 January 2015 at 14:00.", "due_at": "2015-01-07T14:00:00Z"}
        | {"state": "kept"}
    ]


@pytest.mark.parametrize(
    ("fields", "cut_over", "state"),
    [
        ({"due_at": CLOSED, "resolved_at": CLOSED}, OPENED, "kept"),
        ({"due_at": OPENED, "resolved_at": CLOSED}, OPENED, "broken"),
        ({"due_at": CLOSED}, TARGET, "broken"),
        ({"due_at": TARGET}, TARGET, "broken"),
        ({"due_at": TARGET}, CLOSED, "running"),
    ],
)
async def test_a_date_agreed_in_the_older_system_is_shown_as_the_promise(
    importer: Importer, fields: dict[str, Any], cut_over: str, state: str
) -> None:
    path = await importer.begun(cut_over=cut_over)
    await importer.takes_in(path, a_row(2, **fields))
    [row] = await importer.taken(path)
    assert [each["state"] for each in (await importer.tracked(row))["promises"]] == [state]


async def test_a_date_agreed_in_the_older_system_is_told_in_letters_as_well(
    importer: Importer, ear: Ear, workshop: Workshop, data: Path
) -> None:
    await take_up(workshop.database.url, plain() + MAILBOXES)
    path = await importer.begun(cut_over=CLOSED)
    await importer.takes_in(path, a_row(2, due_at=TARGET))
    [row] = await importer.taken(path)
    await ear.hears(a_reply_on(UUID(row["enquiry_id"]), row["reference"], kind=MessageKind.HOLDING))
    [sent] = await Outbox(workshop, data).sends()
    assert "We agreed to answer by Wednesday, 7 January 2015 at 14:00." in text_of(sent)


async def test_what_the_other_services_say_of_an_imported_enquiry_is_shown(importer: Importer, ear: Ear) -> None:
    path = await importer.begun(cut_over=CLOSED)
    await importer.takes_in(path, closed(2))
    [row] = await importer.taken(path)
    enquiry_id, due = EnquiryId(UUID(row["enquiry_id"])), datetime.fromisoformat(TARGET) + timedelta(days=1)
    await ear.hears(EnquiryReopened(enquiry_id=enquiry_id))
    clock = ClockStarted(clock_id=ClockId(new_id()), enquiry_id=enquiry_id, standard=AGREED, due_at=due, started_at=due)
    before = (await importer.tracked(row))["promises"]
    await ear.hears(clock)
    shown = await importer.tracked(row)
    assert [each["state"] for each in before] == ["kept"]
    assert [(each["due_at"], each["state"]) for each in shown["promises"]] == [("2015-01-08T14:00:00Z", "running")]
    assert (shown["state"], shown["resolved_at"]) == ("being_dealt_with", None)


@pytest.mark.parametrize(("due_at", "state"), [(OPENED, "broken"), (TARGET, "running")])
async def test_a_date_missed_in_the_older_system_stays_broken_when_its_clock_goes_on_here(
    importer: Importer, ear: Ear, due_at: str, state: str
) -> None:
    path = await importer.begun(cut_over=CLOSED)
    await importer.takes_in(path, a_row(2, due_at=due_at))
    [row] = await importer.taken(path)
    enquiry_id, due = EnquiryId(UUID(row["enquiry_id"])), datetime.fromisoformat(due_at)
    clock: dict[str, Any] = {"clock_id": ClockId(new_id()), "enquiry_id": enquiry_id, "standard": AGREED, "due_at": due}
    await ear.hears(ClockStarted(**clock, started_at=datetime.fromisoformat(OPENED)))
    assert [each["state"] for each in (await importer.tracked(row))["promises"]] == [state]
    await ear.hears(ClockMet(**clock, stopped_at=due))
    assert [each["state"] for each in (await importer.tracked(row))["promises"]] == ["kept"]


async def test_a_citizen_may_add_to_an_imported_enquiry(importer: Importer, workshop: Workshop) -> None:
    path = await importer.begun()
    await importer.takes_in(path, closed(2))
    [row] = await importer.taken(path)
    added = await importer.desk.posts(f"/intake/v1/enquiries/{row['reference']}/contacts", {"text": "Dark again."})
    assert added.status == 201, added.told
    assert [(each.name, each.data["enquiry_id"]) for each in await said_by(workshop)] == [
        ("enquiry.imported", row["enquiry_id"]),
        ("contact.received", row["enquiry_id"]),
    ]


async def test_whoever_rejects_a_row_it_is_kept_with_its_reason(importer: Importer) -> None:
    path = await importer.begun()
    wrong = a_row(3, "3", resolved_at="2015-01-01T00:00:00Z")
    batch = [a_row(2), wrong, a_row(4, "row-2"), a_row(6, service_code="57-x")]
    torn = [{"line": 5, "row_id": None, "because": "Its quotes are never closed."}]
    taken = (await importer.sends(path, batch, 0, 9, rejected=torn)).fields
    assert [(each["line"], each["row_id"]) for each in taken["rejected"]] == [(3, "3"), (4, "row-2"), (6, "row-6")]
    assert (taken["accepted"], taken["read_up_to"]) == (1, 9)
    kept = await importer.shows(f"{path}/rejected")
    assert [each["line"] for each in kept["rejected"]] == [3, 4, 5, 6]
    assert (kept["rejected"][2], kept["next"]) == (torn[0], None)
    assert [each["line"] for each in (await importer.shows(f"{path}/rejected?after=4"))["rejected"]] == [5, 6]
    assert (await importer.shows(path))["rejected"] == 4


async def test_an_id_counts_once_in_a_file_however_it_is_cut(importer: Importer) -> None:
    path = await importer.begun()
    assert (await importer.takes_in(path, a_row(2, "x"), a_row(3, "x")))["accepted"] == 1
    later = await importer.takes_in(path, a_row(4, "x"), after=3)
    assert [(each["line"], "line 2" in each["because"]) for each in later["rejected"]] == [(4, True)]


async def test_the_same_row_of_a_further_file_is_known_already_and_other_content_is_rejected(
    importer: Importer, workshop: Workshop
) -> None:
    first, further, elsewhere = (
        await importer.begun(file_name="january.csv"),
        await importer.begun(),
        await importer.begun(system="another"),
    )
    await importer.takes_in(first, closed(2, "x"), a_row(3, "y"))
    same = {**closed(8, "x"), "received_at": "2015-01-05T14:00:00Z"}
    taken = await importer.takes_in(further, same, a_row(9, "y", title="Another lamp"))
    assert (taken["accepted"], taken["known_already"]) == (0, 1)
    [rejected] = taken["rejected"]
    assert "line 3 of january.csv" in rejected["because"]
    assert first.rpartition("/")[2] in rejected["because"]
    assert (await importer.takes_in(elsewhere, closed(2, "x")))["accepted"] == 1
    assert len(await said_by(workshop)) == 3


async def test_a_text_too_long_for_an_event_fails_its_row_and_not_the_batch(importer: Importer) -> None:
    path = await importer.begun()
    taken = await importer.takes_in(path, a_row(2, text="x" * (LARGEST_EVENT + 1)), a_row(3))
    assert taken["accepted"] == 1
    assert [(each["line"], "shorten it" in each["because"]) for each in taken["rejected"]] == [(2, True)]


@pytest.mark.parametrize("text", ["x" * 149_998, "\x01" * 24_999, "\U0001f4a1" * 37_499])
async def test_the_longest_text_that_is_taken_in_fits_an_event_with_everything_else(
    importer: Importer, text: str
) -> None:
    path = await importer.begun()
    full = dict.fromkeys(("title", "place", "area", "citizen_name", "citizen_surname"), "\x01" * 300)
    row = closed(2, "\x01" * 200, **full, text=text, citizen_email="a@b.c", citizen_telephone="1" * 100)
    assert (await importer.takes_in(path, row))["accepted"] == 1


async def test_a_batch_larger_than_a_body_may_be_is_refused_and_nothing_is_taken_in(importer: Importer) -> None:
    path = await importer.begun()
    answered = await importer.sends(path, [a_row(line, text="x" * 10_200) for line in range(2, 102)], 0)
    assert (answered.status, "larger than 1,000,000 bytes" in answered.sentence) == (413, True)
    assert (await importer.shows(path))["read_up_to"] == 0


async def test_an_import_is_released_once(importer: Importer, workshop: Workshop) -> None:
    path = await importer.begun()
    first = await importer.desk.posts(f"{path}/release", None, importer.token)
    again = await importer.desk.posts(f"{path}/release", {}, importer.token)
    assert (first.status, again.status, first.fields) == (200, 200, again.fields)
    [said] = await said_by(workshop)
    assert (said.name, said.data["import_id"]) == ("import.released", path.rpartition("/")[2])
    assert said.data["released_at"] == first.fields["released_at"]


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.PUBLIC, Role.MACHINE)])
async def test_only_administrators_and_ict_import(importer: Importer, role: Role) -> None:
    path = await importer.begun()
    token = importer.desk.token_of(role)
    body = {"after": 0, "up_to": 2, "rows": [a_row(2)]}
    asked = [await importer.desk.gets(each, token) for each in (IMPORTS, path, f"{path}/rows", f"{path}/rejected")]
    asked += [
        await importer.desk.posts(f"{path}/{what}", given, token) for what, given in (("rows", body), ("release", {}))
    ]
    may = role in (Role.ADMINISTRATOR, Role.ICT)
    assert {each.status for each in asked} == {200 if may else 403}
    unsigned = [await importer.desk.gets(path, credential) for credential in (None, importer.desk.kiosk())]
    assert [each.status for each in unsigned] == [401, 403]


async def test_an_import_that_nobody_began_is_not_found(importer: Importer) -> None:
    nowhere = f"{IMPORTS}/{new_id()}"
    asked = [await importer.desk.gets(f"{nowhere}{what}", importer.token) for what in ("", "/rows", "/rejected")]
    asked += [await importer.sends(nowhere, [a_row(2)], 0)]
    asked += [await importer.desk.posts(f"{nowhere}/release", None, importer.token)]
    assert [each.status for each in asked] == [404] * 5


async def test_codes_are_those_of_the_council_that_holds_now(importer: Importer, database: str) -> None:
    path = await importer.begun()
    before = await importer.takes_in(path, a_row(2, service_code="524", queue_id="highways"))
    await take_up(database, anytown())
    after = await importer.takes_in(path, a_row(3, service_code="524", queue_id="highways"), after=2)
    assert (before["accepted"], after["accepted"]) == (0, 1)
    assert "no service 524" in before["rejected"][0]["because"]
