"""Showing mails to people, which is kept, and deleting them, which is kept as well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.intake.actions import filing
from services.intake.actions.mail.placing import STARTS
from services.intake.store.mail import looking as store
from services.intake.store.mail import tombstones
from services.intake.store.mail.looking import ListedFile, ShownMail
from shared.db import Connection
from shared.errors import Conflict, NotFound
from shared.vocabulary import ContactId, MailId
from shared.web import Download
from shared.work import Work, Workshop

NO_SUCH_MAIL = "There is no such mail: copy its id once more from the list of mails."
MESSAGE = "message/rfc822"
GIVEN_UP = STARTS + 1
"""A mail that was begun more often than this has failed even as an unreadable one."""


@dataclass(frozen=True, slots=True)
class MailAndFiles:
    """A mail as it was read, and the files that came with it."""

    mail: ShownMail
    files: list[ListedFile]


async def show(work: Work, mail_id: MailId, who: str) -> MailAndFiles:
    """That it was shown is kept."""
    mail = await accessed(work, mail_id, who, "text")
    return MailAndFiles(mail, await store.files(work.db, ContactId(mail.contact_id)))


async def give(work: Work, mail_id: MailId, who: str, workshop: Workshop) -> Download:
    """As it arrived. That it was given is kept."""
    mail = await accessed(work, mail_id, who, "raw")
    if mail.deleted_at is not None:
        raise NotFound(f"This mail was deleted on {mail.deleted_at:%d %B %Y}: its bytes and files are gone.")
    return Download(f"{mail_id}.eml", MESSAGE, mail.size, pieces(workshop, mail_id))


async def accessed(work: Work, mail_id: MailId, who: str, what: Literal["text", "raw"]) -> ShownMail:
    mail = await store.shown(work.db, mail_id)
    if mail is None:
        raise NotFound(NO_SUCH_MAIL)
    await store.keep_access(work.db, mail_id, who, what, work.now, work.cause.correlation_id)
    return mail


async def pieces(workshop: Workshop, mail_id: MailId) -> AsyncIterator[bytes]:
    """Read one by one while they are sent, so that nobody holds a large mail as a whole."""
    nth = 0
    while True:
        async with workshop.reading() as db:
            piece = await store.piece(db, mail_id, nth)
        if piece is None:
            return
        yield bytes(piece)
        nth += 1


async def oldest_seconds(db: Connection, now: datetime) -> float:
    """For how long the oldest mail has waited to be placed; 0 when none waits."""
    waiting = await store.backlog(db)
    return (now - waiting.since).total_seconds() if waiting.since is not None else 0.0


async def delete(work: Work, mail_id: MailId, who: str, because: str) -> ShownMail:
    """
    Its bytes, what was read in them, and the files that came with it. Twice is harmless.

    The row stays: delivered again, it is known and becomes nothing. Its contact stays in the record, here and in crm,
    with the text that was said of it.
    """
    standing = await tombstones.standing(work.db, mail_id)
    if standing is None:
        raise NotFound(NO_SUCH_MAIL)
    if standing.state in ("kept", "reading") and standing.starts <= GIVEN_UP:
        raise Conflict("This mail has just arrived and is being read: delete it in a moment.")
    if standing.state != "deleted":
        await tombstones.delete(work.db, mail_id, work.now, who, because)
    mail = await store.shown(work.db, mail_id)
    if mail is None:
        raise LookupError("a deleted mail has lost its row")
    await filing.delete_of(work, ContactId(mail.contact_id))
    return mail
