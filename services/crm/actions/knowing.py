"""What every action begins with: an enquiry or citizen that is known, to whoever may see it, as they saw it."""

from __future__ import annotations

from dataclasses import dataclass

from services.crm.domain.citizens import Citizen
from services.crm.domain.enquiries import Enquiry
from services.crm.domain.rows import EVERYTHING, Person, Sight, sight_of
from services.crm.domain.timeline import Entry, EntryKind, check_version
from services.crm.store import citizens, enquiries, timeline
from shared.council import current
from shared.errors import Early, NotFound
from shared.vocabulary import CitizenId, ContactId, EnquiryId, enquiry_subject
from shared.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who decides about which enquiry, having seen which version of it."""

    enquiry_id: EnquiryId
    seen: int
    person: Person


async def heard_of(work: Work, enquiry_id: EnquiryId) -> Enquiry:
    """For what is heard. `Early` when the enquiry is not known yet."""
    enquiry = await enquiries.enquiry(work.db, enquiry_id, EVERYTHING)
    if enquiry is None:
        raise Early(enquiry_subject(enquiry_id))
    return enquiry


async def sight(work: Work, person: Person) -> Sight:
    if person.sees_everything:
        return EVERYTHING
    return sight_of(person, (await current(work.db)).council)


async def visible(work: Work, enquiry_id: EnquiryId, person: Person) -> Enquiry:
    """What a person may not see is not found: that it exists is nothing they need to know."""
    enquiry = await enquiries.enquiry(work.db, enquiry_id, await sight(work, person))
    if enquiry is None:
        raise NotFound("No such enquiry is recorded where you can see it: check its id, or look again in a moment.")
    return enquiry


async def as_seen(work: Work, decision: Decision) -> Enquiry:
    """Its subject is locked, so it stays as it is until the work ends."""
    enquiry = await visible(work, decision.enquiry_id, decision.person.acting_on_enquiries())
    if decision.seen != enquiry.version:
        since = await timeline.decided_since(work.db, decision.enquiry_id, decision.seen)
        check_version(decision.seen, enquiry.version, since)
    return enquiry


async def nation(work: Work) -> str:
    """Where the council is: a telephone number without a country is one of there."""
    return (await current(work.db)).council.council.nation


async def known_citizen(work: Work, citizen_id: CitizenId) -> Citizen:
    citizen = await citizens.citizen(work.db, citizen_id)
    if citizen is None:
        raise NotFound("No such citizen is known: check the id, or search by what they are known by.")
    return citizen


def entry_now(
    work: Work,
    kind: EntryKind,
    *,
    detail: str | None = None,
    text: str | None = None,
    contact_id: ContactId | None = None,
    version: int | None = None,
) -> Entry:
    return Entry(
        kind=kind,
        occurred_at=work.occurred_at,
        recorded_at=work.now,
        actor=work.cause.actor,
        detail=detail,
        text=text,
        contact_id=contact_id,
        version=version,
    )
