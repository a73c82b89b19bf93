"""Files that came with contacts, and who has been given them. Their bytes are with the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.intake.domain.attachments import Attachment
from shared.db import Connection
from shared.vocabulary import ContactId, FileId, new_id

FILE = "SELECT file_id, name, media_type, size, sha256 FROM files WHERE file_id = $1 AND deleted_at IS NULL"


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


DELETED_AT = "SELECT deleted_at FROM files WHERE file_id = $1"


async def deleted_at(db: Connection, file_id: FileId) -> datetime | None:
    """None for one that was not deleted, or never was."""
    found: datetime | None = await db.fetchval(DELETED_AT, file_id)
    return found


DELETE_OF = """
UPDATE files SET deleted_at = $2, name = '', sha256 = ''
 WHERE contact_id = $1 AND deleted_at IS NULL RETURNING file_id
"""


async def delete_of(db: Connection, contact_id: ContactId, now: datetime) -> bool:
    """Whether the contact had any. Nobody is given them from now on."""
    return await db.fetchval(DELETE_OF, contact_id, now) is not None


TO_DROP = "SELECT file_id FROM files WHERE deleted_at IS NOT NULL AND dropped_at IS NULL ORDER BY deleted_at LIMIT $1"
DROPPED = "UPDATE files SET dropped_at = $2 WHERE file_id = ANY ($1)"


async def to_drop(db: Connection, most: int) -> list[FileId]:
    """Those that were deleted and whose bytes may be there still."""
    return [FileId(row["file_id"]) for row in await db.fetch(TO_DROP, most)]


async def note_dropped(db: Connection, file_ids: Sequence[FileId], now: datetime) -> None:
    await db.execute(DROPPED, file_ids, now)


WITH_ROWS = "SELECT file_id FROM files WHERE file_id = ANY ($1) AND deleted_at IS NULL"


async def with_rows(db: Connection, file_ids: Sequence[FileId]) -> set[FileId]:
    """Those of the files that belong to a contact, and were not deleted."""
    return {FileId(row["file_id"]) for row in await db.fetch(WITH_ROWS, file_ids)}
