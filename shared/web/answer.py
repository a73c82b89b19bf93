"""What a handler gives back, and how it becomes an HTTP response."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Download:
    """
    A file, read while it is sent. It came from outside, so a browser saves it and never shows it as a page.

    In which charset a text was written nobody has said, so nothing is claimed about it.
    """

    name: str
    media_type: str
    size: int
    chunks: AsyncIterator[bytes]

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": self.media_type,
            "Content-Length": str(self.size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(self.name, safe='')}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers. A body of bytes is JSON already, as when a first answer is given again."""

    status: int
    body: BaseModel | Download | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        if isinstance(self.body, BaseModel):
            return self.body.__pydantic_serializer__.to_json(self.body, by_alias=True)
        if isinstance(self.body, Download):
            raise TypeError("a file is sent, not kept: a command answers with JSON")
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
    if isinstance(answer.body, Download):
        return web.Response(status=answer.status, body=answer.body.chunks, headers=headers | answer.body.headers)
    content = answer.content
    if content:
        headers["Content-Type"] = JSON
    return web.Response(status=answer.status, body=content or None, headers=headers)
