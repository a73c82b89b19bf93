"""Where a mail lies from the end of its DATA until it is durable: what lies there together is kept together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from services.intake.actions.mail import keeping
from services.intake.domain.mail.model import Arrived, HandedOver, Identity
from shared.errors import Unavailable
from shared.vocabulary import new_id
from shared.work import Cause, Workshop

ACTOR = "machine/mail"
SMALL = 64 * 1024
"""Bytes, over all its mailboxes: what is larger is kept alone, so that nobody waits for it."""
TOGETHER = 16
SIDE_BY_SIDE = 2
"""Transactions: where one waits, for a disk or for another replica's, whoever comes need not."""


@dataclass(slots=True, eq=False)
class Incoming:
    """One mail, once for each of its mailboxes, and somebody who waits to hear that it is kept."""

    mails: Sequence[HandedOver]
    kept: asyncio.Future[None]
    goes_alone: bool = False

    def ends(self, error: Exception | None) -> None:
        """Whoever has hung up meanwhile hears of nothing: the mail comes again, and is known where it was kept."""
        if self.kept.done():
            return
        if error is None:
            self.kept.set_result(None)
        else:
            self.kept.set_exception(error)


@dataclass(slots=True)
class InTray:
    """Who is busy keeping takes next what has come meanwhile; who comes while somebody is free waits for nobody."""

    workshop: Workshop
    waiting: deque[Incoming] = field(default_factory=deque)
    keepers: set[asyncio.Task[None]] = field(default_factory=set)

    async def keep(self, arrived: Sequence[Arrived], identity: Identity, correlation_id: UUID) -> None:
        """Durable when this returns, for all its mailboxes; raises what stood in the way, and then for none."""
        if sum(len(each.raw) for each in arrived) > SMALL:
            keep_it = partial(keeping.keep, arrived=arrived, identity=identity)
            await self.workshop.run([], keep_it, Cause(ACTOR, correlation_id))
            return
        mails = [HandedOver(each, identity, correlation_id) for each in arrived]
        incoming = Incoming(mails, asyncio.get_running_loop().create_future())
        self.waiting.append(incoming)
        self.call_a_keeper()
        await incoming.kept

    def call_a_keeper(self) -> None:
        # Asked of each task, because one that has ended is taken out of the set only a turn of the loop later.
        if sum(not task.done() for task in self.keepers) < SIDE_BY_SIDE:
            task = asyncio.create_task(self.keep_what_waits())
            self.keepers.add(task)
            task.add_done_callback(self.keepers.discard)

    async def keep_what_waits(self) -> None:
        while some := self.next_ones():
            await self.keep_some(some)

    def next_ones(self) -> list[Incoming]:
        """Without those who have been told something already, or have hung up: their mails come again."""
        some: list[Incoming] = []
        while self.waiting and len(some) < TOGETHER:
            if some and some[0].goes_alone:
                break
            incoming = self.waiting.popleft()
            if not incoming.kept.done():
                some.append(incoming)
        return some

    async def keep_some(self, some: Sequence[Incoming]) -> None:
        """Where several cannot be kept together, each goes on alone; while none can be kept, none goes on."""
        mails = [mail for incoming in some for mail in incoming.mails]
        try:
            await self.workshop.run([], partial(keeping.keep_small, mails=mails), Cause(ACTOR, new_id()))
        except Unavailable as error:
            for incoming in (*some, *self.waiting):
                incoming.ends(error)
        except Exception as error:  # noqa: BLE001  whatever it is, whoever waits is told
            if len(some) == 1:
                some[0].ends(error)
                return
            for incoming in reversed(some):
                incoming.goes_alone = True
                self.waiting.appendleft(incoming)
        else:
            for incoming in some:
                incoming.ends(None)
