"""Two advisers on one enquiry, in a thousand orders: nothing accepted is lost, nothing refused is unexplained."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from services.crm.actions import deciding
from services.crm.actions.knowing import Decision
from services.crm.domain.enquiries import Enquiry, EnquiryState
from services.crm.domain.rows import EVERYTHING, Person
from services.crm.store import enquiries, timeline
from shared.errors import Conflict
from shared.vocabulary import AdviserId, AnswerKind, Channel, EnquiryId, Resolution, Role, enquiry_subject
from shared.work import Work, Workshop
from tests.builders import Ear, a_cause, an_enquiry_received

INTERLEAVINGS = 1_000
SIDE_BY_SIDE = 8
ADVISERS = ("ada", "bob")

Deed = Callable[[Work, Decision], Awaitable[Enquiry]]


async def answer(work: Work, decision: Decision) -> Enquiry:
    return (await deciding.answer(work, decision, AnswerKind.HOLDING, "It takes longer.")).enquiry


async def answer_fully(work: Work, decision: Decision) -> Enquiry:
    return (await deciding.answer(work, decision, AnswerKind.FULL, "It is mended.")).enquiry


async def ask(work: Work, decision: Decision) -> Enquiry:
    return (await deciding.ask(work, decision, "Which lamp?", told_by=Channel.TELEPHONE)).enquiry


async def resolve(work: Work, decision: Decision) -> Enquiry:
    return await deciding.resolve(work, decision, Resolution.DONE, at_first_contact=False)


async def reopen(work: Work, decision: Decision) -> Enquiry:
    return await deciding.reopen(work, decision, "It is dark again.")


SENSIBLE: dict[EnquiryState, Sequence[Deed]] = {
    EnquiryState.OPEN: (answer, answer_fully, ask, resolve),
    EnquiryState.ANSWERED: (answer, resolve),
    EnquiryState.AWAITING_CITIZEN: (deciding.resume, answer, resolve),
    EnquiryState.RESOLVED: (reopen,),
}
"""What somebody does who sees the enquiry in that state."""


@dataclass
class Story:
    """One enquiry and what its two advisers made of it."""

    workshop: Workshop
    enquiry_id: EnquiryId
    chance: Random
    saw: dict[str, Enquiry] = field(default_factory=dict)
    accepted: dict[int, str] = field(default_factory=dict)
    refused: list[tuple[str, int, str]] = field(default_factory=list)

    async def look(self, name: str) -> None:
        async with self.workshop.reading() as db:
            found = await enquiries.enquiry(db, self.enquiry_id, EVERYTHING)
        assert found is not None
        self.saw[name] = found

    async def act(self, name: str) -> None:
        seen = self.saw[name]
        deed = self.chance.choice(SENSIBLE[seen.state])
        person = Person(AdviserId(name), frozenset({Role.ADVISER}))
        decision = Decision(enquiry_id=self.enquiry_id, seen=seen.version, person=person)

        async def work_on_it(work: Work) -> Enquiry:
            return await deed(work, decision)

        subject = enquiry_subject(self.enquiry_id)
        try:
            after = await self.workshop.run([subject], work_on_it, a_cause(f"adviser/{name}"))
        except Conflict as conflict:
            self.refused.append((name, seen.version, str(conflict)))
        else:
            assert after.version not in self.accepted, "two advisers made one version"
            self.accepted[after.version] = name

    async def in_turn(self) -> None:
        """In an order that is drawn: each looks and acts twice, and the other comes in between anywhere."""
        steps = {name: [self.look, self.act] * 2 for name in ADVISERS}
        while steps:
            name = self.chance.choice(list(steps))
            await steps[name].pop(0)(name)
            if not steps[name]:
                del steps[name]

    async def at_once(self) -> None:
        await asyncio.gather(*(self.one_after_the_other(name) for name in ADVISERS))

    async def one_after_the_other(self, name: str) -> None:
        for _ in range(2):
            await self.look(name)
            await self.act(name)

    async def check(self) -> None:
        async with self.workshop.reading() as db:
            stands = await enquiries.enquiry(db, self.enquiry_id, EVERYTHING)
            entries = [entry for entry in await timeline.of_enquiry(db, self.enquiry_id) if entry.version]
        assert stands is not None
        assert [entry.version for entry in entries] == list(range(1, stands.version + 1)), "a version is missing"
        made = {entry.version: entry for entry in entries}
        assert {version: f"adviser/{name}" for version, name in self.accepted.items()} == {
            version: entry.actor for version, entry in made.items() if version != 1
        }
        assert len(self.accepted) + len(self.refused) == 2 * len(ADVISERS)
        for name, seen, told in self.refused:
            unseen = made[seen + 1]
            assert unseen.actor != f"adviser/{name}", "nobody is refused for what they did themselves"
            assert str(unseen) in told, f"{told} does not tell of {unseen}"


async def test_p13_no_order_of_two_advisers_loses_a_decision_or_refuses_one_without_saying_why(
    ear: Ear, workshop: Workshop
) -> None:
    stories = []
    for seed in range(INTERLEAVINGS):
        event = an_enquiry_received()
        await ear.hears(event, actor="public")
        stories.append(Story(workshop, event.enquiry_id, Random(seed)))
    lanes = [stories[start::SIDE_BY_SIDE] for start in range(SIDE_BY_SIDE)]

    async def tell(lane: Sequence[Story]) -> None:
        for nth, story in enumerate(lane):
            await (story.in_turn() if nth % 2 else story.at_once())
            await story.check()

    await asyncio.gather(*map(tell, lanes))
    refused = sum(len(story.refused) for story in stories)
    assert INTERLEAVINGS / 5 < refused < INTERLEAVINGS * 2, "most stories have a conflict, and most deeds succeed"
