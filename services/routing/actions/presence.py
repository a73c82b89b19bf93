"""Who is there: by their own word, or because they do not answer."""

from __future__ import annotations

from services.routing.actions.choosing import CHOOSE
from services.routing.domain.advisers import DOES_NOT_ANSWER, MOST_LAPSES, Adviser, does_not_answer
from services.routing.store import advisers, offers
from shared.contracts.routing import PresenceChanged
from shared.db import Connection
from shared.errors import Forbidden
from shared.vocabulary import AdviserId, Presence
from shared.work import Work


async def known_adviser(db: Connection, adviser_id: AdviserId) -> Adviser:
    adviser = await advisers.adviser(db, adviser_id)
    if adviser is None:
        raise Forbidden(
            "You are not in the council file: ask whoever keeps it to add you, with the queues you take tasks of."
        )
    return adviser


async def set_presence(work: Work, adviser_id: AdviserId, presence: Presence) -> None:
    """Said only when it changes. An offer made before stays: whoever goes may still answer it."""
    await change(work, adviser_id, presence)
    # Asked last: they may have left the council file at this moment.
    await known_adviser(work.db, adviser_id)


async def change(work: Work, adviser_id: AdviserId, presence: Presence, because: str | None = None) -> None:
    if await advisers.set_presence(work.db, adviser_id, presence, work.now, because):
        work.say(PresenceChanged(adviser_id=adviser_id, presence=presence))
        work.wake(CHOOSE)


async def miss(work: Work, adviser_id: AdviserId) -> None:
    """Whoever lets offer after offer lapse is not there: others should not wait for them."""
    if does_not_answer(await offers.last_lapsed(work.db, adviser_id, MOST_LAPSES)):
        await change(work, adviser_id, Presence.AWAY, DOES_NOT_ANSWER)
