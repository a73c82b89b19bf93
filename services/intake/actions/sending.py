"""Sending messages to citizens: the attempt is stored first, made outside any transaction, and then ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from services.intake.domain.messages import Attempt, Message, MessageState, Tried, is_given_up, wait_after
from services.intake.gateways.outgoing import Outgoing, outgoing
from services.intake.settings import settings
from services.intake.store import messages as store
from shared.contracts.crm import ReplyRequested
from shared.contracts.intake import MessageDelivered, MessageFailed
from shared.errors import Early, Refused, Unavailable
from shared.vocabulary import enquiry_subject
from shared.work import Cause, Work

SEND = "send-messages"
LOST_AFTER = timedelta(minutes=2)
"""Longer than any carrier is waited for: an attempt without an end was cut off."""

log = structlog.get_logger()


async def take_message(work: Work, asked: ReplyRequested) -> None:
    """A row that waits to be sent: nobody outside is called while an event is handled."""
    message = Message(
        message_id=asked.message_id,
        enquiry_id=asked.enquiry_id,
        reference=asked.reference,
        kind=asked.kind,
        text=asked.text,
        channel=asked.channel,
        name=asked.citizen_name,
        address=asked.citizen_email,
        language=asked.language,
    )
    if not await store.add_message(work.db, message, work.occurred_at, work.now, work.cause):
        raise Early(asked.subject)
    work.wake(SEND)


async def begin_attempt(work: Work) -> Attempt | None:
    """The next message that is due, with its attempt stored; None when there is none."""
    return await store.begin_attempt(work.db, work.now, LOST_AFTER)


async def make_attempt(attempt: Attempt, by: Outgoing | None = None) -> Tried:
    """In no transaction. However it fails, it ends."""
    by = by or outgoing()
    try:
        await send_once(attempt, by)
    except Unavailable as error:
        return Tried(by.name, sent=False, why=str(error), again=True)
    except Refused as error:
        return Tried(by.name, sent=False, why=str(error))
    except Exception as error:
        log.error("a carrier failed", carrier=by.name, message_id=str(attempt.message.message_id), exc_info=error)
        return Tried(by.name, sent=False, why=f"The carrier failed ({type(error).__name__}).", again=True)
    return Tried(by.name, sent=True)


async def send_once(attempt: Attempt, by: Outgoing) -> None:
    """An attempt before this one may have been cut off after it had sent. After the last, it is only looked for."""
    if attempt.nth > 1 and await by.has(attempt.message.message_id):
        return
    if attempt.nth > settings().send_tries:
        raise Refused(f"It was tried {attempt.nth - 1} times, and never got through.")
    await by.send(attempt.message)


@dataclass(frozen=True, slots=True)
class Ending:
    """An attempt that has been made, and what became of it."""

    attempt: Attempt
    tried: Tried

    @property
    def subject(self) -> str:
        return enquiry_subject(self.attempt.message.enquiry_id)

    @property
    def cause(self) -> Cause:
        """The story of whoever asked for the message."""
        attempt = self.attempt
        return Cause("intake", attempt.correlation_id, attempt.causation_id, attempt.traceparent)

    async def note(self, work: Work) -> None:
        """Says what became of the message, once that is certain. Tried too often, it is given up."""
        attempt, tried, limits = self.attempt, self.tried, settings()
        given_up = is_given_up(tried, attempt.nth, limits.send_tries)
        state = MessageState.DELIVERED if tried.sent else MessageState.FAILED if given_up else MessageState.WAITING
        look_at = work.now + wait_after(attempt.nth, limits.send_again_after)
        settled = await store.end_attempt(work.db, attempt, work.now, tried.why, state, look_at)
        if not settled:
            return
        message_id, enquiry_id = attempt.message.message_id, attempt.message.enquiry_id
        if tried.sent:
            work.say(
                MessageDelivered(
                    message_id=message_id, enquiry_id=enquiry_id, by=tried.by, delivered_at=work.occurred_at
                )
            )
        elif given_up:
            log.warning("a message could not be sent", message_id=str(message_id), attempts=attempt.nth)
            work.say(MessageFailed(message_id=message_id, enquiry_id=enquiry_id, by=tried.by, because=tried.why or ""))
