"""The stop switch for all that goes out by email: for when something is going wrong, and nobody knows yet what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta

import structlog

from services.intake.actions.sending import SEND
from services.intake.settings import settings
from services.intake.store import stopped as store
from services.intake.store.mail import sending as rules
from services.intake.store.mail import waiting
from services.intake.store.stopped import MAIL, Stopped
from shared.contracts.intake import MessageFailed
from shared.db import Connection
from shared.errors import Conflict, NotFound
from shared.telemetry import MAIL_HELD_BACK, OLDEST_WAITING_MAIL_SECONDS
from shared.vocabulary import EnquiryId, MessageId
from shared.work import Work, Workshop

HOUR = timedelta(hours=1)
WITHHELD = "withheld"
"""The way that a message went which a person has taken back."""

log = structlog.get_logger()


async def stop(work: Work, who: str, because: str) -> Stopped | None:
    """What is to be sent waits. Once stopped, it stays so as it was first said."""
    await store.stop(work.db, MAIL, work.now, who, because)
    return await store.stopped(work.db, MAIL)


async def start(work: Work) -> None:
    """What has waited is sent. Who stopped it and who started it again stays known."""
    await store.start(work.db, MAIL, work.now, work.cause.actor)
    work.wake(SEND)


async def standing(db: Connection) -> Stopped | None:
    """None while mail goes out."""
    return await store.stopped(db, MAIL)


async def about(db: Connection, message_ids: Sequence[MessageId]) -> dict[MessageId, EnquiryId]:
    """Which enquiry each message is about. `NotFound` when there is no such message."""
    found: dict[MessageId, EnquiryId] = {}
    for message_id in message_ids:
        enquiry_id = await waiting.enquiry_of(db, message_id)
        if enquiry_id is None:
            raise NotFound(f"There is no message {message_id}: copy the ids from what waits.")
        found[message_id] = enquiry_id
    return found


async def withhold(work: Work, messages: dict[MessageId, EnquiryId], because: str) -> None:
    """All of them or none. Whoever wrote one is told, as of one that failed."""
    for message_id, enquiry_id in messages.items():
        kind = await waiting.withhold(work.db, message_id, because, work.now)
        if kind is None:
            raise Conflict(f"Message {message_id} does not wait to go out by email: nothing was withheld.")
        work.say(MessageFailed(message_id=message_id, enquiry_id=enquiry_id, kind=kind, by=WITHHELD, because=because))


async def watch(workshop: Workshop) -> None:
    """So that nobody forgets that mail waits: figures, and a line in the log while none goes out."""
    most = settings().mails_per_hour
    async with workshop.reading() as db:
        now = await workshop.timesource.now(db)
        is_stopped = await standing(db) is not None
        may = await rules.may_leave(db, now - HOUR, most)
        oldest = await waiting.oldest_due(db, now)
    are_full, is_full = may.mails and not may.receipts, not is_stopped and not may.mails
    ages = {what: (now - since).total_seconds() if since else 0.0 for what, since in asdict(oldest).items()}
    MAIL_HELD_BACK.labels("intake", "stopped").set(is_stopped)
    MAIL_HELD_BACK.labels("intake", "limit").set(is_full)
    MAIL_HELD_BACK.labels("intake", "receipts").set(are_full)
    for what, age in ages.items():
        OLDEST_WAITING_MAIL_SECONDS.labels("intake", what).set(age)
    if are_full and ages["receipts"]:
        log.warning("receipts wait: half of an hour's mails were some", oldest_waits_seconds=round(ages["receipts"]))
    if is_stopped or is_full:
        waits = round(max(ages.values()))
        log.warning("no mail goes out", because="stopped" if is_stopped else "limit", oldest_waits_seconds=waits)
