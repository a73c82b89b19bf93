"""Citizens and advisers who go on when a service they are talking to dies: they ask again, with the same key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from typing_extensions import override

from services.cli.desk import Desk, check
from shared.vocabulary import new_id
from tests.parts.house import House, token_in
from tests.parts.waiting import LOOK_EVERY, until

ADDRESS = "/intake/v1/enquiries"
AGAIN = frozenset({502, 503, 504})
PATIENCE = 30.0
ANSWER_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What a service answered in the end."""

    status: int
    fields: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


async def asked(
    session: aiohttp.ClientSession,
    house: House,
    method: str,
    path: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answered:
    """What gets no answer, or finds nobody at home, is asked again as it was: its key makes that harmless."""
    service = path.split("/")[1]
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                answered = await once(session, method, house.url(service) + path, body, headers or {})
            except (aiohttp.ClientError, TimeoutError):
                answered = None
            if answered is not None and answered.status not in AGAIN:
                return answered
            await asyncio.sleep(LOOK_EVERY)


async def once(
    session: aiohttp.ClientSession, method: str, url: str, body: Any, headers: Mapping[str, str]
) -> Answered:
    limit = aiohttp.ClientTimeout(total=ANSWER_WITHIN)
    async with session.request(method, url, json=body, headers=headers, timeout=limit) as response:
        text = await response.read()
        fields = await response.json(content_type=None) if text else {}
        return Answered(response.status, fields, response.headers)


@dataclass(frozen=True, slots=True)
class Citizen:
    """Somebody at home with a browser."""

    session: aiohttp.ClientSession
    house: House

    async def report(self, title: str, text: str = "It has been like this for a week.") -> dict[str, Any]:
        """The receipt."""
        headers = {"Idempotency-Key": str(new_id())}
        body = {"title": title, "text": text}
        answered = await asked(self.session, self.house, "POST", ADDRESS, body=body, headers=headers)
        assert answered.status == 201, answered
        return answered.fields

    async def track(self, reference: str) -> dict[str, Any]:
        answered = await asked(self.session, self.house, "GET", f"{ADDRESS}/{reference}")
        assert answered.is_good, answered
        return answered.fields

    async def sees(self, reference: str, state: str, within: float = 60.0) -> dict[str, Any]:
        """What tracking shows once it shows this state."""

        async def shown() -> dict[str, Any] | None:
            tracked = await self.track(reference)
            return tracked if tracked["state"] == state else None

        return await until(shown, within=within, what=f"{reference} being {state}")


@dataclass(frozen=True, slots=True)
class PatientDesk(Desk):
    """An adviser's place in a house whose replicas come and go."""

    house: House

    @override
    async def ask(self, method: str, path: str, body: Any = None, version: int | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        if method != "GET":
            headers["Idempotency-Key"] = str(new_id())
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        answered = await asked(self.session, self.house, method, path, body=body, headers=headers)
        check(method, path, answered.status, answered.fields)
        return answered.fields


def desk_of(session: aiohttp.ClientSession, house: House, name: str) -> PatientDesk:
    return PatientDesk(session, "", token_in(house, name), house)


@dataclass(slots=True)
class Shift:
    """Some advisers who take what is offered until all of these enquiries are resolved."""

    session: aiohttp.ClientSession
    house: House
    enquiries: frozenset[str]
    resolved: set[str] = field(default_factory=set)

    async def work(self, *names: str, within: float = 60.0) -> None:
        async with asyncio.timeout(within):
            await asyncio.gather(*(self.serve(desk_of(self.session, self.house, name)) for name in names))

    async def serve(self, desk: PatientDesk) -> None:
        await desk.come()
        while offer := await self.next_offer(desk):
            await desk.deal_with(offer)
            self.resolved.add(offer["enquiry_id"])
        await desk.come("away")

    async def next_offer(self, desk: PatientDesk) -> dict[str, Any] | None:
        """None once all is done, by whomever."""
        while not self.enquiries <= self.resolved:
            offers: list[dict[str, Any]] = (await desk.ask("GET", "/routing/v1/offers"))["offers"]
            if offers:
                return offers[0]
            await asyncio.sleep(LOOK_EVERY)
        return None
