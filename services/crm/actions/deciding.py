"""What people decide about an enquiry: each decision makes a new version of it and is said."""

from __future__ import annotations

from dataclasses import dataclass

from services.crm.actions.knowing import Decision, as_seen, entry_now, sight, visible
from services.crm.domain import catalogue
from services.crm.domain import enquiries as rules
from services.crm.domain.citizens import reply_to
from services.crm.domain.contacts import Contact
from services.crm.domain.enquiries import Enquiry
from services.crm.domain.links import Linked, check_link
from services.crm.domain.rows import Person
from services.crm.domain.timeline import EntryKind
from services.crm.store import citizens, contacts, enquiries, tasks, timeline
from shared.contracts.crm import (
    EnquiryAnswered,
    EnquiryAwaitingCitizen,
    EnquiryClassified,
    EnquiryLinked,
    EnquiryReopened,
    EnquiryResolved,
    EnquiryResumed,
    ReplyRequested,
    WorkRequested,
)
from shared.council import current
from shared.errors import Invalid
from shared.vocabulary import (
    AnswerKind,
    Channel,
    EnquiryId,
    Link,
    MessageId,
    MessageKind,
    Resolution,
    WorkId,
    new_id,
)
from shared.work import Work


async def note(work: Work, enquiry_id: EnquiryId, person: Person, text: str) -> Enquiry:
    """For colleagues. It contradicts nothing, so it makes no new version and no event."""
    enquiry = await visible(work, enquiry_id, person.acting_on_enquiries())
    await timeline.keep(work.db, enquiry.enquiry_id, entry_now(work, EntryKind.NOTED, text=text))
    return enquiry


@dataclass(frozen=True, slots=True)
class Told:
    """What a decision to tell the citizen something has made of the enquiry, and which message goes to them, if any."""

    enquiry: Enquiry
    message_id: MessageId | None = None


async def answer(
    work: Work, decision: Decision, kind: AnswerKind, text: str, *, told_by: Channel | None = None
) -> Told:
    """The citizen is told something: by a message, or `told_by` the adviser themselves on that channel."""
    before = await as_seen(work, decision)
    after = rules.answered(before, kind, work.occurred_at)
    await keep(work, after, EntryKind.ANSWERED, detail=kind, text=text)
    if before.is_awaiting and not after.is_awaiting:
        work.say(EnquiryResumed(enquiry_id=after.enquiry_id, adviser_id=decision.person.name))
    work.say(EnquiryAnswered(enquiry_id=after.enquiry_id, kind=kind, text=text, adviser_id=decision.person.name))
    return await tell(work, after, MessageKind(kind), text, told_by)


async def ask(work: Work, decision: Decision, question: str, *, told_by: Channel | None = None) -> Told:
    """The citizen is asked something, and awaited: so it must reach them."""
    after = rules.asked(await as_seen(work, decision), work.occurred_at)
    if told_by is None and await address_of(work, after) is None:
        raise Invalid("There is no address to send it to: ask them yourself and say by which channel in told_by.")
    await keep(work, after, EntryKind.ASKED, text=question)
    work.say(EnquiryAwaitingCitizen(enquiry_id=after.enquiry_id, question=question, adviser_id=decision.person.name))
    return await tell(work, after, MessageKind.QUESTION, question, told_by)


async def tell(work: Work, enquiry: Enquiry, kind: MessageKind, text: str, told_by: Channel | None) -> Told:
    """The timeline says where it did not go by message; what becomes of a message is heard from intake."""
    if told_by is not None:
        await timeline.keep(work.db, enquiry.enquiry_id, entry_now(work, EntryKind.DELIVERED, detail=told_by))
        return Told(enquiry)
    contact = await address_of(work, enquiry)
    if contact is None:
        entry = entry_now(work, EntryKind.FAILED, detail="not sent: no address")
        await timeline.keep(work.db, enquiry.enquiry_id, entry)
        return Told(enquiry)
    return Told(enquiry, send(work, enquiry, contact, kind, text))


async def address_of(work: Work, enquiry: Enquiry) -> Contact | None:
    """In which it was given; one that only a match found is not theirs to be written to."""
    known = await citizens.identifiers(work.db, enquiry.citizen_id) if enquiry.citizen_id is not None else []
    return reply_to(await contacts.of_enquiry(work.db, enquiry.enquiry_id), known)


