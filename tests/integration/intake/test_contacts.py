"""Contacts that people log, and further contacts of citizens: true times, several enquiries, nothing half-done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.vocabulary import Role, new_id
from shared.work import Workshop
from tests.builders import said_by
from tests.integration.intake.desk import CONTACTS, ENQUIRIES, Desk, rows
from tests.parts.councils import anytown, take_up

STARTED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENDED = STARTED + timedelta(minutes=8)
CALL: dict[str, Any] = {
    "started_at": STARTED.isoformat(),
    "ended_at": ENDED.isoformat(),
    "citizen": {"name": "Amina Yusuf", "surname": "Yusuf", "telephone": "01632/960 123"},
}
TAX = {"title": "My council tax", "text": "Which band?", "outcome": "resolved_at_first_contact"}
BINS = {"title": "The bins", "text": "Not emptied."}


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


async def test_p24_a_logged_call_has_its_true_times_and_outcome(desk: Desk, workshop: Workshop) -> None:
    logged = await desk.logs(**CALL, enquiries=[TAX, BINS])
    assert logged.status == 201, logged.told
    tax, bins = await said_by(workshop)
    if tax.data["title"] != "My council tax":
        tax, bins = bins, tax
    ids = [each["enquiry_id"] for each in logged.fields["enquiries"]]
    assert [tax.data["enquiry_id"], bins.data["enquiry_id"]] == ids
    for spoken, other in ((tax, ids[1]), (bins, ids[0])):
        assert (spoken.name, spoken.actor, spoken.occurred_at) == ("enquiry.received", "adviser/mary", STARTED)
        assert spoken.data["contact_id"] == logged.fields["contact_id"]
        assert spoken.data["also_brought"] == [other]
        assert datetime.fromisoformat(spoken.data["received_at"]) == STARTED
        assert datetime.fromisoformat(spoken.data["ended_at"]) == ENDED
        assert (spoken.data["channel"], spoken.data["point"]) == ("telephone", "exchange")
        assert (spoken.data["logged_by"], spoken.data["citizen_surname"]) == ("mary", "Yusuf")
    assert [tax.data["outcome"], bins.data["outcome"]] == ["resolved_at_first_contact", "received"]
    [contact] = await rows(workshop, "contacts")
    assert (contact["started_at"], contact["ended_at"], contact["logged_by"]) == (STARTED, ENDED, "mary")


async def test_a_contact_without_a_time_started_just_now(desk: Desk, workshop: Workshop) -> None:
    logged = await desk.logs(enquiries=[BINS])
    [spoken] = await said_by(workshop)
    assert datetime.fromisoformat(logged.fields["started_at"]) == spoken.occurred_at
    assert abs(spoken.occurred_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert spoken.data["also_brought"] == []


async def test_a_desk_whose_clock_is_a_little_fast_is_not_refused_and_says_nothing_of_the_future(
    desk: Desk, workshop: Workshop
) -> None:
    logged = await desk.logs(started_at=soon(seconds=20), enquiries=[BINS])
    assert logged.status == 201, logged.told
    [spoken] = await said_by(workshop)
    assert spoken.occurred_at <= datetime.now(UTC) + timedelta(seconds=5)


async def test_a_call_that_ends_just_now_by_a_fast_clock_does_not_end_in_the_future(
    desk: Desk, workshop: Workshop
) -> None:
    logged = await desk.logs(ended_at=soon(seconds=50), enquiries=[BINS])
    assert logged.status == 201, logged.told
    [spoken] = await said_by(workshop)
    assert datetime.fromisoformat(spoken.data["ended_at"]) <= datetime.now(UTC) + timedelta(seconds=5)
    [contact] = await rows(workshop, "contacts")
    assert contact["ended_at"] == datetime.fromisoformat(spoken.data["ended_at"])


@pytest.mark.parametrize(
    ("changes", "where", "why"),
    [
        ({"started_at": soon(hours=1)}, "body.started_at", "future"),
        ({"ended_at": soon(hours=1)}, "body.ended_at", "future"),
        ({"started_at": soon(hours=1), "ended_at": soon(minutes=30)}, "body.started_at", "future"),
        ({"ended_at": "2026-03-02T08:59:59Z"}, "body.ended_at", "before it starts"),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "body.started_at", "too long ago"),
        ({"started_at": "9999-12-31T23:59:59-14:00"}, "body.started_at", "future"),
        ({"started_at": "2026-03-02T09:00:00"}, "body.started_at", "zone"),
        ({"started_at": "yesterday"}, "body.started_at", "date and time"),
        ({"channel": "other"}, "body.channel", "telephone"),
        ({"channel": "pigeon"}, "body.channel", "telephone"),
        ({"outcome": "other"}, "body.outcome", "resolved_at_first_contact"),
        ({"enquiries": []}, "body.enquiries", "which enquiries"),
        ({"enquiries": [BINS] * 21}, "body.enquiries", "at most 20"),
        ({"enquiries": [BINS, {"title": "x"}]}, "body.enquiries[1].text", "required"),
        ({"text": "It was about the bins."}, "body.text", "each of the enquiries"),
        ({"reference": "ANY-0000-0000-0000"}, "body.reference", "new enquiries"),
        ({"reference": "ANY-0000-0000-0000", "enquiries": []}, "body.text", "what was said"),
        ({"citizen": {"uprn": "ten"}}, "body.citizen.uprn", "form"),
        ({"citizen": {"citizen_id": "7"}}, "body.citizen.citizen_id", "id"),
    ],
)
async def test_what_cannot_have_been_is_refused_with_a_sentence_and_nothing_is_half_done(
    desk: Desk, workshop: Workshop, changes: dict[str, Any], where: str, why: str
) -> None:
    refused = await desk.logs(**{**CALL, "enquiries": [BINS], **changes})
    assert refused.status == 422, refused.told
    assert refused.fields["faults"][0]["where"] == where
    assert why in refused.told
    assert (await rows(workshop, "contacts"), await said_by(workshop)) == ([], [])


async def test_a_contact_of_years_ago_may_be_logged(desk: Desk) -> None:
    assert (await desk.logs(started_at="2019-05-05T10:00:00+01:00", enquiries=[BINS])).status == 201


async def test_only_people_with_a_token_log_contacts(desk: Desk) -> None:
    body = {"channel": "telephone", "enquiries": [BINS]}
    assert (await desk.posts(CONTACTS, body)).status == 401
    for credential in (desk.kiosk(), desk.token_of(Role.AUDITOR)):
        refused = await desk.posts(CONTACTS, body, credential)
        assert refused.status == 403
        assert "adviser" in refused.sentence
    for role in (Role.OFFICER, Role.PARTNER, Role.MANAGER):
        assert (await desk.posts(CONTACTS, body, desk.token_of(role))).status == 201


@pytest.mark.parametrize("role", [Role.PARTNER, Role.MANAGER])
@pytest.mark.parametrize("further", [False, True])
async def test_only_advisers_and_officers_decide_whose_enquiry_it_is(
    desk: Desk, workshop: Workshop, role: Role, further: bool
) -> None:
    receipt = await desk.asks()
    purpose = {"reference": receipt["reference"], "text": "He rang again."} if further else {"enquiries": [BINS]}
    body = {"channel": "telephone", "citizen": {"citizen_id": str(new_id())}, **purpose}
    refused = await desk.posts(CONTACTS, body, desk.token_of(role))
    assert (refused.status, "leave out citizen.citizen_id" in refused.sentence) == (403, True), refused.told
    assert len(await said_by(workshop)) == 1
    named = {**body, "citizen": {"name": "Amina Yusuf"}}
    assert (await desk.posts(CONTACTS, named, desk.token_of(role))).status == 201
    for roles in ((Role.ADVISER,), (Role.OFFICER,), (role, Role.OFFICER)):
        assert (await desk.posts(CONTACTS, body, desk.token_of(*roles))).status == 201
        assert (await said_by(workshop))[-1].data["citizen_id"] == body["citizen"]["citizen_id"]


async def test_every_channel_can_be_logged_in_both_directions(desk: Desk, workshop: Workshop) -> None:
    for channel in ("telephone", "one_stop_shop", "email", "web", "post", "outreach"):
        for direction in ("inbound", "outbound"):
            logged = await desk.logs(channel=channel, point="desk", direction=direction, enquiries=[BINS])
            assert logged.status == 201, logged.told
    assert len({(row["channel"], row["direction"]) for row in await rows(workshop, "contacts")}) == 12


async def test_people_are_told_which_service_codes_there_are(desk: Desk, workshop: Workshop, database: str) -> None:
    await take_up(database, anytown())
    for code, meant in (("565", "564"), ("drain", "drains"), ("lamp", "564"), ("xyzzy", "catalogue")):
        refused = await desk.logs(enquiries=[BINS, {**BINS, "service_code": code}])
        assert refused.status == 422
        assert f"body.enquiries[1].service_code: there is no council service {code}" in refused.sentence
        assert meant in refused.sentence
    assert await rows(workshop, "contacts") == []
    assert (await desk.logs(enquiries=[{**BINS, "service_code": "524"}])).status == 201


async def test_a_further_enquiry_is_opened_out_of_a_recorded_contact(desk: Desk, workshop: Workshop) -> None:
    logged = (await desk.logs(**CALL, enquiries=[TAX])).fields
    contact_id, first = logged["contact_id"], logged["enquiries"][0]["enquiry_id"]
    grace = desk.token_of(Role.OFFICER)
    opened = await desk.posts(f"{CONTACTS}/{contact_id}/enquiries", BINS, grace)
    assert opened.status == 201, opened.told
    assert opened.fields["contact_id"] == contact_id
    bins = next(spoken for spoken in await said_by(workshop) if spoken.data["title"] == "The bins")
    assert (bins.data["contact_id"], bins.data["also_brought"]) == (contact_id, [first])
    assert (bins.occurred_at, bins.actor, bins.data["logged_by"]) == (STARTED, "officer/sam", "sam")
    assert datetime.fromisoformat(bins.data["ended_at"]) == ENDED
    assert (bins.data["channel"], bins.data["citizen_name"]) == ("telephone", "Amina Yusuf")
    assert len(await rows(workshop, "contacts")) == 1
    assert bins.data["reference"] == opened.fields["enquiries"][0]["reference"]


async def test_a_further_enquiry_is_resolved_only_where_that_is_said_of_it(desk: Desk, workshop: Workshop) -> None:
    logged = (await desk.logs(outcome="resolved_at_first_contact", enquiries=[BINS])).fields
    path = f"{CONTACTS}/{logged['contact_id']}/enquiries"
    for said, outcome in (({}, "received"), ({"outcome": "resolved_at_first_contact"}, "resolved_at_first_contact")):
        assert (await desk.posts(path, {"title": "The tax", "text": "Which band?", **said}, desk.token)).status == 201
        assert (await said_by(workshop))[-1].data["outcome"] == outcome
    assert [row["outcome"] for row in await rows(workshop, "submissions")][1:] == [
        "received",
        "resolved_at_first_contact",
    ]


async def test_a_wrong_code_of_a_further_enquiry_is_shown_where_it_stands(
    desk: Desk, workshop: Workshop, database: str
) -> None:
    await take_up(database, anytown())
    logged = (await desk.logs(enquiries=[BINS])).fields
    refused = await desk.posts(
        f"{CONTACTS}/{logged['contact_id']}/enquiries", {**BINS, "service_code": "565"}, desk.token
    )
    assert (refused.status, [fault["where"] for fault in refused.fields["faults"]]) == (422, ["body.service_code"])


async def test_a_further_enquiry_may_come_out_of_what_a_citizen_wrote(desk: Desk, workshop: Workshop) -> None:
    receipt = await desk.asks(name="Jo Miller")
    opened = await desk.posts(f"{CONTACTS}/{receipt['contact_id']}/enquiries", BINS, desk.token)
    assert opened.status == 201
    bins = next(spoken for spoken in await said_by(workshop) if spoken.data["title"] == "The bins")
    assert (bins.data["channel"], bins.data["citizen_name"], bins.data["text"]) == ("web", "Jo Miller", "Not emptied.")


async def test_no_enquiry_comes_out_of_a_contact_that_nobody_knows(desk: Desk, workshop: Workshop) -> None:
    refused = await desk.posts(f"{CONTACTS}/{new_id()}/enquiries", BINS, desk.token)
    assert refused.status == 404
    assert "no such contact" in refused.sentence
    assert await rows(workshop, "submissions") == []


async def test_a_logged_visit_joins_the_enquiry_it_is_about(desk: Desk, workshop: Workshop) -> None:
    receipt = await desk.asks()
    logged = await desk.logs(
        **{**CALL, "channel": "one_stop_shop", "point": "counter"},
        reference=receipt["reference"].lower(),
        text="He brought the photograph.",
        outcome="passed_on",
    )
    assert logged.status == 201, logged.told
    assert [each["enquiry_id"] for each in logged.fields["enquiries"]] == [receipt["enquiry_id"]]
    spoken = (await said_by(workshop))[-1]
    assert (spoken.name, spoken.occurred_at, spoken.data["enquiry_id"]) == (
        "contact.received",
        STARTED,
        receipt["enquiry_id"],
    )
    assert datetime.fromisoformat(spoken.data["started_at"]) == STARTED
    assert (spoken.data["text"], spoken.data["outcome"]) == ("He brought the photograph.", "passed_on")


async def test_a_logged_call_may_say_that_it_resolved_the_enquiry_it_is_about(desk: Desk, workshop: Workshop) -> None:
    receipt = await desk.asks()
    logged = await desk.logs(reference=receipt["reference"], text="It is lit.", outcome="resolved_at_first_contact")
    assert logged.status == 201, logged.told
    spoken = (await said_by(workshop))[-1]
    assert (spoken.name, spoken.data["enquiry_id"]) == ("contact.received", receipt["enquiry_id"])
    assert (spoken.data["outcome"], spoken.data["logged_by"]) == ("resolved_at_first_contact", "mary")


async def test_whoever_adds_by_the_reference_is_described_as_unverified(desk: Desk) -> None:
    described = (await desk.gets("/intake/openapi.json")).fields
    operation = described["paths"]["/intake/v1/enquiries/{reference}/contacts"]["post"]
    assert "only a suggestion" in operation["description"]
    assert "not verified" in described["components"]["schemas"]["NewContact"]["description"]


async def test_a_citizen_adds_to_their_enquiry_and_sees_nothing_personal(desk: Desk, workshop: Workshop) -> None:
    receipt = await desk.asks(name="Jo Miller")
    path = f"{ENQUIRIES}/{receipt['reference']}/contacts"
    added = await desk.posts(path, {"text": "It flickers now."})
    assert added.status == 201, added.told
    assert set(added.fields) == {"reference", "contact_id", "received_at", "track"}
    assert added.fields["reference"] == receipt["reference"]
    spoken = (await said_by(workshop))[-1]
    assert (spoken.name, spoken.actor, spoken.data["text"]) == ("contact.received", "public", "It flickers now.")
    assert spoken.data["enquiry_id"] == receipt["enquiry_id"]
    assert spoken.data["contact_id"] == added.fields["contact_id"] != receipt["contact_id"]
    assert "Jo Miller" not in str(added.fields)
    kiosk = {"text": "And buzzes.", "channel": "one_stop_shop", "point": "kiosk"}
    assert (await desk.posts(path, kiosk)).status == 403
    assert (await desk.posts(path, kiosk, desk.kiosk())).status == 201


async def test_what_is_added_twice_with_one_key_is_there_once(desk: Desk, workshop: Workshop) -> None:
    receipt = await desk.asks()
    path, key = f"{ENQUIRIES}/{receipt['reference']}/contacts", str(new_id())
    first = await desk.posts(path, {"text": "It flickers now."}, key=key)
    again = await desk.posts(path, {"text": "It flickers now."}, key=key)
    assert (again.status, again.raw) == (201, first.raw)
    assert len(await rows(workshop, "contacts")) == 2


async def test_nothing_is_added_to_what_nobody_knows_or_backdated(desk: Desk, workshop: Workshop) -> None:
    unknown = await desk.posts(f"{ENQUIRIES}/ANY-0000-0000-0000/contacts", {"text": "Hello?"})
    assert (unknown.status, "We know of no enquiry" in unknown.sentence) == (404, True)
    receipt = await desk.asks()
    path = f"{ENQUIRIES}/{receipt['reference']}/contacts"
    late = await desk.posts(path, {"text": "Hello?", "started_at": "2026-03-01T09:00:00Z"})
    assert (late.status, "leave this out" in late.sentence) == (422, True)
    assert (await desk.posts(path, {"text": " "})).status == 422
    assert len(await rows(workshop, "contacts")) == 1
