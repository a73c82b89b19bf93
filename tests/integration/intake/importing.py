"""Somebody who brings in an older system's file, in batches of their choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.vocabulary import Role, new_id
from tests.integration.intake.desk import Answered, Desk

IMPORTS = "/intake/v1/imports"
OPENED = "2015-01-05T09:00:00-05:00"
TARGET = "2015-01-07T09:00:00-05:00"
CLOSED = "2015-01-06T15:30:00-05:00"
Fields = dict[str, Any]


def a_row(line: int, row_id: str | None = None, **fields: Any) -> Fields:
    return {
        "line": line,
        "row_id": row_id or f"row-{line}",
        "channel": "telephone",
        "title": "Street light outage",
        "text": "The lamp at the corner is dark.",
        "received_at": OPENED,
        **fields,
    }


def closed(line: int, row_id: str | None = None, **fields: Any) -> Fields:
    return a_row(line, row_id, due_at=TARGET, resolved_at=CLOSED, resolution="done", **fields)


@dataclass(frozen=True, slots=True)
class Importer:
    """With a token of whoever may import."""

    desk: Desk

    @property
    def token(self) -> str:
        return self.desk.token_of(Role.ICT)

    async def begins(self, **fields: Any) -> Answered:
        asked = {"system": "old", "file_name": "q1.csv", "file_digest": "a" * 64, "map_digest": "b" * 64, **fields}
        return await self.desk.posts(IMPORTS, asked, self.token)

    async def begun(self, **fields: Any) -> str:
        """The path of an import of its own."""
        answered = await self.begins(**{"file_digest": new_id().hex * 2, **fields})
        assert answered.status == 201, answered.told
        return f"{IMPORTS}/{answered.fields['import_id']}"

    async def sends(self, path: str, rows: list[Fields], after: int, up_to: int | None = None, **more: Any) -> Answered:
        end = up_to if up_to is not None else rows[-1]["line"]
        body = {"after": after, "up_to": end, "rows": rows, **more}
        return await self.desk.posts(f"{path}/rows", body, self.token)

    async def takes_in(self, path: str, *rows: Fields, after: int = 0) -> Fields:
        answered = await self.sends(path, list(rows), after)
        assert answered.status == 200, answered.told
        return dict(answered.fields)

    async def shows(self, path: str) -> Fields:
        answered = await self.desk.gets(path, self.token)
        assert answered.status == 200, answered.told
        return dict(answered.fields)

    async def taken(self, path: str) -> list[Fields]:
        """The rows, with the enquiries they have become."""
        return list((await self.shows(f"{path}/rows"))["rows"])

    async def tracked(self, row: Fields) -> Fields:
        return await self.shows(f"/intake/v1/enquiries/{row['reference']}")
