"""Citizens: they post enquiries at a steady pace, and some of them press the button again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.faults.calling import Answer, Caller
from tests.parts.waiting import pause

PATH = "/intake/v1/enquiries"
TWICE = 0.1
THREE_AT_ONCE = 0.05
SIDE_BY_SIDE = 12


@dataclass(frozen=True, slots=True)
class Accepted:
    """An enquiry the product has promised to keep."""

    nth: int
    key: str
    enquiry_id: str
    reference: str


@dataclass(slots=True)
class Citizens:
    """All of them: what was accepted, and where a repeat got another answer than the first."""

    caller: Caller
    chance: Random
    per_second: float
    accepted: dict[str, Accepted] = field(default_factory=dict)
    repeats: int = 0
    differing: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    async def post_all(self, how_many: int) -> None:
        began = time.monotonic()
        waiting = iter([(nth, began + nth / self.per_second) for nth in range(how_many)])
        async with asyncio.TaskGroup() as group:
            for _ in range(SIDE_BY_SIDE):
                group.create_task(self.keep_posting(waiting))

    async def keep_posting(self, waiting: Iterator[tuple[int, float]]) -> None:
        for nth, due in waiting:
            await pause(due - time.monotonic())
            await self.post(nth)

    async def post(self, nth: int) -> None:
        key = self.caller.new_key()
        at_once = 3 if self.chance.random() < THREE_AT_ONCE else 1
        answers = await asyncio.gather(*(self.send(nth, key) for _ in range(at_once)))
        if self.chance.random() < TWICE:
            answers.append(await self.send(nth, key))
        self.compare(nth, key, answers)

    async def send(self, nth: int, key: str) -> Answer:
        return await self.caller.ask("POST", PATH, enquiry(nth), key=key)

    def compare(self, nth: int, key: str, answers: list[Answer]) -> None:
        for answer in answers:
            if not answer.ok:
                self.refused.append(f"enquiry {nth}: {answer.status} {answer.body.get('detail')}")
                continue
            got = Accepted(nth, key, str(answer.body["enquiry_id"]), str(answer.body["reference"]))
            first = self.accepted.setdefault(key, got)
            if got != first:
                self.differing.append(f"enquiry {nth}: {first.reference}, then {got.reference}")
        self.repeats += len(answers) - 1

    async def repeat_some(self, how_many: int) -> None:
        """When all is over: the first answer is still the answer."""
        some = self.chance.sample(sorted(self.accepted.values(), key=lambda each: each.nth), how_many)
        for each in some:
            self.compare(each.nth, each.key, [await self.send(each.nth, each.key)])
            self.repeats += 1


def enquiry(nth: int) -> dict[str, Any]:
    return {"title": f"Lamp {nth} is out", "text": f"The street lamp number {nth} has been out since Monday."}
