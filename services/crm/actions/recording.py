"""What citizens said, recorded: contacts with their true times, what they were about, messages sent to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.crm.actions.identifying import recognise, suggest
from services.crm.actions.knowing import entry_now, heard_of
from services.crm.domain.contacts import Attachment, Contact
from services.crm.domain.enquiries import Enquiry, contacted, resolved, unread
from services.crm.domain.links import Linked
from services.crm.domain.timeline import Entry, EntryKind
from services.crm.store import contacts, enquiries, timeline, unreached
from shared.contracts.crm import ContactRecorded, EnquiryLinked, EnquiryReopened, EnquiryResolved, EnquiryResumed
from shared.contracts.intake import (
    ContactNoted,
    ContactReceived,
    EnquiryReceived,
    MessageDeferred,
    MessageDelivered,
    MessageFact,
    MessageFailed,
    SaidByCitizen,
)
from shared.errors import Early
from shared.vocabulary import CitizenId, Direction, EnquiryId, Link, MessageKind, Outcome, Resolution, enquiry_subject
from shared.work import Work


async def record(work: Work, heard: EnquiryReceived) -> None:
    """The contact and the enquiry stand in the record; heard again, nothing changes."""
    work = at(work, heard.received_at)
    enquiry = Enquiry(
        enquiry_id=heard.enquiry_id,
        reference=heard.reference,
        title=heard.title,
        text=heard.text,
        place=heard.place,
        service_code=heard.service_code,
        channel=heard.channel,
        received_at=heard.received_at,
        perhaps_about=heard.perhaps_about,
    )
    contact = contact_of(heard, heard.received_at, text=None)
    entry = entry_now(work, EntryKind.RECEIVED, contact_id=contact.contact_id, version=enquiry.version)
    is_first = await enquiries.record(work.db, enquiry, contact, entry)
    if is_first is None:
        return
    await keep_what_came_along(work, enquiry.enquiry_id, contact)
    say_recorded(work, enquiry.enquiry_id, contact)
    if not is_first:
        await link_same_contact(work, enquiry.enquiry_id, contact)
    enquiry = await recognise(work, enquiry, contact, heard.citizen_id, is_first=is_first)
    await settle(work, enquiry, contact)


async def link_same_contact(work: Work, enquiry_id: EnquiryId, contact: Contact) -> None:
    """Whichever of its enquiries is heard of later links them, whether the contact brought them or came back to one."""
    for other in await contacts.others(work.db, contact.contact_id, enquiry_id):
        linked = Linked(
            other_enquiry_id=other,
            link=Link.SAME_CONTACT,
            linked_at=work.occurred_at,
            linked_by=work.cause.actor,
        )
        await enquiries.link(work.db, enquiry_id, linked)
        work.say(EnquiryLinked(enquiry_id=enquiry_id, other_enquiry_id=other, link=Link.SAME_CONTACT))


async def settle(work: Work, enquiry: Enquiry, contact: Contact) -> None:
    """Resolved when the contact ended that left nothing to do, but never before what was decided last."""
    if not contact.has_settled_it or contact.logged_by is None or enquiry.is_resolved:
        return
    decided = await timeline.decided_since(work.db, enquiry.enquiry_id, enquiry.version - 1)
    work = at(work, max([contact.ended_at or contact.started_at, *(entry.occurred_at for entry in decided)]))
    after = resolved(enquiry, Resolution.ANSWERED, work.occurred_at)
    entry = entry_now(work, EntryKind.RESOLVED, detail=Resolution.ANSWERED, version=after.version)
    await enquiries.save(work.db, after, entry)
    work.say(
        EnquiryResolved(
            enquiry_id=after.enquiry_id,
            resolution=Resolution.ANSWERED,
            adviser_id=contact.logged_by,
            at_first_contact=contact.brought,
        )
    )


async def record_further(work: Work, heard: ContactReceived) -> None:
    """
    A further contact stands in the record; the citizen's own word may resume or reopen the enquiry.

    Whose the enquiry is it only decides when somebody of the council took it: anybody may know a reference.
    """
    enquiry = await heard_of(work, heard.enquiry_id)
    contact = contact_of(heard, heard.started_at, text=heard.text)
    is_first = await contacts.keep(work.db, enquiry.enquiry_id, contact)
    if is_first is None:
        return
    work = at(work, contact.started_at)
    enquiry = await note_contacted(work, enquiry, contact)
    await keep_what_came_along(work, enquiry.enquiry_id, contact)
    say_recorded(work, enquiry.enquiry_id, contact)
    if not is_first:
        await link_same_contact(work, enquiry.enquiry_id, contact)
    if enquiry.identified_by is None:
        enquiry = await recognise_further(work, enquiry, contact, heard.citizen_id, is_first=is_first)
    await go_on(work, enquiry, contact)
    await settle(work, enquiry, contact)
    if contact.has_reached_somebody:
        await unreached.clear(work.db, enquiry.enquiry_id)


async def note_contacted(work: Work, before: Enquiry, contact: Contact) -> Enquiry:
    after = unread(before, contact)
    version = after.version if after != before else None
    entry = entry_now(work, EntryKind.CONTACTED, detail=contact.channel, contact_id=contact.contact_id, version=version)
    if version is None:
        await timeline.keep(work.db, before.enquiry_id, entry)
    else:
        await enquiries.save(work.db, after, entry)
    return after


async def recognise_further(
    work: Work, enquiry: Enquiry, contact: Contact, named: CitizenId | None, *, is_first: bool
) -> Enquiry:
    if contact.is_vouched_for:
        return await recognise(work, enquiry, contact, named, is_first=is_first)
    await suggest(work, enquiry, contact)
    return enquiry


async def go_on(work: Work, before: Enquiry, contact: Contact) -> None:
    """Never earlier than what it ends: a message may have been under way while the council asked or resolved."""
    after = contacted(before, contact)
    since = before.asked_at or before.resolved_at
    if after == before or since is None:
        return
    work = at(work, max(contact.started_at, since))
    kind = EntryKind.RESUMED if before.is_awaiting else EntryKind.REOPENED
    entry = entry_now(work, kind, detail=contact.channel, contact_id=contact.contact_id, version=after.version)
    await enquiries.save(work.db, after, entry)
    if before.is_awaiting:
        work.say(EnquiryResumed(enquiry_id=after.enquiry_id, contact_id=contact.contact_id))
    else:
        work.say(EnquiryReopened(enquiry_id=after.enquiry_id, contact_id=contact.contact_id))


async def note_mail(work: Work, heard: ContactNoted) -> None:
    """
    A machine's mail stands on the enquiry that it names, and nothing follows from it: no version, no state, no event.

    About no enquiry it stands nowhere here: the record is of enquiries and citizens, and it says nothing of either.
    Intake lists it with all other mail.
    """
    if heard.enquiry_id is None:
        return
    enquiry = await heard_of(work, heard.enquiry_id)
    contact = Contact(
        contact_id=heard.contact_id,
        channel=heard.channel,
        point=heard.point,
        direction=Direction.INBOUND,
        outcome=Outcome.RECEIVED,
        started_at=heard.started_at,
        ended_at=heard.started_at,
        text=heard.text,
        noted_as=heard.noted_as,
        sender=heard.sender,
    )
    if await contacts.keep_noted(work.db, enquiry.enquiry_id, contact):
        entry = entry_now(
            at(work, contact.started_at),
            EntryKind.MACHINE_WROTE,
            detail=contact.noted_as,
            text=heard.title,
            contact_id=contact.contact_id,
        )
        await timeline.keep(work.db, enquiry.enquiry_id, entry)


async def note_delivered(work: Work, heard: MessageDelivered) -> None:
    entry = entry_now(at(work, heard.delivered_at), EntryKind.DELIVERED, detail=way_of(heard))
    await keep_of_message(work, heard, entry)
    await unreached.clear(work.db, heard.enquiry_id)


async def note_deferred(work: Work, heard: MessageDeferred) -> None:
    await keep_of_message(work, heard, entry_now(work, EntryKind.DEFERRED, detail=way_of(heard), text=heard.because))


async def note_failed(work: Work, heard: MessageFailed) -> None:
    """The enquiry stands among those whose citizen was not reached, whatever state it is in."""
    await keep_of_message(work, heard, entry_now(work, EntryKind.FAILED, detail=way_of(heard), text=heard.because))
    await unreached.mark(work.db, heard.enquiry_id, work.occurred_at)


def way_of(heard: MessageDelivered | MessageDeferred | MessageFailed) -> str:
    """A receipt is nobody's answer, and is not to be taken for one."""
    return heard.kind if heard.kind is MessageKind.RECEIPT else heard.by


