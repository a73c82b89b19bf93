"""Mails that arrive at the same time are kept in one transaction, and each is answered for by itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from services.intake.actions.mail import keeping
from services.intake.domain.mail.model import Arrived, Identity
from shared.errors import Unavailable
from shared.vocabulary import new_id
from shared.work import Cause, Work, Workshop

ACTOR = "machine/mail"
SMALL = 64 * 1024
"""Bytes, over all its mailboxes: what is larger is kept alone, so that nobody waits for it."""
TOGETHER = 16
SIDE_BY_SIDE = 2
"""Transactions. With one, whoever comes while it waits for the disk would wait for that first."""


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """One mail for one or several mailboxes, and somebody who waits to hear that it is kept."""

    arrived: Sequence[Arrived]
    identity: Identity
    kept: asyncio.Future[None]

    @property
    def mails(self) -> list[tuple[Arrived, Identity]]:
        return [(each, self.identity) for each in self.arrived]

    def ends(self, error: Exception | None) -> None:
        """Whoever has hung up meanwhile hears of nothing: the mail comes again, and is known."""
        if self.kept.done():
            return
        if error is None:
            self.kept.set_result(None)
        else:
            self.kept.set_exception(error)


@dataclass(slots=True)
class Arrivals:
    """Who is busy keeping takes next whatever has come meanwhile; who comes while nobody is busy waits for nobody."""

    workshop: Workshop
    waiting: deque[Incoming] = field(default_factory=deque)
    busy: set[asyncio.Task[None]] = field(default_factory=set)

    async def keep(self, arrived: Sequence[Arrived], identity: Identity) -> None:
        """Durable when this returns, for all its mailboxes; raises what stood in the way, and then for none."""
        if sum(len(each.raw) for each in arrived) > SMALL:
            await self.keep_alone(arrived, identity)
            return
        incoming = Incoming(arrived, identity, asyncio.get_running_loop().create_future())
        self.waiting.append(incoming)
        if len(self.busy) < SIDE_BY_SIDE:
            task = asyncio.create_task(self.keep_waiting())
            self.busy.add(task)
            task.add_done_callback(self.busy.discard)
        await incoming.kept

    async def keep_alone(self, arrived: Sequence[Arrived], identity: Identity) -> None:
        async def action(work: Work) -> None:
            await keeping.keep(work, arrived, identity)

        await self.workshop.run([], action, Cause(ACTOR, new_id()))

    async def keep_waiting(self) -> None:
        while self.waiting:
            await self.keep_some([self.waiting.popleft() for _ in range(min(TOGETHER, len(self.waiting)))])

    async def keep_some(self, some: Sequence[Incoming]) -> None:
        """Where one of several cannot be kept, each is tried by itself."""
        mails = [mail for incoming in some for mail in incoming.mails]
        try:
            await self.workshop.run([], partial(keeping.keep_small, mails=mails), Cause(ACTOR, new_id()))
        except Exception as error:  # noqa: BLE001  whatever it is, whoever waits is told
            if len(some) > 1 and not isinstance(error, Unavailable):
                for incoming in some:
                    await self.keep_some([incoming])
            else:
                for incoming in some:
                    incoming.ends(error)
        else:
            for incoming in some:
                incoming.ends(None)
