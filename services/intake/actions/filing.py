"""Keeping files that came with contacts, and giving them to those who may have them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from services.intake.domain.attachments import Attachment, kind_of, name_of
from services.intake.domain.contacts import Contact
from services.intake.domain.links import check_link, signature_of
from services.intake.gateways.files import Files, files
from services.intake.gateways.link_key import link_key
from services.intake.settings import settings
from services.intake.store import files as store
from shared.db import Connection
from shared.errors import NotFound
from shared.vocabulary import ContactId, FileId, new_id
from shared.web import Download, Upload, UploadLimits
from shared.work import Work

A_WHILE = timedelta(hours=1)
"""Longer than any work takes: a file that is new for so long and has no row will never have one."""
MOST_AT_ONCE = 1_000
DROP = "drop-deleted-files"


def upload_limits() -> UploadLimits:
    limits = settings()
    return UploadLimits(
        folder=files().arriving,
        most=limits.max_files,
        largest=limits.max_file_bytes,
        largest_in_all=limits.max_upload_bytes,
    )


async def keep(uploads: Sequence[Upload]) -> tuple[Attachment, ...]:
    """Before the work that gives them rows, so that no row is ever without its file. All are looked at first."""
    taken = settings().taken
    kinds = [kind_of(upload.name, upload.head, upload.size, taken) for upload in uploads]
    kept = []
    for upload, kind in zip(uploads, kinds, strict=True):
        file_id = FileId(new_id())
        await files().keep(file_id, upload.path)
        kept.append(
            Attachment(
                file_id=file_id,
                name=name_of(upload.name, kind),
                media_type=kind,
                size=upload.size,
                sha256=upload.sha256,
            )
        )
    return tuple(kept)


async def attached(contact: Contact, uploads: Sequence[Upload]) -> Contact:
    return replace(contact, attachments=await keep(uploads))


async def give(work: Work, file_id: FileId, who: str) -> Download:
    """To somebody who may have it; that they had it is kept."""
    return await download(await accessed(work, file_id, who, "file"))


async def accessed(work: Work, file_id: FileId, who: str, what: Literal["file", "link"]) -> Attachment:
    file = await found(work.db, file_id)
    await store.keep_access(work.db, file_id, who, what, work.now, work.cause.correlation_id)
    return file


async def found(db: Connection, file_id: FileId) -> Attachment:
    file = await store.file(db, file_id)
    if file is None and (deleted_at := await store.deleted_at(db, file_id)) is not None:
        raise NotFound(f"This file was deleted on {deleted_at:%d %B %Y}, with the mail it came with.")
    if file is None:
        raise NotFound("There is no such file: copy its id once more from the enquiry's record.")
    return file


async def download(file: Attachment) -> Download:
    return Download(file.name, file.media_type, file.size, await files().read(file.file_id))


@dataclass(frozen=True, slots=True)
class Link:
    """What stands in a link to a file, and until when it is good."""

    expires: int
    signature: str
    expires_at: datetime


async def make_link(work: Work, file_id: FileId, who: str) -> Link:
    """Who asks for it answers for where it goes."""
    await accessed(work, file_id, who, "link")
    expires_at = work.now.replace(microsecond=0) + timedelta(seconds=settings().link_seconds)
    expires = int(expires_at.timestamp())
    return Link(expires, signature_of(link_key(), file_id, expires), expires_at)


async def follow_link(db: Connection, file_id: FileId, expires: int, signature: str, now: datetime) -> Download:
    check_link(link_key(), file_id, expires, signature, now)
    return await download(await found(db, file_id))


async def delete_of(work: Work, contact_id: ContactId) -> None:
    """What came with a contact: from now on nobody is given it, and its bytes go once this is certain."""
    if await store.delete_of(work.db, contact_id, work.now):
        work.wake(DROP)


async def drop_deleted(work: Work) -> None:
    """Dropping them again does no harm."""
    if deleted := await store.to_drop(work.db, MOST_AT_ONCE):
        await files().drop(deleted)
        await store.note_dropped(work.db, deleted, work.now)


async def sort_new_files(db: Connection, now: datetime, kept: Files | None = None) -> None:
    """Those whose rows were committed stay; those whose work came to nothing go."""
    kept = kept or files()
    waiting = await kept.new(now - A_WHILE)
    for start in range(0, len(waiting), MOST_AT_ONCE):
        await sort_some(db, waiting[start : start + MOST_AT_ONCE], kept)


async def sort_some(db: Connection, waiting: Collection[FileId], kept: Files) -> None:
    with_rows = await store.with_rows(db, list(waiting))
    await kept.settle(with_rows)
    await kept.drop(set(waiting) - with_rows)
