"""People at their desks who call crm, and what stands in its tables afterwards."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from shared.auth import sign
from shared.db import Row
from shared.settings import HouseSettings
from shared.vocabulary import Role, new_id
from shared.work import Workshop
from tests.builders import said_by

Client = TestClient[Any, Any]
ENQUIRIES = "/crm/v1/enquiries"
CITIZENS = "/crm/v1/citizens"
ANSWER = {"kind": "full", "text": "It will be mended on Friday."}
QUESTION = {"text": "Which lamp is it?", "told_by": "telephone"}
"""To whom gave no address."""

Shown = tuple[int, Any]
"""The status, and what the body holds."""


class Desk:
    """Calls crm as named people do."""

    def __init__(self, client: Client, house: HouseSettings) -> None:
        self.client = client
        self.house = house

    def token(self, name: str, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {sign(self.house, name, [role])}"}

    async def gets(self, address: str, *, name: str = "ada", role: Role = Role.ADVISER) -> Shown:
        response = await self.client.get(address, headers=self.token(name, role))
        return response.status, await response.json()

    async def reads(self, path: str, *, name: str = "ada", role: Role = Role.ADVISER) -> Shown:
        return await self.gets(f"{ENQUIRIES}{path}", name=name, role=role)

    async def sends(self, address: str, body: Any, *, name: str = "ada", role: Role = Role.ADVISER) -> Shown:
        """A command that needs no version."""
        headers = {**self.token(name, role), "Idempotency-Key": str(new_id())}
        response = await self.client.post(address, json=body, headers=headers)
        return response.status, await response.json()

    async def posts(
        self,
        path: str,
        body: Any,
        seen: int | None,
        *,
        name: str = "ada",
        role: Role = Role.ADVISER,
        key: str | None = None,
    ) -> Shown:
        headers = {**self.token(name, role), "Idempotency-Key": key or str(new_id())}
        if seen is not None:
            headers["If-Match"] = f'"{seen}"'
        response = await self.client.post(f"{ENQUIRIES}{path}", json=body, headers=headers)
        return response.status, await response.json()


async def rows(workshop: Workshop, statement: str, *arguments: Any) -> list[Row]:
    async with workshop.reading() as db:
        return await db.fetch(statement, *arguments)


async def heard_of(workshop: Workshop) -> list[str]:
    return [spoken.name for spoken in await said_by(workshop)]


async def last_said(workshop: Workshop, name: str) -> Any:
    """The fields of the last event of that name."""
    return [spoken.data for spoken in await said_by(workshop) if spoken.name == name][-1]
