"""Showing mails to people, which is kept, and deleting them, which is kept as well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from services.intake.store.mail import looking as store
from services.intake.store.mail import tombstones
from services.intake.store.mail.looking import FileOfMail, ShownMail
from shared.errors import Conflict, NotFound
from shared.vocabulary import ContactId, MailId
from shared.web import Download
from shared.work import Work, Workshop

NO_SUCH_MAIL = "There is no such mail: copy its id once more from the list of mails."
MESSAGE = "message/rfc822"


@dataclass(frozen=True, slots=True)
class MailAndFiles:
    """A mail as it was read, and the files that came with it."""

    mail: ShownMail
    files: list[FileOfMail]


async def show(work: Work, mail_id: MailId, who: str) -> MailAndFiles:
    """That it was shown is kept."""
    mail = await accessed(work, mail_id, who, "text")
    return MailAndFiles(mail, await store.files(work.db, ContactId(mail.contact_id)))


async def give(work: Work, mail_id: MailId, who: str, workshop: Workshop) -> Download:
    """As it arrived. That it was given is kept."""
    mail = await accessed(work, mail_id, who, "raw")
    if mail.deleted_at is not None:
        raise NotFound(f"This mail was deleted on {mail.deleted_at:%d %B %Y}: its bytes are gone.")
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


async def delete(work: Work, mail_id: MailId, who: str, because: str) -> ShownMail:
    """Bytes and texts go, the row stays: delivered again, it is known and becomes nothing. Twice is harmless."""
    state = await tombstones.state(work.db, mail_id)
    if state is None:
        raise NotFound(NO_SUCH_MAIL)
    if state in ("kept", "reading"):
        raise Conflict("This mail has just arrived and is being read: delete it in a moment.")
    if state != "deleted":
        await tombstones.delete(work.db, mail_id, work.now, who, because)
    mail = await store.shown(work.db, mail_id)
    if mail is None:
        raise LookupError("a deleted mail has lost its row")
    return mail
