"""Files that came with contacts, and who has been given them. Their bytes are with the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.intake.domain.attachments import Attachment
from shared.db import Connection
from shared.vocabulary import FileId, new_id

FILE = "SELECT file_id, name, media_type, size, sha256 FROM files WHERE file_id = $1"


async def file(db: Connection, file_id: FileId) -> Attachment | None:
    row = await db.fetchrow(FILE, file_id)
    return Attachment(**dict(row)) if row is not None else None


KEEP_ACCESS = """
INSERT INTO file_accesses (access_id, file_id, who, what, occurred_at, correlation_id) VALUES ($1, $2, $3, $4, $5, $6)
"""


async def keep_access(
    db: Connection,
    file_id: FileId,
    who: str,
    what: Literal["file", "link"],
    occurred_at: datetime,
    correlation_id: UUID,
) -> None:
    await db.execute(KEEP_ACCESS, new_id(), file_id, who, what, occurred_at, correlation_id)


WITH_ROWS = "SELECT file_id FROM files WHERE file_id = ANY ($1)"


async def with_rows(db: Connection, file_ids: Sequence[FileId]) -> set[FileId]:
    """Those of the files that belong to a contact."""
    return {FileId(row["file_id"]) for row in await db.fetch(WITH_ROWS, file_ids)}
