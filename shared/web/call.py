"""One HTTP call as a handler sees it: read, checked, and knowing who calls and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from shared.errors import NotFound
from shared.web.idempotency import Command, run_once
from shared.web.languages import languages_in
from shared.web.media import prefers_csv

if TYPE_CHECKING:
    from shared.auth import Caller
    from shared.settings import ServiceSettings
    from shared.web.answer import Answer
    from shared.web.uploads import Upload
    from shared.work import Action, Cause, Workshop

B = TypeVar("B")
Q = TypeVar("Q", bound=BaseModel)
S = TypeVar("S", bound="ServiceSettings")

UUID_FORM = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Call(Generic[B]):
    """`body` is validated; `path` holds what stood in the braces of the route's path; `files` came beside the body."""

    body: B
    path: Mapping[str, str]
    query: BaseModel | None
    caller: Caller
    cause: Cause
    workshop: Workshop
    settings: ServiceSettings | None
    if_match: int | None = None
    repeatable: Command | None = None
    files: tuple[Upload, ...] = ()
    accept_language: str | None = None
    accept: str | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """What the caller reads, best first: `cy`, `en`."""
        return languages_in(self.accept_language)

    @property
    def prefers_csv(self) -> bool:
        """Where the route has it, by `as_csv`."""
        return prefers_csv(self.accept)

    @property
    def correlation_id(self) -> UUID:
        return self.cause.correlation_id

    @property
    def idempotency_key(self) -> str | None:
        return self.repeatable.key if self.repeatable else None

    def id(self, name: str) -> UUID:
        """The id in the path. What is no id names nothing: `NotFound`."""
        text = self.path[name]
        if UUID_FORM.fullmatch(text) is None:
            raise NotFound("There is nothing at this address: its id is not complete. Copy it once more.")
        return UUID(text)

    def query_as(self, kind: type[Q]) -> Q:
        """The query under its type, which is the one the route names."""
        if not isinstance(self.query, kind):
            raise TypeError(f"the route names no query of type {kind.__name__}")
        return self.query

    def settings_as(self, kind: type[S]) -> S:
        if not isinstance(self.settings, kind):
            raise TypeError(f"the service has no settings of type {kind.__name__}")
        return self.settings

    async def command(self, subjects: Sequence[str], action: Action[Answer], *, fresh: Sequence[str] = ()) -> Answer:
        """Runs the action in one work, once for its Idempotency-Key: a repeat gets the first answer again."""
        if self.repeatable is None:
            raise TypeError("only a route with command=True runs a command")
        return await run_once(self.workshop, self.cause, self.repeatable, subjects, action, fresh)
