"""Describes in AsyncAPI 3.0 what the services say to each other, from their manifests."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.contracts.base import Event
from shared.contracts.envelope import BATCH_TYPE, MOST_BYTES, MOST_EVENTS, TYPE_PREFIX
from shared.runtime import Service
from shared.said import PARTITIONS
from shared.settings import HouseSettings

Json = dict[str, Any]

VERSION = "1.0.0"
"""Events only grow; another first figure would mean that listeners must change."""

ABOUT = f"""\
What the services of Accesspoint say to each other. Each message below is one event in a CloudEvents 1.0
envelope. Services are sent them in batches of one speaker and one partition (`{BATCH_TYPE}`:
a JSON array of at most {MOST_EVENTS} events or {MOST_BYTES // 1000} kB).

Order is promised per speaker and subject. Fields and words are added, never changed or removed: accept fields
you do not know, and read a word you do not know as `other`. Fields marked `x-personal` are about a person.
"""
EVENT = "CloudEvent"
UUID = {"type": "string", "format": "uuid"}
MOMENT = {"type": "string", "format": "date-time"}
COUNTED = {"type": "string", "pattern": r"^\d+$"}
TEXT = {"type": "string"}


def described(services: Sequence[Service], domain: str) -> Json:
    """The whole document, ready for `json.dumps`."""
    said = [event for service in services for event in service.says]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Accesspoint events",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {service.name: channel(service) for service in services if service.says},
        "operations": operations(services),
        "components": {
            "messages": {key_of(event): message(event, domain) for event in said},
            "schemas": schemas(said),
        },
    }


def key_of(event: type[Event]) -> str:
    return f"{event.speaker}.{event.name}"


def reference(*path: str) -> Json:
    return {"$ref": "#/" + "/".join(path)}


def channel(service: Service) -> Json:
    prefix = HouseSettings.model_fields["amqp_prefix"].default
    return {
        "address": f"{service.name}.{{partition}}",
        "title": f"What {service.name} says",
        "description": service.about,
        "parameters": {
            "partition": {
                "description": f"The first four bytes of SHA-256 of the subject, modulo {PARTITIONS}.",
                "enum": [f"{partition:02d}" for partition in range(PARTITIONS)],
            }
        },
        "messages": {event.name: reference("components", "messages", key_of(event)) for event in service.says},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": prefix, "type": "direct", "durable": True, "autoDelete": False},
                "bindingVersion": "0.3.0",
            }
        },
    }


def operations(services: Sequence[Service]) -> Json:
    """What each service sends, and what it receives from each speaker it hears."""
    found: Json = {}
    for service in services:
        if service.says:
            summary = f"{service.name} says this."
            found[f"{service.name}.says"] = operation("send", service.name, service.says, summary)
        for speaker in sorted({hears.event.speaker for hears in service.hears}):
            events = [hears.event for hears in service.hears if hears.event.speaker == speaker]
            summary = f"{service.name} hears this from {speaker}."
            found[f"{service.name}.hears.{speaker}"] = operation("receive", speaker, events, summary)
    return found


def operation(action: str, speaker: str, events: Sequence[type[Event]], summary: str) -> Json:
    return {
        "action": action,
        "channel": reference("channels", speaker),
        "summary": summary,
        "messages": [reference("channels", speaker, "messages", event.name) for event in events],
    }


def message(event: type[Event], domain: str) -> Json:
    return {
        "name": key_of(event),
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip(),
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": {
            "allOf": [
                reference("components", "schemas", EVENT),
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": TYPE_PREFIX + event.name},
                        "source": {"const": f"//{domain}/{event.speaker}"},
                        "data": reference("components", "schemas", event.__name__),
                    },
                },
            ]
        },
    }


def schemas(said: Sequence[type[Event]]) -> Json:
    """The envelope, each event's fields, and the words they use."""
    found: Json = {EVENT: envelope()}
    for event in said:
        schema = event.model_json_schema(ref_template="#/components/schemas/{model}")
        words = schema.pop("$defs", {})
        found |= {name: marked(each) for name, each in (words | {event.__name__: schema}).items()}
    return found


def envelope() -> Json:
    """As `shared.contracts.envelope.written` writes it."""
    needed = {
        "specversion": {"const": "1.0"},
        "id": UUID | {"description": "The event's own id."},
        "type": TEXT,
        "source": TEXT | {"description": "The council's domain and the speaker."},
        "subject": TEXT | {"description": "What the event is ordered by, such as enquiry/ and an id."},
        "time": MOMENT | {"description": "When it happened."},
        "datacontenttype": {"const": "application/json"},
        "recordedtime": MOMENT | {"description": "When it was written down."},
        "partition": {"type": "integer", "minimum": 0, "maximum": PARTITIONS - 1},
        "position": COUNTED | {"description": "Its gap-free number within its speaker's partition."},
        "sequence": COUNTED | {"description": "Its number within its subject."},
        "correlationid": UUID | {"description": "The same for all that follows from one request."},
        "actor": TEXT | {"description": "Who or what made it happen, such as public or adviser/ada."},
        "data": {"type": "object"},
    }
    optional = {
        "causationid": UUID | {"description": "The event that this one follows from."},
        "traceparent": TEXT | {"description": "The W3C trace it belongs to."},
    }
    return {"type": "object", "required": list(needed), "properties": needed | optional}


def marked(schema: Mapping[str, Any]) -> Json:
    """`personal` becomes `x-personal`, on the field itself also where it may be missing."""
    made: Json = {key: part(value) for key, value in schema.items() if (key, value) != ("personal", True)}
    return made | {"x-personal": True} if is_personal(schema) else made


def part(value: Any) -> Any:
    if isinstance(value, Mapping):
        return marked(value)
    return [part(each) for each in value] if isinstance(value, list) else value


def is_personal(schema: Mapping[str, Any]) -> bool:
    ways = [way for way in schema.get("anyOf", ()) if isinstance(way, Mapping)]
    return any(way.get("personal") is True for way in [schema, *ways])
