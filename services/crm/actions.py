"""What crm can do. Each action reads, decides, writes, then says so."""

from __future__ import annotations

from dataclasses import dataclass

from services.crm import domain, store
from services.crm.domain import Contact, Enquiry, EnquiryState, Entry, EntryKind
from shared.contracts.crm import ContactRecorded, EnquiryAnswered, EnquiryResolved
from shared.contracts.intake import EnquiryReceived
from shared.errors import Early, NotFound
from shared.vocabulary import AdviserId, AnswerKind, EnquiryId, Resolution, enquiry_subject
from shared.work import Work


async def record(work: Work, heard: EnquiryReceived) -> None:
    """The contact and the enquiry stand in the record; heard again, nothing changes."""
    enquiry = Enquiry(
        enquiry_id=heard.enquiry_id,
        reference=heard.reference,
        title=heard.title,
        text=heard.text,
        place=heard.place,
        service_code=heard.service_code,
        channel=heard.channel,
        received_at=heard.received_at,
    )
    contact = Contact(
        contact_id=heard.contact_id,
        enquiry_id=heard.enquiry_id,
        channel=heard.channel,
        point=heard.point,
        direction="inbound",
        started_at=heard.received_at,
        ended_at=heard.received_at,
        citizen_name=heard.citizen_name,
        citizen_email=heard.citizen_email,
    )
    if await store.record(work.db, enquiry, contact, entry_now(work, EntryKind.RECEIVED)):
        work.say(
            ContactRecorded(
                enquiry_id=heard.enquiry_id,
                contact_id=contact.contact_id,
                channel=contact.channel,
                started_at=contact.started_at,
            )
        )


async def assign(work: Work, enquiry_id: EnquiryId, adviser_id: AdviserId) -> None:
    """
    Shows who works on the enquiry. `Early` when it is not known yet.

    It makes no new version: the adviser who has just accepted would find their own answer refused for it.
    """
    entry = entry_now(work, EntryKind.ASSIGNED, detail=adviser_id)
    if not await store.assign(work.db, enquiry_id, adviser_id, entry):
        raise Early(enquiry_subject(enquiry_id))


@dataclass(frozen=True, slots=True)
class Record:
    """Everything the council knows of one enquiry."""

    enquiry: Enquiry
    contacts: list[Contact]
    timeline: list[Entry]


async def look_up(work: Work, enquiry_id: EnquiryId, why: str | None) -> Record:
    """Who looks, and why, is written down in the same transaction."""
    enquiry = await known(work, enquiry_id)
    found = Record(enquiry, await store.contacts(work.db, enquiry_id), await store.timeline(work.db, enquiry_id))
    await store.keep_accesses(work.db, [enquiry_id], access_now(work, "record", why))
    return found


async def list_newest(work: Work, state: EnquiryState, most: int, after: EnquiryId | None) -> list[Enquiry]:
    """A list shows what citizens wrote, so each line of it counts as a look."""
    enquiries = await store.newest(work.db, state, most, after)
    if enquiries:
        seen = [enquiry.enquiry_id for enquiry in enquiries]
        await store.keep_accesses(work.db, seen, access_now(work, "list", None))
    return enquiries


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who decides about which enquiry, having seen which version of it."""

    enquiry_id: EnquiryId
    seen: int
    adviser_id: AdviserId


async def answer(work: Work, decision: Decision, kind: AnswerKind, text: str) -> Enquiry:
    """The citizen is told something. `Conflict` when it is resolved, or is not as the adviser saw it."""
    before = await as_seen(work, decision)
    after = domain.answered(before, kind, work.occurred_at)
    entry = entry_now(work, EntryKind.ANSWERED, detail=kind, text=text)
    await store.save_decision(work.db, after, entry)
    work.say(EnquiryAnswered(enquiry_id=after.enquiry_id, kind=kind, text=text, adviser_id=decision.adviser_id))
    return after


async def resolve(work: Work, decision: Decision, resolution: Resolution) -> Enquiry:
    """The council considers it finished. `Conflict` when it is already, or is not as the adviser saw it."""
    before = await as_seen(work, decision)
    after = domain.resolved(before, resolution, work.occurred_at)
    await store.save_decision(work.db, after, entry_now(work, EntryKind.RESOLVED, detail=resolution))
    work.say(EnquiryResolved(enquiry_id=after.enquiry_id, resolution=resolution, adviser_id=decision.adviser_id))
    return after


async def as_seen(work: Work, decision: Decision) -> Enquiry:
    """Its subject is locked, so it stays as it is until the work ends."""
    enquiry = await known(work, decision.enquiry_id)
    if decision.seen != enquiry.version:
        since = await store.decided_since(work.db, decision.enquiry_id, decision.seen)
        domain.check_version(enquiry, decision.seen, since)
    return enquiry


async def known(work: Work, enquiry_id: EnquiryId) -> Enquiry:
    enquiry = await store.enquiry(work.db, enquiry_id)
    if enquiry is None:
        raise NotFound("No such enquiry is recorded: check its id, or look again in a moment.")
    return enquiry


def entry_now(work: Work, kind: EntryKind, *, detail: str | None = None, text: str | None = None) -> Entry:
    return Entry(
        kind=kind,
        occurred_at=work.occurred_at,
        recorded_at=work.now,
        actor=work.cause.actor,
        detail=detail,
        text=text,
    )


def access_now(work: Work, what: str, why: str | None) -> store.Access:
    return store.Access(
        who=work.cause.actor,
        what=what,
        why=why,
        occurred_at=work.now,
        correlation_id=work.cause.correlation_id,
    )