def send(work: Work, enquiry: Enquiry, contact: Contact, kind: MessageKind, text: str) -> MessageId:
    message_id = MessageId(new_id())
    work.say(
        ReplyRequested(
            enquiry_id=enquiry.enquiry_id,
            message_id=message_id,
            reference=enquiry.reference,
            kind=kind,
            text=text,
            channel=enquiry.channel,
            citizen_name=contact.citizen_name,
            citizen_email=contact.citizen_email,
            language=contact.language,
        )
    )
    return message_id


async def resume(work: Work, decision: Decision) -> Enquiry:
    """The council can go on without the citizen's answer, or has it by another way."""
    after = rules.resumed(await as_seen(work, decision))
    await keep(work, after, EntryKind.RESUMED)
    work.say(EnquiryResumed(enquiry_id=after.enquiry_id, adviser_id=decision.person.name))
    return after


async def resolve(work: Work, decision: Decision, resolution: Resolution, *, at_first_contact: bool) -> Enquiry:
    """The council considers it finished."""
    after = rules.resolved(await as_seen(work, decision), resolution, work.occurred_at)
    await keep(work, after, EntryKind.RESOLVED, detail=resolution)
    work.say(
        EnquiryResolved(
            enquiry_id=after.enquiry_id,
            resolution=resolution,
            adviser_id=decision.person.name,
            at_first_contact=at_first_contact,
        )
    )
    return after


async def reopen(work: Work, decision: Decision, why: str) -> Enquiry:
    """It was not finished after all."""
    after = rules.reopened(await as_seen(work, decision))
    await keep(work, after, EntryKind.REOPENED, text=why)
    work.say(EnquiryReopened(enquiry_id=after.enquiry_id, adviser_id=decision.person.name))
    return after


async def classify(work: Work, decision: Decision, service_code: str) -> Enquiry:
    """What it is about, in the words of the council's catalogue."""
    before = await as_seen(work, decision)
    code = catalogue.service_code((await current(work.db)).council, service_code)
    after = rules.classified(before, code)
    await keep(work, after, EntryKind.CLASSIFIED, detail=code)
    work.say(EnquiryClassified(enquiry_id=after.enquiry_id, service_code=code, adviser_id=decision.person.name))
    return after


async def link(work: Work, decision: Decision, other_enquiry_id: EnquiryId, kind: Link) -> Enquiry:
    """It belongs to another enquiry: shown from both, to those who see both, so the timeline does not name it."""
    before = await as_seen(work, decision)
    person = decision.person.acting_on_enquiries()
    links = await enquiries.links(work.db, before.enquiry_id, await sight(work, person))
    check_link(before.enquiry_id, other_enquiry_id, kind, links)
    other = await visible(work, other_enquiry_id, person)
    after = rules.decided(before)
    linked = Linked(
        other_enquiry_id=other.enquiry_id, link=kind, linked_at=work.occurred_at, linked_by=work.cause.actor
    )
    await enquiries.link(work.db, after.enquiry_id, linked)
    await keep(work, after, EntryKind.LINKED, detail=kind)
    work.say(EnquiryLinked(enquiry_id=after.enquiry_id, other_enquiry_id=other.enquiry_id, link=kind))
    return after


async def request_work(work: Work, decision: Decision, queue: str, text: str) -> Enquiry:
    """Part of the work is handed to another office; who asked stays responsible."""
    after = rules.handed_over(await as_seen(work, decision))
    busy = {task.queue_id for task in await tasks.of_enquiry(work.db, after.enquiry_id) if task.is_open}
    queue_id = catalogue.queue_for_work((await current(work.db)).council, queue, busy)
    await keep(work, after, EntryKind.WORK_REQUESTED, detail=queue_id, text=text)
    work.say(
        WorkRequested(
            enquiry_id=after.enquiry_id,
            work_id=WorkId(new_id()),
            queue_id=queue_id,
            note=text,
            adviser_id=decision.person.name,
        )
    )
    return after


async def keep(
    work: Work, after: Enquiry, kind: EntryKind, *, detail: str | None = None, text: str | None = None
) -> None:
    await enquiries.save(work.db, after, entry_now(work, kind, detail=detail, text=text, version=after.version))
