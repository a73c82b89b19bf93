"""Whoever calls intake: the public, a kiosk, an adviser; with or without files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientResponse, FormData
from aiohttp.test_utils import TestClient

from shared.auth import new_api_key, sign
from shared.settings import HouseSettings
from shared.vocabulary import Role, new_id
from shared.work import Workshop

ENQUIRIES = "/intake/v1/enquiries"
CONTACTS = "/intake/v1/contacts"
LAMP = {"title": "A lamp is out", "text": "Outside number 12, since Monday.", "email": "jo@example.org"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    fields: Any
    headers: Mapping[str, str]
    raw: bytes

    @property
    def sentence(self) -> str:
        return str(self.fields["detail"])

    @property
    def told(self) -> str:
        """The sentence, and all the places at fault."""
        return str(self.fields)


@dataclass(frozen=True, slots=True)
class Desk:
    """Calls as anybody may, or with a token or key."""

    client: TestClient[Any, Any]
    house: HouseSettings
    token: str

    def token_of(self, *roles: Role) -> str:
        return sign(self.house, "sam", roles)

    def kiosk(self) -> str:
        return new_api_key(self.house, "kiosk-1")

    async def posts(self, path: str, body: Any, credential: str | None = None, *, key: str | None = None) -> Answered:
        return await answered(await self.client.post(path, json=body, headers=heads(credential, key)))

    async def uploads(
        self,
        path: str,
        part: str,
        body: Any,
        files: Sequence[tuple[str, bytes]],
        credential: str | None = None,
        *,
        key: str | None = None,
    ) -> Answered:
        form = FormData(quote_fields=False)
        form.add_field(part, json.dumps(body), content_type="application/json")
        for name, content in files:
            form.add_field("file", content, filename=name, content_type="application/octet-stream")
        return await answered(await self.client.post(path, data=form(), headers=heads(credential, key)))

    async def gets(self, path: str, credential: str | None = None, **headers: str) -> Answered:
        bearer = {"Authorization": f"Bearer {credential}"} if credential else {}
        return await answered(await self.client.get(path, headers=bearer | headers))

    async def asks(self, **changes: Any) -> dict[str, Any]:
        """A web form that is taken in; its receipt."""
        received = await self.posts(ENQUIRIES, {**LAMP, **changes})
        assert received.status == 201, received.told
        receipt: dict[str, Any] = received.fields
        return receipt

    async def sends(self, *files: tuple[str, bytes]) -> Answered:
        return await self.uploads(ENQUIRIES, "enquiry", LAMP, files)

    async def logs(self, **fields: Any) -> Answered:
        """A contact by hand."""
        return await self.posts(CONTACTS, {"channel": "telephone", "point": "exchange", **fields}, self.token)


def heads(credential: str | None, key: str | None) -> dict[str, str]:
    bearer = {"Authorization": f"Bearer {credential}"} if credential else {}
    return {"Idempotency-Key": key or str(new_id()), **bearer}


async def answered(response: ClientResponse) -> Answered:
    raw = await response.read()
    is_json = "json" in response.headers.get("Content-Type", "")
    return Answered(response.status, json.loads(raw) if is_json else None, response.headers, raw)


async def rows(workshop: Workshop, table: str) -> list[dict[str, Any]]:
    async with workshop.reading() as db:
        return [dict(row) for row in await db.fetch(f"SELECT * FROM {table} ORDER BY 1")]
