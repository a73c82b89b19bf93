"""The AsyncAPI document keeps to AsyncAPI 3.0, and describes what is really sent."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest

from services.cli.asyncapi import described
from services.cli.house import SERVICES
from shared.contracts import envelope
from shared.contracts.base import personal_fields, staff_fields
from shared.contracts.intake import EnquiryReceived
from shared.contracts.routing import TaskTransferred
from shared.vocabulary import Channel, ContactId, EnquiryId, Point, Reference, new_id

DOMAIN = "anytown.example"
DOCUMENT = described(SERVICES, DOMAIN)
KEY = re.compile(r"[\w.\-]+")

# From the specification's own JSON Schema: what is required of each object, and what it may hold.
INFO = {"title", "version", "description", "termsOfService", "contact", "license", "tags", "externalDocs"}
ROOT = {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"}
SHARED = {"title", "summary", "description", "tags", "externalDocs", "bindings"}
CHANNEL = SHARED | {"address", "messages", "parameters", "servers"}
OPERATION = SHARED | {"action", "channel", "messages", "reply", "traits", "security"}
MESSAGE = SHARED | {
    "contentType", "headers", "payload", "correlationId", "name", "deprecated", "examples", "traits",
}  # fmt: skip
PARAMETER = {"description", "enum", "default", "examples", "location"}


def test_the_document_is_asyncapi_3() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT.keys() <= ROOT
    assert {"title", "version"} <= DOCUMENT["info"].keys() <= INFO


def test_it_can_be_written_and_is_always_the_same() -> None:
    assert json.dumps(DOCUMENT) == json.dumps(described(SERVICES, DOMAIN))


@pytest.mark.parametrize("name", DOCUMENT["channels"])
def test_a_channel_explains_each_part_of_its_address(name: str) -> None:
    channel = DOCUMENT["channels"][name]
    assert channel.keys() <= CHANNEL
    assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel["parameters"])
    for parameter in channel["parameters"].values():
        assert parameter.keys() <= PARAMETER
        assert all(isinstance(value, str) for value in parameter["enum"])


@pytest.mark.parametrize("name", DOCUMENT["operations"])
def test_an_operation_sends_or_receives_messages_of_its_channel(name: str) -> None:
    operation = DOCUMENT["operations"][name]
    assert operation.keys() <= OPERATION
    assert operation["action"] in ("send", "receive")
    channel = operation["channel"]["$ref"]
    assert channel.startswith("#/channels/")
    assert all(each["$ref"].startswith(f"{channel}/messages/") for each in operation["messages"])


@pytest.mark.parametrize("name", DOCUMENT["components"]["messages"])
def test_a_message_holds_nothing_the_specification_does_not_know(name: str) -> None:
    message = DOCUMENT["components"]["messages"][name]
    assert message.keys() <= MESSAGE
    assert re.fullmatch(r"\$message\.(header|payload)#(/\w+)+", message["correlationId"]["location"])


def test_components_have_keys_that_the_specification_allows() -> None:
    for kind in DOCUMENT["components"].values():
        assert all(KEY.fullmatch(key) for key in kind)


def test_every_reference_leads_somewhere() -> None:
    references = list(found(DOCUMENT))
    assert references
    for each in references:
        part: Any = DOCUMENT
        for step in each.removeprefix("#/").split("/"):
            part = part[step]


def test_every_event_is_sent_once_and_received_by_whoever_hears_it() -> None:
    sent = {each["$ref"] for each in of_action("send")}
    assert len(sent) == len(of_action("send")) == sum(len(service.says) for service in SERVICES)
    for service in SERVICES:
        for hears in service.hears:
            event = hears.event
            operation = DOCUMENT["operations"][f"{service.name}.hears.{event.speaker}"]
            assert {"$ref": f"#/channels/{event.speaker}/messages/{event.name}"} in operation["messages"]


def test_what_is_about_a_person_is_marked() -> None:
    fields = DOCUMENT["components"]["schemas"]["EnquiryReceived"]["properties"]
    marked = {name for name, field in fields.items() if field.get("x-personal")}
    said = {"name", "surname", "email", "telephone", "uprn"}
    assert marked == {"title", "text", "place", "quoted", *(f"citizen_{each}" for each in said)}
    assert '"personal"' not in json.dumps(DOCUMENT)


def test_what_is_sent_fits_what_is_described() -> None:
    event = EnquiryReceived(
        enquiry_id=EnquiryId(new_id()),
        contact_id=ContactId(new_id()),
        reference=Reference("ANY-7K3M-9QPX-2RTV"),
        channel=Channel.WEB,
        point=Point.FORM,
        title="Lamp out",
        text="It flickers.",
        received_at=datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
    )
    row = {
        "said_id": new_id(),
        "name": event.name,
        "subject": event.subject,
        "partition": 3,
        "position": 7,
        "sequence": 1,
        "occurred_at": event.received_at,
        "recorded_at": event.received_at,
        "correlation_id": new_id(),
        "causation_id": new_id(),
        "actor": "public",
        "traceparent": None,
        "data": event.model_dump_json(),
    }
    sent = json.loads(envelope.written(row, DOMAIN, event.speaker))
    check = jsonschema.Draft7Validator(payload("intake.enquiry.received"))
    assert [error.message for error in check.iter_errors(sent)] == []
    assert not check.is_valid({**sent, "position": 7})
    assert not check.is_valid({**sent, "data": {}})
    assert not check.is_valid({**sent, "source": "//elsewhere.example/intake"})


def payload(message: str) -> dict[str, Any]:
    return {**DOCUMENT["components"]["messages"][message]["payload"], "components": DOCUMENT["components"]}


def of_action(action: str) -> list[dict[str, str]]:
    operations = DOCUMENT["operations"].values()
    return [each for operation in operations if operation["action"] == action for each in operation["messages"]]


def found(part: Any) -> Iterator[str]:
    """Every `$ref` in it."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for value in part.values():
            yield from found(value)
    elif isinstance(part, list):
        for value in part:
            yield from found(value)


def test_what_names_a_person_inside_a_field_is_kept_from_other_systems_as_a_whole() -> None:
    assert "attachments" in personal_fields(EnquiryReceived)
    assert staff_fields(EnquiryReceived) == {"logged_by"}
    assert staff_fields(TaskTransferred) == {"by_adviser_id", "to_adviser_id"}
