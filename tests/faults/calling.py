"""A caller who repeats a request, with the same key, until it has an answer: what the product asks of every client."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any
from uuid import UUID

import aiohttp

from tests.faults.house import House
from tests.parts.waiting import pause

PATIENCE = 180.0
ANSWER_WITHIN = 5.0
AGAIN_AFTER = 0.25


@dataclass(frozen=True, slots=True)
class Answer:
    """The one answer a request got in the end."""

    status: int
    body: Mapping[str, Any]
    replayed: bool

    @property
    def ok(self) -> bool:
        return self.status < HTTPStatus.BAD_REQUEST


@dataclass(slots=True)
class Tally:
    """What all callers together have seen."""

    open: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    replays: int = 0
    slowest: float = 0.0
    bugs: list[str] = field(default_factory=list)


class Caller:
    """One person at one keyboard. The seed decides their keys, so that a run can be repeated."""

    def __init__(
        self, session: aiohttp.ClientSession, house: House, tally: Tally, chance: Random, token: str | None = None
    ) -> None:
        self.session = session
        self.house = house
        self.tally = tally
        self.chance = chance
        self.authorization = {"Authorization": f"Bearer {token}"} if token else {}

    def new_key(self) -> str:
        return str(UUID(int=self.chance.getrandbits(128), version=4))

    async def ask(
        self, method: str, path: str, body: Any = None, *, version: int | None = None, key: str | None = None
    ) -> Answer:
        headers = dict(self.authorization)
        if method != "GET":
            headers["Idempotency-Key"] = key or self.new_key()
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        began = time.monotonic()
        self.tally.open += 1
        try:
            while time.monotonic() - began < PATIENCE:
                answer = await self.once(method, path, body, headers)
                if answer is not None:
                    self.note(answer, time.monotonic() - began)
                    return answer
                await pause(AGAIN_AFTER * self.chance.uniform(0.5, 1.5))
        finally:
            self.tally.open -= 1
        raise AssertionError(f"{method} {path} was not answered within {PATIENCE:g} s")

    async def once(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer | None:
        """None when there was no answer, or one that asks to come again."""
        try:
            async with self.session.request(
                method, self.house.address_of(path), json=body, headers=headers
            ) as response:
                text = await response.json(content_type=None) if response.status != HTTPStatus.NO_CONTENT else {}
                if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
                    self.tally.unanswered["503"] += 1
                    return None
                if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    self.tally.bugs.append(f"{method} {path}: {response.status} {text}")
                    return None
                return Answer(response.status, text, "Idempotent-Replay" in response.headers)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self.tally.unanswered[type(error).__name__] += 1
            return None

    def note(self, answer: Answer, seconds: float) -> None:
        self.tally.answers[answer.status] += 1
        self.tally.replays += answer.replayed
        self.tally.slowest = max(self.tally.slowest, seconds)


def a_session() -> aiohttp.ClientSession:
    """A few seconds are a long time for an answer; who repeats need not wait longer."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN), connector=aiohttp.TCPConnector(limit=64)
    )


def percentile(values: list[float], percent: float) -> float:
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)] if ranked else 0.0
