"""The people of Anytown at their desks: what each asks of routing, and what it answers."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiohttp.test_utils import TestClient

from shared.auth import sign
from shared.settings import HouseSettings
from shared.vocabulary import Role, new_id

ROLES = {"isambard": Role.OFFICER, "octavia": Role.OFFICER, "joseph": Role.PARTNER, "mia": Role.MANAGER}


@dataclass(frozen=True, slots=True)
class People:
    """Whoever is named; by their role in the council file, else as advisers."""

    client: TestClient[Any, Any]
    house: HouseSettings

    async def ask(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        token = sign(self.house, who, [ROLES.get(who, Role.ADVISER)])
        headers = {"Authorization": f"Bearer {token}"}
        if method != "GET":
            headers["Idempotency-Key"] = str(new_id())
        response = await self.client.request(method, f"/routing/v1{path}", json=body, headers=headers)
        return response.status, await response.json() if response.status != 204 else {}

    async def get(self, who: str, path: str) -> dict[str, Any]:
        status, answer = await self.ask(who, "GET", path)
        assert status == 200, answer
        return answer

    async def come(self, who: str) -> None:
        status, answer = await self.ask(who, "PUT", "/advisers/me/presence", {"presence": "ready"})
        assert status == 200, answer

    async def do(self, who: str, what: str, task_id: UUID | str, **body: Any) -> dict[str, Any]:
        """The task after it; the command must be carried out."""
        status, answer = await self.ask(who, "POST", f"/tasks/{task_id}/{what}", body or None)
        assert status == 200, answer
        return answer

    async def refused(self, who: str, what: str, task_id: UUID | str, **body: Any) -> tuple[int, str]:
        """Status and sentence of a command that must not be carried out."""
        status, answer = await self.ask(who, "POST", f"/tasks/{task_id}/{what}", body or None)
        assert status >= 400, answer
        return status, answer["detail"]

    async def take_offer(self, who: str) -> dict[str, Any]:
        """The task, once its first offer is accepted."""
        [offer, *_] = (await self.get(who, "/offers"))["offers"]
        status, answer = await self.ask(who, "POST", f"/offers/{offer['offer_id']}/accept")
        assert status == 200, answer
        return answer
