"""Advisers: each accepts, refuses, vanishes, answers and resolves as their own dice fall."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tests.faults.calling import Caller
from tests.parts.waiting import pause

LOOK_AGAIN = 0.15
LOOKS_IN_VAIN = 20
OFFERS = "/routing/v1/offers"
PRESENCE = "/routing/v1/advisers/me/presence"
WAYS = {"accept": 76, "refuse": 10, "vanish": 10, "leave": 4}
ENDS = {"complete, then resolve": 40, "resolve": 30, "complete": 20, "hold, then complete": 10}


@dataclass(slots=True)
class Deeds:
    """What all advisers were told they have done: the records must agree with this."""

    ways: Counter[str] = field(default_factory=Counter)
    accepted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    answered: Counter[str] = field(default_factory=Counter)
    resolved: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)
    conflicts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Adviser:
    """One of them, until told to go."""

    def __init__(self, caller: Caller, deeds: Deeds, going: asyncio.Event) -> None:
        self.caller = caller
        self.deeds = deeds
        self.going = going
        self.ignored: set[str] = set()

    async def work(self) -> None:
        await self.be("ready")
        in_vain = 0
        while not self.going.is_set():
            offers = (await self.caller.ask("GET", OFFERS)).body.get("offers", [])
            fresh = [offer for offer in offers if offer["offer_id"] not in self.ignored]
            in_vain = 0 if fresh else in_vain + 1
            if fresh:
                await self.react(fresh[0])
            elif in_vain % LOOKS_IN_VAIN == 0:
                # Whoever has let three offers lapse is taken for away, until they say otherwise.
                await self.be("ready")
            else:
                await pause(LOOK_AGAIN)
        await self.be("away")

    async def be(self, presence: str) -> None:
        await self.caller.ask("PUT", PRESENCE, {"presence": presence})

    async def react(self, offer: Mapping[str, Any]) -> None:
        way = self.roll(WAYS)
        self.deeds.ways[way] += 1
        if way == "accept":
            await self.take(offer)
        elif way == "refuse":
            if await self.command(f"{OFFERS}/{offer['offer_id']}/refuse"):
                self.deeds.refused.add(offer["offer_id"])
        else:
            self.ignored.add(offer["offer_id"])
            if way == "leave":
                await self.be("away")
                await pause(self.caller.chance.uniform(0, 3))
                await self.be("ready")

    async def take(self, offer: Mapping[str, Any]) -> None:
        if not await self.command(f"{OFFERS}/{offer['offer_id']}/accept"):
            return
        self.deeds.accepted.add(offer["offer_id"])
        end = self.roll(ENDS)
        await self.answer(offer["enquiry_id"], "holding" if end.startswith("hold") else "full")
        if end == "resolve":
            await self.resolve(offer["enquiry_id"])
        elif await self.command(f"/routing/v1/tasks/{offer['task_id']}/complete"):
            self.deeds.completed.add(offer["task_id"])
            if end.endswith("resolve"):
                await self.resolve(offer["enquiry_id"])

    async def answer(self, enquiry_id: str, kind: str) -> None:
        body = {"kind": kind, "text": "Thank you, a crew is on its way."}
        path = f"/crm/v1/enquiries/{enquiry_id}"
        if await self.command(f"{path}/answers", body, await self.version_of(path)):
            self.deeds.answered[enquiry_id] += 1

    async def resolve(self, enquiry_id: str) -> None:
        path = f"/crm/v1/enquiries/{enquiry_id}"
        if await self.command(f"{path}/resolution", {"resolution": "done"}, await self.version_of(path)):
            self.deeds.resolved.add(enquiry_id)

    async def version_of(self, path: str) -> int:
        """Crm may hear of the enquiry later than routing did, above all while it is being started again."""
        while True:
            answer = await self.caller.ask("GET", path)
            if answer.ok:
                return int(answer.body["version"])
            if answer.status != HTTPStatus.NOT_FOUND:
                raise AssertionError(f"GET {path}: {answer.status} {answer.body}")
            await pause(LOOK_AGAIN)

    async def command(self, path: str, body: Any = None, version: int | None = None) -> bool:
        """False when somebody or something else was first, which only concerns offers."""
        answer = await self.caller.ask("POST", path, body, version=version)
        if answer.ok:
            return True
        if answer.status == HTTPStatus.CONFLICT and path.startswith(OFFERS):
            self.deeds.conflicts[path.rsplit("/", 1)[1]] += 1
        else:
            self.deeds.wrong.append(f"POST {path}: {answer.status} {answer.body.get('detail')}")
        return False

    def roll(self, dice: Mapping[str, int]) -> str:
        return self.caller.chance.choices(list(dice), list(dice.values()))[0]
