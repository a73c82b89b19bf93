"""A message that was asked for, a carrier that does as the test says, and what is said of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.intake.domain.messages import Message, Posting
from shared.contracts.crm import ReplyRequested
from shared.timesource import TimeSource
from shared.vocabulary import Channel, EnquiryId, MessageId, MessageKind, Reference, new_id
from shared.work import Workshop
from tests.builders import Ear, Spoken, said_by
from tests.integration.intake.desk import Desk


def a_reply(receipt: dict[str, Any]) -> ReplyRequested:
    return ReplyRequested(
        enquiry_id=EnquiryId(UUID(receipt["enquiry_id"])),
        message_id=MessageId(new_id()),
        reference=Reference(receipt["reference"]),
        kind=MessageKind.FULL,
        text="It will be mended. 💡",
        channel=Channel.EMAIL,
        citizen_name="Jo Miller",
        citizen_email="jo@example.org",
        language="en",
    )


async def a_message(desk: Desk, ear: Ear) -> ReplyRequested:
    """Asked for, and waiting to be sent."""
    asked = a_reply(await desk.asks())
    await ear.hears(asked)
    return asked


@dataclass(slots=True)
class Unwilling:
    """A carrier that fails so often before it carries. `on_send` is awaited when it has, and before it says so."""

    fails: list[Exception]
    carried: list[Message] = field(default_factory=list)
    on_send: Callable[[], Awaitable[object]] | None = None
    name: str = "unwilling"
    seen_after: timedelta | None = timedelta(0)
    closed: bool = False

    async def has(self, message: Message) -> bool:
        return any(carried.message_id == message.message_id for carried in self.carried)

    async def send(self, message: Message, posting: Posting | None = None) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.carried.append(message)
        if self.on_send is not None:
            await self.on_send()

    async def close(self) -> None:
        self.closed = True


async def outcome(workshop: Workshop) -> list[Spoken]:
    return [spoken for spoken in await said_by(workshop) if spoken.name.startswith("message.")]


def later(workshop: Workshop, by: timedelta) -> None:
    workshop.timesource = TimeSource(workshop.timesource.offset + by)
