"""Messages to citizens: how each stands, and what was tried."""

from datetime import datetime
from uuid import UUID

from services.intake.domain.messages import Followed, MessageState
from services.intake.store import messages as store
from shared.errors import NotFound
from shared.vocabulary import MessageId, MessageKind, Role
from shared.web import Answer, Call, Shown, route


class AttemptMade(Shown):
    """Without an end it is under way, or was cut off."""

    begun_at: datetime
    ended_at: datetime | None
    why: str | None


class MessageShown(Shown):
    """How a message stands; what it says is in the enquiry's record. A receipt that is withheld says why."""

    message_id: UUID
    enquiry_id: UUID
    kind: MessageKind
    state: MessageState
    requested_at: datetime
    why: str | None
    attempts: list[AttemptMade]


async def get_message(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        found = await store.followed(db, MessageId(call.id("message_id")))
    if found is None:
        raise NotFound("There is no such message: copy its id once more from the answer to whoever sent it.")
    return Answer(200, shown(found))


def shown(found: Followed) -> MessageShown:
    return MessageShown(
        message_id=found.message_id,
        enquiry_id=found.enquiry_id,
        kind=found.kind,
        state=found.state,
        requested_at=found.requested_at,
        why=found.why,
        attempts=[AttemptMade(begun_at=each.begun_at, ended_at=each.ended_at, why=each.why) for each in found.attempts],
    )


SERVES = (
    route(
        "GET",
        "/v1/messages/{message_id}",
        get_message,
        who=(Role.ADVISER, Role.OFFICER, Role.MANAGER),
        gives={200: MessageShown},
        refuses=(404,),
        summary="Show how a message to a citizen stands.",
    ),
)
