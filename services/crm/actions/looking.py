"""Looking at what the council knows; each look is written down in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.crm.actions.knowing import known_citizen, nation, sight, visible
from services.crm.domain.citizens import Citizen, Evidence, Identifier
from services.crm.domain.contacts import Contact
from services.crm.domain.enquiries import Enquiry, EnquiryState
from services.crm.domain.identifiers import IdentifierKind, normalised, surname_key
from services.crm.domain.links import Linked
from services.crm.domain.rows import Person, Sight
from services.crm.domain.tasks import Task
from services.crm.domain.timeline import Entry, Line, Place
from services.crm.store import accesses, citizens, contacts, enquiries, tasks, timeline, unreached
from services.crm.store.accesses import Access, Seen
from shared.db import Connection
from shared.errors import Invalid, NotFound
from shared.references import parse_number
from shared.vocabulary import CitizenId, EnquiryId
from shared.work import Work

MOST_ENQUIRIES = 50


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A citizen who may be the one, and by what."""

    citizen: Citizen
    because: tuple[IdentifierKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything the council knows of one enquiry."""

    enquiry: Enquiry
    citizen: Citizen | None
    suggestions: list[Suggestion]
    contacts: list[Contact]
    tasks: list[Task]
    links: list[Linked]
    timeline: list[Entry]
    perhaps_about: Enquiry | None = None


async def at_enquiry(work: Work, enquiry_id: EnquiryId, person: Person, why: str | None) -> Record:
    enquiry, seen = await visible(work, enquiry_id, person), await sight(work, person)
    links = await enquiries.links(work.db, enquiry_id, seen)
    found = Record(
        enquiry=enquiry,
        citizen=await citizen_of(work, enquiry) if person.sees_citizens else None,
        suggestions=await suggestions(work, enquiry) if person.sees_citizens else [],
        contacts=await contacts.of_enquiry(work.db, enquiry_id),
        tasks=await tasks.of_enquiry(work.db, enquiry_id),
        links=links,
        timeline=await timeline.of_enquiry(work.db, enquiry_id),
        perhaps_about=await perhaps_about(work, enquiry, links, seen),
    )
    await looked(work, [(enquiry_id, enquiry.citizen_id)], "record", why)
    await looked(work, [(enquiry_id, each.citizen.citizen_id) for each in found.suggestions], "suggestion", why)
    return found


async def citizen_of(work: Work, enquiry: Enquiry) -> Citizen | None:
    return await citizens.citizen(work.db, enquiry.citizen_id) if enquiry.citizen_id is not None else None


async def suggestions(work: Work, enquiry: Enquiry) -> list[Suggestion]:
    """Whoever may be the one, until somebody is or an adviser has said that nobody is."""
    if enquiry.identified_by is not None:
        return []
    because = await citizens.suggested(work.db, enquiry.enquiry_id)
    if not because:
        return []
    return [Suggestion(each, because[each.citizen_id]) for each in await citizens.citizens(work.db, list(because))]


async def perhaps_about(work: Work, enquiry: Enquiry, links: Sequence[Linked], seen: Sight) -> Enquiry | None:
    """The enquiry that it may belong to, until a person links them. None where this person may not see that one."""
    other = enquiry.perhaps_about
    if other is None or any(each.other_enquiry_id == other for each in links):
        return None
    return await enquiries.enquiry(work.db, other, seen)


async def at_newest(
    work: Work, person: Person, state: EnquiryState, most: int, after: EnquiryId | None
) -> list[Enquiry]:
    """A list shows what citizens wrote, so each line of it counts as a look."""
    before = await place_of(work, after)
    found = await enquiries.newest(work.db, await sight(work, person), state, most, before)
    await looked(work, [(enquiry.enquiry_id, enquiry.citizen_id) for enquiry in found], "list", None)
    return found


async def at_unreached(
    work: Work, person: Person, state: EnquiryState | None, most: int, after: EnquiryId | None
) -> list[Enquiry]:
    """Whose citizen the last that was sent did not reach, so that somebody tells them another way."""
    before = await place_of(work, after)
    found = await unreached.newest(work.db, await sight(work, person), state, most, before)
    await looked(work, [(enquiry.enquiry_id, enquiry.citizen_id) for enquiry in found], "list", None)
    return found


async def how_many_unreached(db: Connection) -> int:
    """A figure: it shows nobody, so it is no look."""
    return await unreached.count(db)


async def place_of(work: Work, after: EnquiryId | None) -> tuple[datetime, EnquiryId] | None:
    if after is None:
        return None
    received_at = await enquiries.received_at(work.db, after)
    if received_at is None:
        raise NotFound("The list cannot go on after an enquiry that is not recorded: begin it again.")
    return received_at, after


async def for_reference(work: Work, person: Person, reference: str, state: EnquiryState | None) -> list[Enquiry]:
    """As a citizen reads it out or types it."""
    found = await enquiries.with_number(work.db, parse_number(reference), await sight(work, person), state)
    await looked(work, [(enquiry.enquiry_id, enquiry.citizen_id) for enquiry in found], "search", None)
    return found


async def for_row_id(work: Work, person: Person, row_id: str, state: EnquiryState | None) -> list[Enquiry]:
    """By what an older system called it."""
    found = await enquiries.with_row_id(work.db, row_id, await sight(work, person), state)
    await looked(work, [(enquiry.enquiry_id, enquiry.citizen_id) for enquiry in found], "search", None)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A citizen, by what they are known, and what they have asked that goes on."""

    citizen: Citizen
    identifiers: list[Identifier]
    enquiries: list[Enquiry]


async def at_citizen(work: Work, citizen_id: CitizenId, why: str | None) -> Portrait:
    found = Portrait(
        citizen=await known_citizen(work, citizen_id),
        identifiers=await citizens.identifiers(work.db, citizen_id),
        enquiries=await citizens.not_resolved(work.db, citizen_id, MOST_ENQUIRIES),
    )
    await looked(work, [(None, citizen_id)], "citizen", why)
    return found


async def at_timeline(
    work: Work, citizen_id: CitizenId, most: int, before: Place | None, why: str | None
) -> list[Line]:
    """The newest first."""
    await known_citizen(work, citizen_id)
    found = await timeline.of_citizen(work.db, citizen_id, most, before)
    await looked(work, [(None, citizen_id)], "timeline", why)
    return found


async def for_citizens(
    work: Work, given: Mapping[IdentifierKind, str], surname: str | None, why: str | None
) -> list[Citizen]:
    """Those who are known by all of it. `Invalid` when it is too little to look for a person by."""
    here = await nation(work)
    values = {kind: read for kind, value in given.items() if (read := normalised(kind, value, here)) is not None}
    if len(values) < len(given):
        wrong = ", ".join(sorted(given.keys() - values.keys()))
        raise Invalid(f"This cannot be read: {wrong}. Write it as the citizen would give it.")
    evidence = Evidence(values, surname_key(surname))
    if not values or (IdentifierKind.EMAIL not in values and evidence.surname is None):
        raise Invalid("Search by email, or by telephone or UPRN together with the surname.")
    found = [
        each.citizen_id
        for each in await citizens.found(work.db, evidence, work.now)
        if each.kinds >= values.keys() and evidence.surname in (None, each.surname)
    ]
    await looked(work, [(None, citizen_id) for citizen_id in found], "search", why)
    return await citizens.citizens(work.db, found)


async def looked(work: Work, seen: Sequence[Seen], what: str, why: str | None) -> None:
    access = Access(
        who=work.cause.actor,
        what=what,
        why=why,
        occurred_at=work.now,
        correlation_id=work.cause.correlation_id,
    )
    await accesses.keep(work.db, seen, access)
