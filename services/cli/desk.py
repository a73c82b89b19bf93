"""A desk: what an adviser, or a citizen, can ask of the four services through their API."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from shared.errors import NotFound, Unavailable
from shared.vocabulary import new_id

OFFER_WITHIN = 20.0
LOOK_EVERY = 0.05

ANSWER = "Thank you for telling us. A crew has been asked to look at it this week."


@dataclass(frozen=True, slots=True)
class Desk:
    """One person's place. A citizen has no token."""

    session: aiohttp.ClientSession
    url: str
    token: str | None

    async def ask(self, method: str, path: str, body: Any = None, version: int | None = None) -> dict[str, Any]:
        """The answer's fields. Raises `NotFound` or `Unavailable` with the problem's sentence when it is refused."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if method != "GET":
            headers["Idempotency-Key"] = str(new_id())
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        async with self.session.request(method, f"{self.url}{path}", json=body, headers=headers) as response:
            answer: dict[str, Any] = await response.json() if response.content_length != 0 else {}
            check(method, path, response.status, answer)
            return answer

    async def come(self, presence: str = "ready") -> None:
        await self.ask("PUT", "/routing/v1/advisers/me/presence", {"presence": presence})

    async def offer(self) -> dict[str, Any] | None:
        """The next offer; None when none comes for a while."""
        waited = 0.0
        while waited < OFFER_WITHIN:
            offers: list[dict[str, Any]] = (await self.ask("GET", "/routing/v1/offers"))["offers"]
            if offers:
                return offers[0]
            await asyncio.sleep(LOOK_EVERY)
            waited += LOOK_EVERY
        return None

    async def record(self, enquiry_id: str) -> dict[str, Any]:
        """Routing may have heard of an enquiry a moment before crm has."""
        waited = 0.0
        while True:
            try:
                return await self.ask("GET", f"/crm/v1/enquiries/{enquiry_id}")
            except NotFound:
                if waited > OFFER_WITHIN:
                    raise
            await asyncio.sleep(LOOK_EVERY)
            waited += LOOK_EVERY

    async def open_task(self, enquiry_id: str) -> dict[str, Any]:
        """The task of an enquiry that somebody has still to do, once routing has made it and crm has heard of it."""
        waited = 0.0
        while waited < OFFER_WITHIN:
            tasks: list[dict[str, Any]] = (await self.record(enquiry_id))["tasks"]
            for task in tasks:
                if task["state"] in ("waiting", "offered"):
                    return task
            await asyncio.sleep(LOOK_EVERY)
            waited += LOOK_EVERY
        raise Unavailable(f"Nobody has made a task of the enquiry {enquiry_id} yet: look again later.")

    async def deal_with(self, offer: dict[str, Any], *, resolve: bool = True) -> None:
        """Accepts, answers, is free again, and perhaps resolves: resolving withdraws a task that is still open."""
        enquiry = f"/crm/v1/enquiries/{offer['enquiry_id']}"
        await self.ask("POST", f"/routing/v1/offers/{offer['offer_id']}/accept")
        record = await self.record(offer["enquiry_id"])
        record = await self.ask("POST", f"{enquiry}/answers", {"kind": "full", "text": ANSWER}, record["version"])
        await self.ask("POST", f"/routing/v1/tasks/{offer['task_id']}/complete")
        if resolve:
            await self.ask("POST", f"{enquiry}/resolution", {"resolution": "done"}, record["version"])


def check(method: str, path: str, status: int, answer: dict[str, Any]) -> None:
    """Raises what a refusal means to whoever asked."""
    if status >= HTTPStatus.BAD_REQUEST:
        kind = NotFound if status == HTTPStatus.NOT_FOUND else Unavailable
        raise kind(f"{method} {path}: {status} {answer.get('detail', '')}")
