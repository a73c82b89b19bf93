"""Sending messages to citizens: the attempt is stored first, made outside any transaction, and then ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple, TypeAlias, TypedDict

import structlog

from services.intake.actions.mail.writing import as_mail, occasion_of
from services.intake.domain.mail.letters import posting_of
from services.intake.domain.messages import Attempt, Message, MessageState, Tried, is_given_up, wait_after
from services.intake.gateways import carriers as gateway
from services.intake.gateways.carriers import Carriers
from services.intake.gateways.outgoing import ENDS_WITHIN, Outgoing, Unsure
from services.intake.settings import settings
from services.intake.store import messages as store
from services.intake.store.mail import participants
from services.intake.store.mail import sending as rules
from services.intake.store.messages import Asking, End
from shared.contracts.crm import ReplyRequested
from shared.contracts.intake import MessageDeferred, MessageDelivered, MessageFailed
from shared.errors import Early, Refused, Unavailable
from shared.telemetry import MESSAGES_MAYBE_TWICE
from shared.vocabulary import EnquiryId, MessageId, MessageKind, enquiry_subject
from shared.work import Cause, Work

SEND = "send-messages"
SENDING = "messages/sending"
"""What is locked while an attempt is begun, so that over all replicas they are counted right."""
BOUNCE = "bounce"
HOUR = timedelta(hours=1)
LOST_AFTER = timedelta(seconds=ENDS_WITHIN + 60)
"""Longer than any attempt takes, so that no two are under way at once: one without an end by then was cut off."""
TOOK_TOO_LONG = "It took too long, and may have left."
CUT_OFF_TWICE = (
    "It was cut off twice while it was sent, and the mail server cannot be asked whether it left: ask the citizen "
    "whether they have it before you send it again."
)

Ways: TypeAlias = Carriers
"""By which messages leave."""

log = structlog.get_logger()


def carriers() -> Carriers:
    """Of this installation. Whoever asks for them closes them."""
    return gateway.carriers()


class Ids(TypedDict):
    """What every event about a message carries."""

    message_id: MessageId
    enquiry_id: EnquiryId
    kind: MessageKind


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
    asking = Asking(work.occurred_at, work.now, work.cause)
    if not await store.add_message(work.db, await as_mail(work.db, message), asking):
        raise Early(asked.subject)
    if message.address is not None:
        await participants.add_participant(work.db, message.enquiry_id, message.address, work.now)
    work.wake(SEND)


async def begin_attempt(work: Work) -> Attempt | None:
    """
    The next message that is due, with its attempt stored; None when there is none.

    No mail while somebody has stopped it, or when enough have gone in an hour: whoever locks `SENDING` counts alone.
    """
    limits = settings()
    mails = await rules.may_leave(work.db, work.now - HOUR, limits.mails_per_hour)
    attempt = await store.begin_attempt(work.db, work.now, LOST_AFTER, mails=mails)
    if attempt is None:
        return None
    message, once_cut_off = attempt.message, attempt.cut_off == 1 and attempt.nth <= limits.send_tries
    maybe_twice = once_cut_off and not carriers().of(message).can_be_asked
    if maybe_twice:
        await store.mark_maybe_twice(work.db, attempt)
    occasion = await occasion_of(work.db, message, work.now)
    return replace(attempt, maybe_twice=maybe_twice, occasion=occasion)


async def make_attempt(attempt: Attempt, ways: Carriers) -> Tried:
    """In no transaction. However it fails, it ends."""
    tried = await tried_once(attempt, ways.of(attempt.message))
    if attempt.maybe_twice and (tried.sent or tried.unsure):
        MESSAGES_MAYBE_TWICE.labels("intake").inc()
    return tried


async def tried_once(attempt: Attempt, by: Outgoing) -> Tried:
    try:
        async with asyncio.timeout(ENDS_WITHIN):
            await send_once(attempt, by)
    except Unsure as error:
        return Tried(by.name, sent=False, why=str(error), again=True, unsure=True)
    except TimeoutError:
        return Tried(by.name, sent=False, why=TOOK_TOO_LONG, again=True, unsure=True)
    except Unavailable as error:
        return Tried(by.name, sent=False, why=str(error), again=True)
    except Refused as error:
        return Tried(by.name, sent=False, why=str(error))
    except Exception as error:
        log.error("a carrier failed", carrier=by.name, message_id=str(attempt.message.message_id), exc_info=error)
        return Tried(by.name, sent=False, why=f"The carrier failed ({type(error).__name__}).", again=True)
    return Tried(by.name, sent=True)


async def send_once(attempt: Attempt, by: Outgoing) -> None:
    """
    An attempt before this one may have been cut off after it had sent. After the last, it is only looked for.

    Where nobody can be asked, one that was cut off is made up for; a second one is not.
    """
    message, occasion = attempt.message, attempt.occasion
    if by.can_be_asked and attempt.nth > 1 and await by.has(message):
        return
    if not by.can_be_asked and attempt.cut_off > 1:
        raise Refused(CUT_OFF_TWICE)
    if attempt.nth > settings().send_tries:
        raise Refused(f"It was tried {attempt.nth - 1} times, and never got through.")
    await by.send(message, posting_of(message, occasion) if occasion else None)


@dataclass(frozen=True, slots=True)
class Ending:
    """An attempt that has been made, and what became of it."""

    attempt: Attempt
    tried: Tried

    @property
    def subject(self) -> str:
        return enquiry_subject(self.attempt.message.enquiry_id)

    @property
    def message_id(self) -> str:
        return str(self.attempt.message.message_id)

    @property
    def cause(self) -> Cause:
        """The story of whoever asked for the message."""
        attempt = self.attempt
        return Cause("intake", attempt.correlation_id, attempt.causation_id, attempt.traceparent)

    async def note(self, work: Work) -> None:
        """Says what became of the message, once that is certain. Tried too often, it is given up."""
        attempt, tried, limits = self.attempt, self.tried, settings()
        bounced = await store.came_back_already(work.db, attempt) if tried.sent else None
        given_up = is_given_up(tried, attempt.nth, limits.send_tries)
        state = MessageState.DELIVERED if tried.sent else MessageState.FAILED if given_up else MessageState.WAITING
        wait = wait_after(attempt.nth, limits.send_again_after)
        end = End(
            state=MessageState.FAILED if bounced is not None else state,
            look_at=work.now + (max(wait, LOST_AFTER) if tried.unsure else wait),
            ended_at=None if tried.unsure else work.now,
            why=tried.why,
            left=tried.sent,
        )
        was_deferred = await store.end_attempt(work.db, attempt, end)
        if was_deferred is not None:
            by, because = (tried.by, tried.why or "") if bounced is None else (BOUNCE, bounced)
            self.tell(work, Told(end.state, by, because), was_deferred=was_deferred)

    def tell(self, work: Work, told: Told, *, was_deferred: bool) -> None:
        message = self.attempt.message
        ids = Ids(message_id=message.message_id, enquiry_id=message.enquiry_id, kind=message.kind)
        if told.state is MessageState.DELIVERED:
            work.say(MessageDelivered(**ids, by=told.by, delivered_at=work.occurred_at))
        elif told.state is MessageState.FAILED:
            log.warning("a message could not be sent", message_id=self.message_id, attempts=self.attempt.nth)
            work.say(MessageFailed(**ids, by=told.by, because=told.because))
        elif not was_deferred:
            work.say(MessageDeferred(**ids, by=told.by, because=told.because))


class Told(NamedTuple):
    """How a message stands now, by whom, and why."""

    state: MessageState
    by: str
    because: str
