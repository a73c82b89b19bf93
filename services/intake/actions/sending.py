"""Sending messages to citizens: the attempt is stored first, made outside any transaction, and then ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple, TypeAlias, TypedDict

import structlog

from services.intake.actions.mail.writing import as_mail, occasion_of
from services.intake.domain.mail.letters import posting_of
from services.intake.domain.messages import (
    LONGEST_WAIT,
    LONGEST_WAIT_WHILE_AWAY,
    MAY_HAVE_LEFT,
    MOST_CUT_OFF,
    Attempt,
    Message,
    MessageState,
    Tried,
    is_given_up,
    wait_after,
)
from services.intake.gateways import carriers as gateway
from services.intake.gateways.carriers import Carriers
from services.intake.gateways.outgoing import ATTEMPT_WITHIN, Away, Outgoing, Unsure
from services.intake.settings import settings
from services.intake.store import messages as store
from services.intake.store.mail import participants
from services.intake.store.mail import sending as rules
from services.intake.store.mail.sending import MayLeave
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
LOST_AFTER = timedelta(seconds=ATTEMPT_WITHIN + 60)
"""Longer than any attempt takes, so that no two are under way at once: one without an end by then was cut off."""
LOOK_AGAIN = timedelta(minutes=5)
CUT_OFF_TWICE = "It was cut off twice while it was sent, and the mail server cannot be asked whether it left."
TOO_OLD = "It was cut off while it was sent, and it is too late to send it again."
TOOK_TOO_LONG = "It took too long, and may have left."

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


async def begin_attempt(work: Work, *, mails: bool = True) -> Attempt | None:
    """
    The next message that is due, with its attempt stored; None when there is none.

    No mail where none is wanted, while somebody has stopped it, or when enough have gone in an hour: whoever locks
    `SENDING` counts alone.
    """
    may = MayLeave.nothing()
    if mails:
        may = await rules.may_leave(work.db, work.now - HOUR, settings().mails_per_hour)
    attempt = await store.begin_attempt(work.db, work.now, LOST_AFTER, may)
    if attempt is None:
        return None
    maybe_twice = may_come_twice(attempt, carriers().of(attempt.message).seen_after)
    if maybe_twice:
        await store.mark_maybe_twice(work.db, attempt)
    occasion = await occasion_of(work.db, attempt.message, work.now)
    return replace(attempt, maybe_twice=maybe_twice, occasion=occasion)


def may_come_twice(attempt: Attempt, seen_after: timedelta | None) -> bool:
    """Where one before it was cut off, and nobody can be asked; or those who can have not told in time."""
    if seen_after is None:
        return attempt.cut_off == 1
    return bool(seen_after) and attempt.cut_off > 0 and not is_looked_for(attempt, seen_after)


def is_looked_for(attempt: Attempt, seen_after: timedelta) -> bool:
    """Whether it may have left before, and it is too early to say that it has not."""
    return attempt.cut_off_at is not None and attempt.begun_at < attempt.cut_off_at + LOST_AFTER + seen_after


async def make_attempt(attempt: Attempt, ways: Carriers) -> Tried:
    """In no transaction. However it fails, it ends."""
    tried = await tried_once(attempt, ways.of(attempt.message))
    if attempt.maybe_twice and tried.may_have_left:
        MESSAGES_MAYBE_TWICE.labels("intake").inc()
    return tried


async def tried_once(attempt: Attempt, by: Outgoing) -> Tried:
    try:
        async with asyncio.timeout(ATTEMPT_WITHIN):
            found = await send_once(attempt, by)
    except Unsure as error:
        return Tried(by.name, sent=False, why=str(error), again=True, unsure=True)
    except TimeoutError:
        return Tried(by.name, sent=False, why=TOOK_TOO_LONG, again=True, unsure=True)
    except Unavailable as error:
        away, not_seen = isinstance(error, Away), isinstance(error, NotSeen)
        return Tried(by.name, sent=False, why=str(error), again=True, away=away, not_seen=not_seen)
    except Refused as error:
        return Tried(by.name, sent=False, why=str(error))
    except Exception as error:
        log.error("a carrier failed", carrier=by.name, message_id=str(attempt.message.message_id), exc_info=error)
        return Tried(by.name, sent=False, why=f"The carrier failed ({type(error).__name__}).", again=True)
    return Tried(by.name, sent=True, found=found)


async def send_once(attempt: Attempt, by: Outgoing) -> bool:
    """True where it left by an attempt before this one, which was cut off."""
    message, occasion = attempt.message, attempt.occasion
    if attempt.cut_off and await left_before(attempt, by):
        return True
    await by.send(message, posting_of(message, occasion) if occasion else None)
    return False


class NotSeen(Unavailable):
    """It may have left before, and is looked for."""


async def left_before(attempt: Attempt, by: Outgoing) -> bool:
    """
    Whether it did. Raises `NotSeen` as long as that may still turn out, `Refused` where it must not be sent again.

    Where nobody can be asked, one that was cut off is made up for; a second one is not.
    """
    if by.seen_after is None:
        if attempt.cut_off > 1:
            raise Refused(CUT_OFF_TWICE)
        return False
    if await by.has(attempt.message):
        return True
    if is_looked_for(attempt, by.seen_after):
        raise NotSeen("It was cut off while it was sent, and may have left: a copy of it is looked for.")
    if attempt.cut_off >= MOST_CUT_OFF:
        raise Refused(f"It was cut off {attempt.cut_off} times while it was sent.")
    if attempt.begun_at - attempt.first_at >= settings().patience:
        raise Refused(TOO_OLD)
    return False


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
        """Says what became of the message, once that is certain. Tried for too long, it is given up."""
        attempt, tried = self.attempt, self.tried
        bounced = await store.came_back_already(work.db, attempt, found=tried.found) if tried.sent else None
        given_up = is_given_up(tried, attempt.begun_at - attempt.first_at, settings().patience)
        why = f"{tried.why} {MAY_HAVE_LEFT}" if given_up and attempt.cut_off else tried.why
        state = MessageState.DELIVERED if tried.sent else MessageState.FAILED if given_up else MessageState.WAITING
        end = End(
            state=MessageState.FAILED if bounced is not None else state,
            look_at=work.now + self.wait,
            ended_at=None if tried.unsure else work.now,
            why=why,
            left=tried.sent,
            may_have_left=tried.may_have_left,
        )
        was_deferred = await store.end_attempt(work.db, attempt, end)
        if was_deferred is not None:
            by, because = (tried.by, why or "") if bounced is None else (BOUNCE, bounced)
            self.tell(work, Told(end.state, by, because), was_deferred=was_deferred)

    @property
    def wait(self) -> timedelta:
        """Until it is looked at again, if it is."""
        nth, tried, first = self.attempt.nth, self.tried, settings().send_again_after
        if tried.not_seen:
            return LOOK_AGAIN
        if tried.unsure:
            return max(wait_after(nth, first), LOST_AFTER)
        return wait_after(nth, first, LONGEST_WAIT_WHILE_AWAY if tried.away else LONGEST_WAIT)

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
