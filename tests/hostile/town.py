"""Anytown with a little of everything in it, so that generated calls find what they name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests

from shared.auth import new_api_key
from shared.vocabulary import Role, new_id
from tests.parts.house import House, token_in
from tests.parts.mailing import posting, send
from tests.parts.waiting import until_now

T = TypeVar("T")
Fields = dict[str, Any]
WITHIN = 60.0
CALL_WITHIN = 30.0
PEOPLE: Mapping[Role, str] = {
    Role.ADVISER: "mary",
    Role.OFFICER: "octavia",
    Role.PARTNER: "joseph",
    Role.MANAGER: "olive",
    Role.HEAD_OF_SERVICE: "harriet",
    Role.ICT: "ivy",
    Role.AUDITOR: "august",
    Role.ADMINISTRATOR: "agnes",
}
"""Whoever attacks. Ada, who is not among them, works, so that there is something to attack."""
QUESTION = {"title": "A question", "text": "Whom may I speak to?", "email": "jo@example.org"}
"""No word of the catalogue is in it, so its task is on the general queue, where ada is."""
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def credentials(house: House) -> dict[Role, str | None]:
    """A valid one of each role; the public has none."""
    people = {role: token_in(house, name, role) for role, name in PEOPLE.items()}
    return {Role.PUBLIC: None, Role.MACHINE: new_api_key(house.settings, "kiosk-1"), **people}


@dataclass(slots=True)
class Town:
    """Who calls, what they may name, and who arranges that there is something to name."""

    house: House
    tokens: Mapping[Role, str | None]
    ada: str
    session: requests.Session = field(default_factory=requests.Session)
    known: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    smtp_port: int = 0

    def says(self, method: str, path: str, token: str | None, **sent: Any) -> requests.Response:
        """Whatever is answered."""
        headers = {"Idempotency-Key": str(new_id()), **sent.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = self.house.url(path.split("/")[1]) + path
        return self.session.request(method, url, headers=headers, timeout=CALL_WITHIN, **sent)

    def asks(self, method: str, path: str, body: Any = None, *, role: Role = Role.ADVISER, version: int = 0) -> Fields:
        """The answer's fields; ada's call where it is an adviser's."""
        token = self.ada if role is Role.ADVISER else self.tokens[role]
        headers = {"If-Match": f'"{version}"'} if version else {}
        answer = self.says(method, path, token, json=body, headers=headers)
        assert answer.ok, (method, path, answer.status_code, answer.text)
        fields: Fields = answer.json() if answer.content else {}
        self.learn(fields)
        return fields

    def learn(self, shown: Any) -> None:
        """Keeps every id that an answer names, and the version that an enquiry or a clock has by now."""
        if isinstance(shown, list):
            for each in shown:
                self.learn(each)
        elif isinstance(shown, dict):
            for name, value in shown.items():
                if isinstance(value, str) and (name == "reference" or name.endswith("_id")):
                    self.keep(name, value)
                self.learn(value)
            thing = shown.get("clock_id") or shown.get("enquiry_id")
            if thing and "version" in shown and "task_id" not in shown.keys() - {"clock_id"}:
                self.versions[thing] = shown["version"]

    def keep(self, name: str, value: str) -> None:
        known = self.known.setdefault(name, [])
        if value not in known:
            known.append(value)

    def enquiry(self, **more: Any) -> Fields:
        """One that a citizen has sent in, recorded and queued by now: its record, with the receipt."""
        receipt = self.asks("POST", "/intake/v1/enquiries", {**QUESTION, **more}, role=Role.PUBLIC)
        record = self.record(receipt["enquiry_id"], lambda shown: shown["tasks"] and shown["tasks"][0]["enqueued_at"])
        return {**receipt, **record}

    def record(self, enquiry_id: str, holds: Callable[[Fields], Any] = bool) -> Fields:
        """As crm shows it, once what is asked holds of it."""

        def read() -> Fields:
            answer = self.says("GET", f"/crm/v1/enquiries/{enquiry_id}", self.ada)
            return answer.json() if answer.ok and holds(answer.json()) else {}

        record = until_now(read, within=WITHIN, what=f"the record of {enquiry_id}")
        self.learn(record)
        return record

    def decides(self, enquiry: Fields, what: str, body: Any = None) -> Fields:
        path = f"/crm/v1/enquiries/{enquiry['enquiry_id']}/{what}"
        return self.asks("POST", path, body, version=self.record(enquiry["enquiry_id"])["version"])

    def clock(self, enquiry: Fields) -> Fields:
        """The first promise on an enquiry, once it runs."""
        path = f"/sla/v1/clocks/{enquiry['enquiry_id']}"

        def read() -> Fields:
            answer = self.says("GET", path, self.ada)
            return answer.json() if answer.ok else {}

        clocks = until_now(read, within=WITHIN, what=f"a clock on {enquiry['enquiry_id']}")
        self.learn(clocks)
        return dict(clocks["clocks"][0])

    def clear_desk(self) -> None:
        """Ada is away, has nothing and is offered nothing."""
        self.asks("PUT", "/routing/v1/advisers/me/presence", {"presence": "away"})
        for offer in self.asks("GET", "/routing/v1/offers")["offers"]:
            self.says("POST", f"/routing/v1/offers/{offer['offer_id']}/refuse", self.ada)
        for task in self.asks("GET", "/routing/v1/tasks/mine")["tasks"]:
            self.asks("POST", f"/routing/v1/tasks/{task['task_id']}/complete")

    def waiting_task(self) -> str:
        """One that ada could pick."""
        self.clear_desk()
        return str(self.enquiry()["tasks"][0]["task_id"])

    def held_task(self) -> str:
        """One that ada has now."""
        task_id = self.waiting_task()
        self.asks("POST", f"/routing/v1/tasks/{task_id}/pick")
        return task_id

    def offer(self) -> str:
        """Something that ada is offered now."""
        self.waiting_task()
        self.asks("PUT", "/routing/v1/advisers/me/presence", {"presence": "ready"})

        def read() -> list[Fields]:
            return list(self.asks("GET", "/routing/v1/offers")["offers"])

        return str(until_now(read, within=WITHIN, what="an offer to ada")[0]["offer_id"])

    def file(self) -> str:
        """One that came with a contact."""
        parts = {"enquiry": (None, '{"title": "A lamp", "text": "It is out."}', "application/json")}
        sent = [*parts.items(), ("file", ("lamp.png", PNG, "image/png"))]
        answer = self.says("POST", "/intake/v1/enquiries", None, files=sent)
        assert answer.status_code == 201, answer.text
        receipt = answer.json()
        shown = self.record(receipt["enquiry_id"], lambda record: record["contacts"][0]["attachments"])
        return str(shown["contacts"][0]["attachments"][0]["file_id"])

    def mail(self) -> str:
        """One that came in and has been placed."""
        before = self.placed_mails()
        send(self.smtp_port, posting("jo@example.org", "enquiries@anytown.example", new_id().hex))
        return until_now(lambda: self.placed_mails() - before, within=WITHIN, what="a mail to be placed").pop()

    def placed_mails(self) -> set[str]:
        listed = self.asks("GET", "/intake/v1/mails?state=placed", role=Role.ADMINISTRATOR)
        return {str(mail["mail_id"]) for mail in listed["mails"]}

    def message(self) -> str:
        """One that intake has been asked to send."""
        told = self.decides(self.enquiry(), "answers", {"kind": "holding", "text": "We are looking at it."})
        path = f"/intake/v1/messages/{told['message_id']}"
        until_now(lambda: self.says("GET", path, self.ada).ok, within=WITHIN, what="a message to be sent")
        return str(told["message_id"])

    def begun_import(self) -> str:
        digest = new_id().hex * 2
        body = {"system": "old", "file_name": "q1.csv", "file_digest": digest, "map_digest": "b" * 64}
        return str(self.asks("POST", "/intake/v1/imports", body, role=Role.ICT)["import_id"])

    def citizen(self) -> Fields:
        """One who is known, with what they are known by."""
        enquiry = self.enquiry(email=f"{new_id().hex}@example.org", name="Jo Bloggs")
        self.decides(enquiry, "citizen", {"new": True})
        citizen_id = self.record(enquiry["enquiry_id"])["citizen"]["citizen_id"]
        identifier = {"kind": "email", "value": f"{new_id().hex}@example.org", "evidence": "verified"}
        self.asks("POST", f"/crm/v1/citizens/{citizen_id}/identifiers", identifier)
        return self.asks("GET", f"/crm/v1/citizens/{citizen_id}")

    def settle(self) -> None:
        """Something of everything, once, so that every name in a path has values that mean something."""
        enquiry = self.enquiry()
        self.clock(enquiry)
        self.citizen()
        self.message()
        self.offer()
        self.keep("file_id", self.file())
        self.keep("mail_id", self.mail())
        self.asks("GET", f"/intake/v1/imports/{self.begun_import()}", role=Role.ICT)
