"""The corpus of threads through intake as it is: kept, read, placed; every mail where the corpus says it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain.mail.tokens import token_of
from services.intake.gateways.link_key import link_key
from shared.contracts.crm import CitizenIdentified, EnquiryResolved, ReplyRequested
from shared.vocabulary import (
    AdviserId,
    Channel,
    CitizenId,
    EnquiryId,
    IdentifiedBy,
    MessageId,
    MessageKind,
    Reference,
    Resolution,
    new_id,
)
from shared.work import Workshop
from tests.builders import Ear
from tests.integration.intake.desk import Desk, rows
from tests.integration.intake.post import PostRoom
from tests.parts.councils import plain, take_up
from tests.parts.threads import (
    MAILBOX,
    OTHER_MAILBOX,
    Arrives,
    Correspondence,
    Opens,
    Resolves,
    SameCitizen,
    Sends,
    Step,
    correspondences,
    delivered,
    own_message_id,
)

COUNCIL = f"""
[[mailbox]]
code = "enquiries"
name = "Enquiries"
addresses = ["{MAILBOX}"]

[[mailbox]]
code = "planning"
name = "Planning"
addresses = ["{OTHER_MAILBOX}"]
"""
FORGET = "TRUNCATE submissions, contacts, mails CASCADE"
FEWEST = 60


@dataclass(slots=True)
class Play:
    """One correspondence on a database where nothing else has happened."""

    post: PostRoom
    desk: Desk
    ear: Ear
    enquiries: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    sent: dict[str, MessageId] = field(default_factory=dict)
    message_ids: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def token(self, enquiry: str) -> str:
        return token_of(link_key(), self.reference(enquiry))

    def reference(self, enquiry: str) -> str:
        return str(self.enquiries[enquiry]["reference"])

    def message_id(self, mail: str) -> str:
        return self.message_ids[mail]

    def id_of(self, enquiry: str) -> EnquiryId:
        return EnquiryId(UUID(str(self.enquiries[enquiry]["enquiry_id"])))

    async def play(self, correspondence: Correspondence) -> list[str]:
        for step in correspondence.steps:
            await self.take(step)
        return [f"{correspondence.name}: {each}" for each in self.wrong]

    async def take(self, step: Step) -> None:
        match step:
            case Opens(enquiry, by):
                self.enquiries[enquiry] = await self.desk.asks(email=by)
            case SameCitizen(enquiries):
                citizen = CitizenId(new_id())
                for each in enquiries:
                    by = IdentifiedBy.ADVISER
                    await self.ear.hears(CitizenIdentified(enquiry_id=self.id_of(each), citizen_id=citizen, by=by))
            case Resolves(enquiry):
                done = Resolution.DONE
                await self.ear.hears(
                    EnquiryResolved(enquiry_id=self.id_of(enquiry), resolution=done, adviser_id=AdviserId("ada"))
                )
            case Sends():
                await self.send(step)
            case Arrives():
                await self.arrive(step)

    async def send(self, step: Sends) -> None:
        message_id = MessageId(new_id())
        await self.ear.hears(
            ReplyRequested(
                enquiry_id=self.id_of(step.enquiry),
                message_id=message_id,
                reference=Reference(self.reference(step.enquiry)),
                kind=MessageKind.FULL,
                text="It will be mended.",
                channel=Channel.EMAIL,
                citizen_email=step.to,
            )
        )
        [row] = [each for each in await rows(self.post.workshop, "messages") if each["message_id"] == message_id]
        self.message_ids[step.mail] = row["mail_message_id"]

    async def arrive(self, step: Arrives) -> None:
        mail = delivered(step, self)
        self.message_ids.setdefault(step.mail, own_message_id(step.mail))
        mailbox = "planning" if mail.sent_to.lower().startswith("planning") else "enquiries"
        fields = {"mailbox": mailbox, "sent_from": mail.sent_from, "sent_to": mail.sent_to}
        placed = await self.post.takes(mail.raw, **fields)
        meant = step.becomes
        if placed["placed_as"] != meant.placed_as:
            self.wrong.append(f"{step.mail} is {placed['placed_as']}, not {meant.placed_as}: {placed['why']}")
        if meant.enquiry is not None and not await self.is_about(placed, meant.enquiry):
            self.wrong.append(f"{step.mail} is not about {meant.enquiry}: {placed['why']}")
        if meant.called is not None:
            submissions = await rows(self.post.workshop, "submissions")
            self.enquiries[meant.called] = next(each for each in submissions if each["enquiry_id"] == placed["about"])

    async def is_about(self, placed: Mapping[str, Any], enquiry: str) -> bool:
        """A held one is about itself; what it may belong to was said."""
        if placed["placed_as"] != "held":
            return bool(placed["about"] == self.id_of(enquiry))
        said = await self.post.said("enquiry.received")
        return any(
            each.data["enquiry_id"] == str(placed["about"]) and each.data["perhaps_about"] == str(self.id_of(enquiry))
            for each in said
        )


@pytest.mark.timeout(300)
async def test_p09_every_mail_of_the_corpus_goes_where_its_table_says(workshop: Workshop, desk: Desk, ear: Ear) -> None:
    await take_up(workshop.database.url, plain() + COUNCIL)
    wrong: list[str] = []
    for each in correspondences():
        wrong += await Play(PostRoom(workshop), desk, ear).play(each)
        async with workshop.reading() as db:
            await db.execute(FORGET)
    assert wrong == []
    assert len(correspondences()) >= FEWEST
