"""Taking in what has been fetched from a folder: the mails and the position in it become durable together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.intake.actions.mail import keeping
from services.intake.domain.mail import fetching as rules
from services.intake.domain.mail.dating import Standing
from services.intake.domain.mail.fetching import Fetched, FetchedMail, Folder, Hold, Listed, Position
from services.intake.domain.mail.headers import head_of
from services.intake.domain.mail.model import Arrived, ArrivedBy
from services.intake.store.mail import positions as store
from shared.council import Mailbox, current
from shared.db import Connection
from shared.errors import Conflict, Refused
from shared.vocabulary import MailId, new_id
from shared.work import Cause, Work

HELD_FOR = timedelta(seconds=20)
"""After so long without a word from whoever reads a folder, another replica may."""

log = structlog.get_logger()


class TakenOver(Conflict):
    """Another replica reads the folder by now."""

    def __init__(self, hold: Hold) -> None:
        super().__init__(f'Another replica reads the folder {hold.folder} of account "{hold.account}" by now.')


async def take(work: Work, hold: Hold, cut_over: datetime, place: str) -> Standing | None:
    """
    The folder, to read it alone; None while somebody else does.

    An earlier cut-over begins at its beginning; another place does not even know what has been seen.
    """
    found = await store.position(work.db, hold, cut_over)
    if found.is_others(hold.holder, work.now):
        return None
    if cut_over < found.position.cut_over:
        await store.look_back(work.db, hold)
    await store.take(work.db, hold, work.now + HELD_FOR, cut_over, place)
    if found.read_at not in (None, place) and found.position.uid_validity != store.NEVER_READ:
        await store.begin_again(work.db, hold, store.READ_ELSEWHERE)
    return (await store.position(work.db, hold, cut_over)).position


async def renew(work: Work, hold: Hold) -> None:
    if not await store.renew(work.db, hold, work.now + HELD_FOR):
        raise TakenOver(hold)


async def release(work: Work, hold: Hold) -> None:
    await store.release(work.db, hold)


async def follow(work: Work, hold: Hold, folder: Folder, newest: int) -> Standing:
    """
    Where to go on in the folder as it is now: from the beginning when it is another one than was read.

    What it holds then, up to the newest, was moved there: whatever moved it may have forgotten when it arrived.
    """
    position = (await store.position(work.db, hold, work.now)).position
    if folder.is_what_was_read(position):
        return position
    was_moved = position.uid_validity != store.NEVER_READ
    if was_moved:
        log.warning("a folder is not the one that was read", account=hold.account, folder=hold.folder)
    moved_up_to = newest if was_moved else 0
    if not await store.begin_again(work.db, hold, folder.uid_validity, moved_up_to):
        raise TakenOver(hold)
    return Standing(folder.uid_validity, 0, position.cut_over, moved_up_to=moved_up_to)


async def keep(work: Work, hold: Hold, uid_validity: int, fetched: Fetched, by_their_date: Collection[int] = ()) -> int:
    """How many mails are missing by now. One that is known already, by whatever way it came, stays one."""
    moved = store.Moved(uid_validity, fetched.last_uid, fetched.missing, work.now + HELD_FOR)
    missing = await store.move(work.db, hold, moved, work.now)
    if missing is None:
        raise TakenOver(hold)
    seen: dict[int, MailId | None] = dict.fromkeys(fetched.passed_over)
    for mail in fetched.mails:
        dated = replace(mail.arrived, received_at=rules.believed(mail.arrived.received_at, work.now))
        [kept] = await keeping.keep(work.because(Cause(work.cause.actor, new_id())), [dated], mail.identity)
        seen[mail.uid] = kept.mail_id
    if seen:
        await store.note_seen(work.db, hold, uid_validity, seen, by_their_date)
    return missing


async def count_missing(work: Work, hold: Hold, missing: int) -> None:
    await store.count_missing(work.db, hold, missing, work.now)


async def unknown(db: Connection, hold: Hold, position: Position, uids: Sequence[int]) -> list[int]:
    return await store.unknown(db, hold, position.uid_validity, uids)


async def mailbox_of_account(db: Connection, code: str | None, account: str) -> Mailbox:
    """`Refused` for one that the council file has not: nothing is read for nobody."""
    council = (await current(db)).council
    found = council.mailboxes.get(code or "")
    if found is None:
        known = ", ".join(council.mailboxes) or "none"
        raise Refused(
            f'Account "{account}" is for the mailbox "{code}", which the council file has not (it has: {known}): '
            "correct `mailbox` in the file of accounts, or apply a council file that has it."
        )
    return found


def arrived(listed: Listed, raw: bytes, mailbox: Mailbox) -> FetchedMail:
    """Takes a while for a large mail: outside any transaction, on a thread of its own."""
    folded = frozenset(each.casefold() for each in mailbox.addresses)

    def is_the_mailboxs(address: str) -> bool:
        local, _, domain = address.casefold().rpartition("@")
        return f"{local}@{domain}" in folded or f"{local.partition('+')[0]}@{domain}" in folded

    head = head_of(raw)
    came = Arrived(
        mailbox=mailbox.code,
        by=ArrivedBy.IMAP,
        sent_from=rules.sent_from(head),
        sent_to=rules.sent_to(head, mailbox.addresses[0], is_the_mailboxs),
        raw=raw,
        received_at=listed.arrived_at,
    )
    return FetchedMail(listed.uid, came, keeping.identified(raw))
