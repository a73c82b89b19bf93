"""Demo data: a few real enquiries, asked and dealt with through the public API as people would."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import structlog

from services.cli.replay import replay
from shared.auth import sign
from shared.errors import AppError, NotFound, Unavailable
from shared.settings import HouseSettings
from shared.vocabulary import Role, new_id

log = structlog.get_logger()

DEMO_ADVISER = "ada"
COLLEAGUE = "grace"
SLICE = Path(__file__).parents[2] / "deploy" / "demo" / "boston311-slice.csv"
DEMO_ROWS = 12
OFFER_WITHIN = 20.0
LOOK_EVERY = 0.05

ANSWER = "Thank you for telling us. A crew has been asked to look at it this week."


@dataclass(frozen=True, slots=True)
class Desk:
    """One adviser's place: what they can ask of the four services."""

    session: aiohttp.ClientSession
    url: str
    token: str

    async def ask(self, method: str, path: str, body: Any = None, version: int | None = None) -> dict[str, Any]:
        """The answer's fields. Raises `NotFound` or `Unavailable` with the problem's sentence when it is refused."""
        headers = {"Authorization": f"Bearer {self.token}"}
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


async def seed(settings: HouseSettings, url: str) -> None:
    """Only into a database made just now: a colleague who answers whatever waits must never meet a real citizen."""
    if settings.jwks is not None or not SLICE.exists():
        return
    try:
        replayed = await replay(SLICE, url, rate=None, limit=DEMO_ROWS, clients=4, report=lambda *_: None)
        async with aiohttp.ClientSession() as session:
            await work_through(Desk(session, url, sign(settings, COLLEAGUE, [Role.ADVISER])), replayed.done)
    except (AppError, aiohttp.ClientError) as error:
        log.warning("the demo data is not complete", why=str(error))


async def work_through(desk: Desk, how_many: int) -> None:
    await desk.come()
    try:
        for turn in range(how_many):
            offer = await desk.offer()
            if offer is None:
                break
            await desk.deal_with(offer, resolve=turn % 3 != 0)
    finally:
        await desk.come("away")
