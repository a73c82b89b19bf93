"""Keeping a mail before anybody is told that it arrived: whole, once, and durable."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.model import Arrived, HandedOver, Identity
from services.intake.store.mail import keeping as store
from services.intake.store.mail.keeping import Kept
from shared.work import Work

PLACE = "place-mails"


def identified(raw: bytes) -> Identity:
    """Takes a while for a large mail: outside any transaction, on a thread of its own."""
    return identity_of(raw)


async def keep(work: Work, arrived: Sequence[Arrived], identity: Identity) -> list[Kept]:
    """The same bytes for each of several mailboxes: all are kept or none. Whatever is new is placed soon."""
    kept = [await store.keep(work.db, mail, identity, work.now, work.cause.correlation_id) for mail in arrived]
    if any(each.is_new for each in kept):
        work.wake(PLACE)
    return kept


async def keep_small(work: Work, mails: Sequence[HandedOver]) -> None:
    """Mails of one piece each, whatever story they belong to: all are kept or none."""
    if await store.keep_small(work.db, mails, work.now):
        work.wake(PLACE)
