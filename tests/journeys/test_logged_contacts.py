"""Contacts that an adviser logs by hand: calls and visits, with their true times, one of them with two enquiries."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.anytown import Anytown

CALLER = {"name": "Amina Yusuf", "surname": "Yusuf", "telephone": "01632/960 123"}


def when(minutes_ago: float) -> str:
    return (datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes_ago)).isoformat()


def same_time(shown: str, sent: str) -> bool:
    return datetime.fromisoformat(shown) == datetime.fromisoformat(sent)


async def test_a_logged_call_brings_two_enquiries_with_one_contact(anytown: Anytown) -> None:
    mary = anytown.person("mary")
    started, ended = when(40), when(31)
    logged = await mary.says("POST", "/intake/v1/contacts", call(started, ended))
    assert logged.status == 201, logged
    first, second = (enquiry["enquiry_id"] for enquiry in logged.fields["enquiries"])

    bins = await mary.sees(second, lambda record: record["links"], "the link to the other enquiry")
    tax = await mary.sees(first, lambda record: record["state"] == "resolved", "being resolved at first contact")
    assert bins["state"] == "open"
    assert [contact["contact_id"] for contact in tax["contacts"]] == [logged.fields["contact_id"]]
    assert [contact["contact_id"] for contact in bins["contacts"]] == [logged.fields["contact_id"]]
    contact = tax["contacts"][0]
    assert (contact["channel"], contact["direction"]) == ("telephone", "inbound")
    assert same_time(contact["started_at"], started)
    assert same_time(contact["ended_at"], ended)
    met = await mary.clock(first, "answer", "met")
    assert same_time(met["started_at"], started)
    running = await mary.clock(second, "answer", "running")
    assert same_time(running["started_at"], started)
    octavia = anytown.person("octavia")
    await octavia.takes(second)
    assert tax["tasks"] == []
    assert tax["citizen"]["citizen_id"] == bins["citizen"]["citizen_id"]


def call(started: str, ended: str) -> dict[str, Any]:
    return {
        "channel": "telephone",
        "point": "exchange",
        "direction": "inbound",
        "started_at": started,
        "ended_at": ended,
        "citizen": CALLER,
        "enquiries": [
            {
                "title": "My council tax band",
                "text": "Which band am I in?",
                "service_code": "57",
                "outcome": "resolved_at_first_contact",
            },
            {"title": "The bins were not emptied", "text": "All of Mill Lane.", "service_code": "524"},
        ],
    }


async def test_a_logged_visit_joins_the_enquiry_it_is_about(anytown: Anytown) -> None:
    receipt = await anytown.reports("My blue badge", "How far is it?", name="Ben Okri", email="ben@example.org")
    reference, enquiry = receipt["reference"], receipt["enquiry_id"]
    grace = anytown.person("grace")
    started, ended = when(12), when(2)
    body = {
        "channel": "one_stop_shop",
        "point": "counter",
        "direction": "inbound",
        "started_at": started,
        "ended_at": ended,
        "reference": reference,
        "text": "He brought the photograph.",
        "citizen": {"name": "Ben Okri"},
    }
    await grace.record(enquiry)
    logged = await grace.says("POST", "/intake/v1/contacts", body)
    assert logged.status == 201, logged
    record = await grace.sees(enquiry, lambda record: len(record["contacts"]) == 2, "both contacts")
    visit = next(contact for contact in record["contacts"] if contact["channel"] == "one_stop_shop")
    assert same_time(visit["started_at"], started)
    assert same_time(visit["ended_at"], ended)
    timeline = await grace.ask("GET", f"/crm/v1/citizens/{record['citizen']['citizen_id']}/timeline")
    assert enquiry in str(timeline)


async def test_nobody_can_log_what_has_not_happened_yet(anytown: Anytown) -> None:
    mary = anytown.person("mary")
    refused = await mary.says("POST", "/intake/v1/contacts", call(when(-30), when(-40)))
    assert refused.status == 422, refused
    assert "future" in refused.fields["detail"] + str(refused.fields)
    public = await anytown.posts("/intake/v1/contacts", call(when(40), when(31)))
    assert public.status == 401
