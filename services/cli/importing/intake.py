"""Intake's addresses for imports, asked until they answer: it may be away for a while."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

import aiohttp
from pydantic import BaseModel, ValidationError

from services.cli.importing.batches import Batch
from services.intake.api.imports import ImportList, ImportShown, RejectedList, RejectedShown, RowsTaken
from shared.errors import Conflict, Refused, Unavailable

ADDRESS = "/intake/v1/imports"
PATIENCE = 300.0
ANSWER_WITHIN = 60.0
FIRST_WAIT = 0.1
LONGEST_WAIT = 10.0
MOST_FAULTS_OF_THE_SERVICE = 3

AGAIN = frozenset({429, 502, 503, 504})
WHO_IS_ASKING = frozenset({401, 403})
NOT_THERE = frozenset({404, 405})

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why a question must be asked again. `is_away` tells a service that is not there from one that fails."""

    why: str
    is_away: bool
    asked_to_wait: float = 0.0

    def __str__(self) -> str:
        return self.why


class Intake:
    """The intake of one installation, for one who may import."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise Refused(f"{url} is not an address: write one such as http://127.0.0.1:8080.")
        self._session = session
        self._address = url.rstrip("/") + ADDRESS
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.patience = PATIENCE

    async def begin(self, asked: Mapping[str, object]) -> ImportShown:
        """The import of this file by this map: a new one, or the one that was begun before."""
        return await self._ask(ImportShown, "POST", "", asked)

    async def show(self, import_id: UUID) -> ImportShown:
        return await self._ask(ImportShown, "GET", f"/{import_id}")

    async def send(self, import_id: UUID, batch: Batch) -> RowsTaken:
        """`Conflict` when the import has got elsewhere meanwhile."""
        return await self._ask(RowsTaken, "POST", f"/{import_id}/rows", batch.as_json())

    async def release(self, import_id: UUID) -> ImportShown:
        return await self._ask(ImportShown, "POST", f"/{import_id}/release")

    async def held_of(self, system: str) -> list[ImportShown]:
        """Its imports that are not released, the oldest first."""
        listed = (await self._ask(ImportList, "GET", "")).imports
        return [each for each in reversed(listed) if each.system == system and each.released_at is None]

    async def rejected(self, import_id: UUID) -> AsyncIterator[list[RejectedShown]]:
        """Page by page, in the order of the file."""
        after: int | None = 0
        while after is not None:
            page = await self._ask(RejectedList, "GET", f"/{import_id}/rejected?after={after}")
            yield page.rejected
            after = page.next

    async def _ask(self, shape: type[S], method: str, path: str, body: Mapping[str, object] | None = None) -> S:
        """Asked again until it is answered, or nobody has answered for as long as our patience lasts."""
        said = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        began = time.monotonic()
        faults = 0
        for tries in itertools.count():
            why, answer = await self._try(method, self._address + path, said)
            if why is None:
                return self._read(shape, answer)
            faults += not why.is_away
            if faults >= MOST_FAULTS_OF_THE_SERVICE:
                raise Unavailable(f"{why}. Its log says more; start the same command again when that is put right.")
            if time.monotonic() - began > self.patience:
                raise Unavailable(
                    f"{why}, and so for {self.patience:.0f} s. Start the same command again when it is back: "
                    "it goes on where it stopped."
                )
            await asyncio.sleep(max(why.asked_to_wait, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries, 10))))
        raise AssertionError("counting has no end")

    async def _try(self, method: str, address: str, said: bytes | None) -> tuple[NoAnswer | None, bytes]:
        try:
            async with self._session.request(method, address, data=said, headers=self._headers) as response:
                answer = await response.read()
        except aiohttp.InvalidURL:
            raise Refused(f"{address} is not an address: write one such as http://127.0.0.1:8080.") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            return NoAnswer(f"{self._address} cannot be reached ({type(error).__name__})", is_away=True), b""
        if response.ok:
            return None, answer
        if response.status in AGAIN:
            wait = response.headers.get("Retry-After", "")
            asked = float(wait) if wait.isdecimal() else 0.0
            return NoAnswer(f"{self._address} answered {response.status}", is_away=True, asked_to_wait=asked), b""
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return NoAnswer(f"{self._address} answered {response.status}: {reason(answer)}", is_away=False), b""
        raise refusal(response.status, reason(answer), self._address)

    def _read(self, shape: type[S], answer: bytes) -> S:
        try:
            return shape.model_validate_json(answer)
        except ValidationError:
            raise Refused(f"{self._address} answered something else than an Accesspoint does: check --url.") from None


def refusal(status: int, why: str, address: str) -> Refused:
    """What cannot be helped by asking again."""
    if status == HTTPStatus.CONFLICT:
        return Conflict(why)
    if status in WHO_IS_ASKING:
        return Refused(
            f"{address} does not let you import ({status}): {why} Give a token of an administrator with --token, "
            "such as `accesspoint token NAME --role administrator` prints."
        )
    if status in NOT_THERE:
        return Refused(f"{address} does not take imports ({status}): {why} Check --url.")
    return Refused(why)


def reason(answer: bytes) -> str:
    """The sentence of the problem the service answered with."""
    try:
        problem: Any = json.loads(answer)
        return str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return "it said no more."
