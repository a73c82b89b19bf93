"""The council of Anytown at work: its citizens, and its people of the front office, the back office and a partner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from shared.vocabulary import Role, new_id
from tests.parts.house import House, token_in
from tests.parts.people import ADDRESS, Answered, Citizen, PatientDesk, asked
from tests.parts.waiting import until

WITHIN = 60.0
ROLES = {
    "ada": Role.ADVISER,
    "grace": Role.ADVISER,
    "mary": Role.ADVISER,
    "isambard": Role.OFFICER,
    "octavia": Role.OFFICER,
    "joseph": Role.PARTNER,
    "olive": Role.MANAGER,
}


@dataclass(slots=True)
class Anytown:
    """Who is there, and what they can be asked for."""

    house: House
    session: aiohttp.ClientSession
    at_work: dict[str, Person] = field(default_factory=dict)

    @property
    def citizen(self) -> Citizen:
        return Citizen(self.session, self.house)

    def person(self, name: str) -> Person:
        """At their desk, but not ready to be offered anything."""
        if name not in self.at_work:
            self.at_work[name] = Person(self.session, "", token_in(self.house, name, ROLES[name]), self.house)
        return self.at_work[name]

    async def goes_home(self) -> None:
        """Nobody leaves anything on their desk for the next journey."""
        for name, person in self.at_work.items():
            if ROLES[name] is not Role.MANAGER:
                await person.come("away")
                for task in (await person.ask("GET", "/routing/v1/tasks/mine"))["tasks"]:
                    await person.does(task["task_id"], "complete")

    async def reports(self, title: str, text: str = "It is so.", **more: Any) -> dict[str, Any]:
        """A citizen's web form; the receipt."""
        body = {"title": title, "text": text, **more}
        answered = await self.posts(ADDRESS, body)
        assert answered.status == 201, answered
        return answered.fields

    async def writes_again(self, reference: str, text: str) -> None:
        answered = await self.posts(f"{ADDRESS}/{reference}/contacts", {"text": text})
        assert answered.status == 201, answered

    async def posts(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answered:
        key = {"Idempotency-Key": str(new_id())}
        return await asked(self.session, self.house, "POST", path, body=body, headers=key | dict(headers or {}))


@dataclass(frozen=True, slots=True)
class Person(PatientDesk):
    """An adviser, officer or partner at their desk."""

    async def says(self, method: str, path: str, body: Any = None, version: int | None = None) -> Answered:
        """Whatever is answered, refusals too."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(new_id())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await asked(self.session, self.house, method, path, body=body, headers=headers)

    async def is_offered(self, enquiry_id: str) -> dict[str, Any]:
        """The offer of a task on this enquiry, once it comes."""

        async def offered() -> dict[str, Any] | None:
            offers = (await self.ask("GET", "/routing/v1/offers"))["offers"]
            return next((offer for offer in offers if offer["enquiry_id"] == enquiry_id), None)

        return await until(offered, within=WITHIN, what="an offer")

    async def takes(self, enquiry_id: str) -> str:
        """Comes, waits to be offered a task on this enquiry, accepts it; the task."""
        await self.come()
        offer = await self.is_offered(enquiry_id)
        task = await self.ask("POST", f"/routing/v1/offers/{offer['offer_id']}/accept")
        assert task["state"] == "assigned"
        return str(task["task_id"])

    async def does(self, task_id: str, what: str, **body: Any) -> dict[str, Any]:
        """Completes, returns, transfers or picks a task."""
        return await self.ask("POST", f"/routing/v1/tasks/{task_id}/{what}", body or None)

    async def decides(self, enquiry_id: str, what: str, **body: Any) -> dict[str, Any]:
        """Something about an enquiry, having read its record."""
        version = (await self.record(enquiry_id))["version"]
        return await self.ask("POST", f"/crm/v1/enquiries/{enquiry_id}/{what}", body or {}, version)

    async def sees(
        self, enquiry_id: str, holds: Callable[[dict[str, Any]], Any], what: str = "the record being so"
    ) -> dict[str, Any]:
        """The record, once what is asked holds of it."""

        async def read() -> dict[str, Any] | None:
            record = await self.record(enquiry_id)
            return record if holds(record) else None

        return await until(read, within=WITHIN, what=what)

    async def clock(self, enquiry_id: str, standard: str, state: str) -> dict[str, Any]:
        """The clock of this standard, once it stands so."""

        async def read() -> dict[str, Any] | None:
            answered = await self.says("GET", f"/sla/v1/clocks/{enquiry_id}")
            clocks = answered.fields.get("clocks", []) if answered.is_good else []
            found = [clock for clock in clocks if (clock["standard"], clock["state"]) == (standard, state)]
            return found[-1] if found else None

        return await until(read, within=WITHIN, what=f"the clock {standard} being {state}")

    async def tasks_of(self, enquiry_id: str) -> list[dict[str, Any]]:
        """As the record shows them."""
        tasks: list[dict[str, Any]] = (await self.record(enquiry_id))["tasks"]
        return tasks
