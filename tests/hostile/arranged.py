"""For operations that need a certain state of things: a call that must succeed, and what has to happen first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.vocabulary import Role, new_id
from tests.hostile.town import Town

NOTE = {"note": "Please look at it on your round."}


@dataclass(frozen=True, slots=True)
class Sent:
    """What the generated call is replaced by, once; ada's where nobody else is named."""

    path: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0
    role: Role | None = None


Arrange = Callable[[Town], Sent]


def decision(body: Any, *before: tuple[str, Any]) -> Arrange:
    """About an enquiry of which these things have been decided before."""

    def arrange(town: Town) -> Sent:
        enquiry = town.enquiry()
        for what, said in before:
            town.decides(enquiry, what, said)
        enquiry_id = enquiry["enquiry_id"]
        return Sent({"enquiry_id": enquiry_id}, body, version=town.record(enquiry_id)["version"])

    return arrange


def link(town: Town) -> Sent:
    other = town.enquiry()["enquiry_id"]
    return decision({"other_enquiry_id": other, "link": "related"})(town)


def signed(town: Town) -> Sent:
    file_id = town.file()
    url = town.asks("POST", f"/intake/v1/files/{file_id}/links")["url"]
    asked = dict(pair.split("=", 1) for pair in url.partition("?")[2].split("&"))
    return Sent({"file_id": file_id}, query=asked, role=Role.PUBLIC)


def extension(town: Town) -> Sent:
    clock = town.clock(town.enquiry())
    body = {"further_days": 2, "why": "They are abroad."}
    return Sent({"clock_id": clock["clock_id"]}, body, version=clock["version"], role=Role.MANAGER)


def agreed_date(town: Town) -> Sent:
    enquiry = town.enquiry()
    town.clock(enquiry)
    soon = datetime.now(UTC) + timedelta(days=14)
    return Sent({"enquiry_id": enquiry["enquiry_id"]}, {"due_at": soon.isoformat(), "why": "They asked for it."})


def identifier(town: Town) -> Sent:
    citizen = town.citizen()
    first = citizen["identifiers"][0]["identifier_id"]
    return Sent({"citizen_id": citizen["citizen_id"], "identifier_id": first})


def citizens(town: Town) -> Sent:
    return Sent(query={"email": town.citizen()["identifiers"][0]["value"]})


def rows(town: Town) -> Sent:
    row = {
        "line": 2,
        "row_id": new_id().hex,
        "channel": "telephone",
        "title": "Street light",
        "text": "It is dark.",
        "received_at": "2015-01-05T09:00:00Z",
        "due_at": "2015-01-07T09:00:00Z",
        "resolved_at": "2015-01-06T09:00:00Z",
        "resolution": "done",
    }
    body = {"after": 0, "up_to": 2, "rows": [row]}
    return Sent({"import_id": town.begun_import()}, body, role=Role.ICT)


def of_import(town: Town) -> Sent:
    return Sent({"import_id": town.begun_import()}, role=Role.ICT)


def on_task(body: Any = None) -> Arrange:
    return lambda town: Sent({"task_id": town.held_task()}, body)


ANSWER = {"kind": "full", "text": "A crew will come.", "told_by": "telephone"}
QUESTION = {"text": "Which street is it?", "told_by": "telephone"}
RESOLVED = {"resolution": "done"}
DIGESTS = {"file_digest": "a" * 64, "map_digest": "b" * 64}
LOGGED = {"channel": "telephone", "enquiries": [{"title": "A lamp is out", "text": "They rang."}]}

ARRANGED: Mapping[str, Arrange] = {
    "post_enquiry": lambda _: Sent(body={"title": "A lamp", "text": "It is out."}, role=Role.PUBLIC),
    "post_contact_on_enquiry": lambda town: Sent(
        {"reference": town.enquiry()["reference"]}, {"text": "It still is."}, role=Role.PUBLIC
    ),
    "post_contact": lambda _: Sent(body=LOGGED),
    "post_enquiry_of_contact": lambda town: Sent(
        {"contact_id": town.asks("POST", "/intake/v1/contacts", LOGGED)["contact_id"]},
        {"title": "A bin", "text": "It is full."},
    ),
    "get_file": lambda town: Sent({"file_id": town.file()}),
    "post_file_link": lambda town: Sent({"file_id": town.file()}),
    "get_file_content": signed,
    "get_message": lambda town: Sent({"message_id": town.message()}),
    "get_mail": lambda town: Sent({"mail_id": town.mail()}),
    "get_mail_raw": lambda town: Sent({"mail_id": town.mail()}),
    "post_deletion": lambda town: Sent({"mail_id": town.mail()}, {"because": "Asked for."}, role=Role.ADMINISTRATOR),
    "get_mail_stop": lambda _: Sent(role=Role.ICT),
    "put_mail_stop": lambda _: Sent(body={"stopped": False}, role=Role.ICT),
    "post_import": lambda _: Sent(body={"system": "old", "file_name": "q2.csv", **DIGESTS}, role=Role.ICT),
    "post_rows": rows,
    "post_release": of_import,
    "put_my_presence": lambda _: Sent(body={"presence": "away"}),
    "post_acceptance": lambda town: Sent({"offer_id": town.offer()}),
    "post_refusal": lambda town: Sent({"offer_id": town.offer()}),
    "post_pick": lambda town: Sent({"task_id": town.waiting_task()}),
    "post_completion": on_task(),
    "post_return": on_task(NOTE),
    "post_transfer": on_task({"to_queue": "council-tax", **NOTE}),
    "get_citizens": citizens,
    "post_identifier": lambda town: Sent(
        {"citizen_id": town.citizen()["citizen_id"]},
        {"kind": "card", "value": new_id().hex, "evidence": "claimed"},
    ),
    "post_ending": identifier,
    "post_note": decision({"text": "They sound worried."}),
    "post_answer": decision(ANSWER),
    "post_question": decision(QUESTION),
    "post_resumption": decision(None, ("questions", QUESTION)),
    "post_resolution": decision(RESOLVED),
    "post_reopening": decision({"why": "It is dark again."}, ("resolution", RESOLVED)),
    "post_classification": decision({"service_code": "564"}),
    "post_link": link,
    "post_work": decision({"queue": "highways", **NOTE}),
    "post_citizen": decision({"new": True}),
    "post_agreed_date": agreed_date,
    "post_extension": extension,
}
"""What is not named here succeeds as it is generated, with ids that the town knows."""
