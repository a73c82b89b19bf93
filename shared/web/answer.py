"""What a handler gives back, and how it becomes an HTTP response."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import BaseModel

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers. A body of bytes is JSON already, as when a first answer is given again."""

    status: int
    body: BaseModel | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if isinstance(self.body, BaseModel):
            return self.body.__pydantic_serializer__.to_json(self.body, by_alias=True)
        return self.body or b""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004  the 2xx of HTTP


def etag(version: int) -> dict[str, str]:
    """The header that lets the next command say which version it saw."""
    return {"ETag": f'"{version}"'}


def response_of(answer: Answer) -> web.Response:
    # Answers may be about a citizen, so nothing on the way may keep them.
    headers = {"Cache-Control": "no-store", **answer.headers}
    content = answer.content
    if content:
        headers["Content-Type"] = JSON
    return web.Response(status=answer.status, body=content or None, headers=headers)
