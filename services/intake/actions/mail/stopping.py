"""The stop switch for all that goes out by email: for when something is going wrong, and nobody knows yet what."""

from __future__ import annotations

from services.intake.actions.sending import SEND
from services.intake.store import stopped as store
from services.intake.store.stopped import MAIL, Stopped
from shared.db import Connection
from shared.work import Work


async def stop(work: Work, who: str, because: str) -> Stopped | None:
    """What is to be sent waits. Once stopped, it stays so as it was first said."""
    await store.stop(work.db, MAIL, work.now, who, because)
    return await store.stopped(work.db, MAIL)


async def start(work: Work) -> None:
    """What has waited is sent."""
    await store.start(work.db, MAIL)
    work.wake(SEND)


async def standing(db: Connection) -> Stopped | None:
    """None while mail goes out."""
    return await store.stopped(db, MAIL)