async def keep_of_message(work: Work, heard: MessageFact, entry: Entry) -> None:
    named = replace(entry, message_id=heard.message_id, message_kind=heard.kind)
    if not await timeline.keep_of_message(work.db, heard.enquiry_id, named):
        raise Early(enquiry_subject(heard.enquiry_id))


def contact_of(heard: SaidByCitizen, started_at: datetime, *, text: str | None) -> Contact:
    return Contact(
        contact_id=heard.contact_id,
        channel=heard.channel,
        point=heard.point,
        direction=heard.direction,
        outcome=heard.outcome,
        started_at=started_at,
        ended_at=heard.ended_at or started_at,
        logged_by=heard.logged_by,
        language=heard.language,
        text=text,
        brought=text is None,
        quoted=heard.quoted,
        citizen_name=heard.citizen_name,
        citizen_surname=heard.citizen_surname,
        citizen_email=heard.citizen_email,
        citizen_telephone=heard.citizen_telephone,
        citizen_uprn=heard.citizen_uprn,
        attachments=tuple(
            Attachment(file_id=file.file_id, name=file.name, media_type=file.media_type, size=file.size)
            for file in heard.attachments
        ),
    )


async def keep_what_came_along(work: Work, enquiry_id: EnquiryId, contact: Contact) -> None:
    if contact.attachments:
        await contacts.keep_attachments(work.db, enquiry_id, contact)
    if contact.quoted:
        await contacts.keep_quoted(work.db, enquiry_id, contact)


def say_recorded(work: Work, enquiry_id: EnquiryId, contact: Contact) -> None:
    work.say(
        ContactRecorded(
            enquiry_id=enquiry_id,
            contact_id=contact.contact_id,
            channel=contact.channel,
            started_at=contact.started_at,
            ended_at=contact.ended_at,
            direction=contact.direction,
            outcome=contact.outcome,
        )
    )


def at(work: Work, moment: datetime) -> Work:
    """The same work, telling of what happened then."""
    return work.because(replace(work.cause, occurred_at=moment))
