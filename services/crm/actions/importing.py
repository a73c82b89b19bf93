"""Recording what an older system knew: with its true times, as if it had happened here, and telling nobody."""

from __future__ import annotations

from services.crm.actions.identifying import find_out, say_identified
from services.crm.actions.knowing import entry_now
from services.crm.actions.recording import at, contact_of
from services.crm.domain.enquiries import Enquiry, ImportedAs, resolved
from services.crm.domain.timeline import Entry, EntryKind
from services.crm.store import enquiries
from shared.contracts.intake import EnquiryImported
from shared.vocabulary import Resolution
from shared.work import Work


async def record_imported(work: Work, heard: EnquiryImported) -> None:
    """
    The contact and the enquiry stand in the record; heard again, nothing changes.

    Who the citizen is is found out for all of them and said for those that go on.
    """
    work = at(work, heard.received_at)
    received = enquiry_of(heard)
    contact = contact_of(heard, heard.received_at, text=None)
    entries = [entry_now(work, EntryKind.RECEIVED, contact_id=contact.contact_id, version=received.version)]
    enquiry, ending = ended(work, received, heard)
    queues = [heard.queue_id] if heard.queue_id is not None else []
    if not await enquiries.record_imported(work.db, enquiry, contact, [*entries, *ending], queues):
        return
    after = await find_out(work, enquiry, contact, None, is_first=True)
    if not enquiry.is_resolved:
        say_identified(work, enquiry, after)


def enquiry_of(heard: EnquiryImported) -> Enquiry:
    return Enquiry(
        enquiry_id=heard.enquiry_id,
        reference=heard.reference,
        title=heard.title,
        text=heard.text,
        place=heard.place,
        service_code=heard.service_code,
        channel=heard.channel,
        received_at=heard.received_at,
        imported_as=ImportedAs(heard.system, heard.row_id),
    )


def ended(work: Work, enquiry: Enquiry, heard: EnquiryImported) -> tuple[Enquiry, list[Entry]]:
    """As it had become in the older system, and what is told of it."""
    if heard.resolved_at is None:
        return enquiry, []
    after = resolved(enquiry, heard.resolution or Resolution.OTHER, heard.resolved_at)
    told = entry_now(at(work, heard.resolved_at), EntryKind.RESOLVED, detail=after.resolution, version=after.version)
    return after, [told]
