"""Finding out whose enquiry it is: by evidence alone, or because an adviser decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.crm.actions.knowing import Decision, as_seen, entry_now, nation
from services.crm.domain.citizens import (
    Citizen,
    Evidence,
    Identifier,
    Known,
    New,
    Nobody,
    Suggestions,
    evidence_in,
    identify,
    suggested,
    values_in,
)
from services.crm.domain.contacts import Contact
from services.crm.domain.enquiries import Enquiry, identified
from services.crm.domain.identifiers import Strength, surname_of
from services.crm.domain.rows import may_decide_about_citizens
from services.crm.domain.timeline import EntryKind
from services.crm.store import citizens, contacts, enquiries, timeline
from shared.contracts.crm import CitizenIdentified
from shared.errors import Invalid
from shared.vocabulary import CitizenId, IdentifiedBy, new_id
from shared.work import Work


async def recognise(
    work: Work, enquiry: Enquiry, contact: Contact, named: CitizenId | None, *, is_first: bool
) -> Enquiry:
    """Whose it is, found out and said."""
    after = await find_out(work, enquiry, contact, named, is_first=is_first)
    say_identified(work, enquiry, after)
    return after


def say_identified(work: Work, before: Enquiry, after: Enquiry) -> None:
    """Nothing where nobody was found."""
    if after.citizen_id is not None and after.identified_by is not None and after != before:
        work.say(CitizenIdentified(enquiry_id=after.enquiry_id, citizen_id=after.citizen_id, by=after.identified_by))


async def find_out(
    work: Work, enquiry: Enquiry, contact: Contact, named: CitizenId | None, *, is_first: bool
) -> Enquiry:
    """
    By the citizen an adviser named when logging the contact, else by what the contact tells. No new version.

    `is_first` tells that the contact is about no other enquiry yet, whose citizen could be this one's.
    """
    found: Known | New | Suggestions | Nobody | None = await chosen(work, enquiry, named)
    if found is None and not is_first:
        found = await citizens.of_contact(work.db, contact.contact_id, enquiry.enquiry_id)
    if found is None:
        found = await who_is(work, await evidence_of(work, contact), contact)
    if isinstance(found, Known):
        return await make_theirs(work, enquiry, found.citizen_id, found.by)
    if isinstance(found, New):
        citizen = await add_citizen(work, [contact], await nation_for(work, contact))
        return await make_theirs(work, enquiry, citizen.citizen_id, IdentifiedBy.NEW)
    if isinstance(found, Suggestions):
        await citizens.suggest(work.db, enquiry.enquiry_id, found.because)
    return enquiry


async def suggest(work: Work, enquiry: Enquiry, contact: Contact) -> None:
    """By what a contact tells that nobody vouches for: whoever knows the reference may have made it."""
    evidence = await evidence_of(work, contact)
    found = await citizens.found(work.db, evidence, contact.started_at)
    await citizens.suggest(work.db, enquiry.enquiry_id, suggested(evidence, found).because)


async def evidence_of(work: Work, contact: Contact) -> Evidence:
    """Only a telephone number is read as the council's nation writes it."""
    return evidence_in(contact, await nation_for(work, contact))


async def nation_for(work: Work, contact: Contact) -> str:
    return await nation(work) if contact.citizen_telephone is not None else ""


async def chosen(work: Work, enquiry: Enquiry, named: CitizenId | None) -> Known | None:
    """What cannot be followed is noted, so that somebody chooses again."""
    if named is None:
        return None
    if not may_decide_about_citizens(work.cause.actor):
        because = "only advisers and officers may say whose it is"
    elif await citizens.citizen(work.db, named) is None:
        because = "no such citizen is known"
    else:
        return Known(named, IdentifiedBy.ADVISER)
    text = f"It was logged as citizen {named}'s, but {because}: say whose it is."
    await timeline.keep(work.db, enquiry.enquiry_id, entry_now(work, EntryKind.NOTED, text=text))
    return None


async def who_is(work: Work, evidence: Evidence, contact: Contact) -> Known | New | Suggestions | Nobody:
    """Whoever seems new is looked for again under a lock: two enquiries at once must not make two citizens."""
    if not evidence.values:
        return Nobody()
    found = identify(evidence, await citizens.found(work.db, evidence, contact.started_at))
    if isinstance(found, New):
        await citizens.lock(work.db, evidence.values.items())
        found = identify(evidence, await citizens.found(work.db, evidence, contact.started_at))
    return found


async def make_theirs(work: Work, enquiry: Enquiry, citizen_id: CitizenId, by: IdentifiedBy) -> Enquiry:
    after = replace(enquiry, citizen_id=citizen_id, identified_by=by)
    await enquiries.make_theirs(work.db, after, entry_now(work, EntryKind.IDENTIFIED, detail=by))
    return after


async def add_citizen(work: Work, told_in: Sequence[Contact], here: str) -> Citizen:
    """
    Known from now on by what they said in these contacts: claimed, nothing more.

    A match adds nothing to a citizen: what was only matched must not become evidence for the next match.
    """
    name = next((contact.citizen_name for contact in told_in if contact.citizen_name), None)
    surname = next((contact.citizen_surname for contact in told_in if contact.citizen_surname), None)
    claimed = {
        (each.kind, each.normalised): each for contact in reversed(told_in) for each in claimed_in(contact, here)
    }
    if name is None and surname is None and not claimed:
        raise Invalid(
            "Nobody gave a name, an address or a number when it was asked or when a contact was logged: there is "
            "nothing a citizen could be known by. Log a contact in which they say who they are."
        )
    citizen = Citizen(
        citizen_id=CitizenId(new_id()),
        name=name or surname,
        surname=surname_of(surname, name),
        known_since=told_in[0].started_at,
    )
    await citizens.add(work.db, citizen, list(claimed.values()))
    return citizen


def claimed_in(contact: Contact, here: str) -> list[Identifier]:
    given = values_in(contact)
    return [
        Identifier(
            identifier_id=new_id(),
            kind=kind,
            value=given[kind] or value,
            normalised=value,
            evidence=Strength.CLAIMED,
            source=f"contact/{contact.contact_id}",
            valid_from=contact.started_at,
        )
        for kind, value in evidence_in(contact, here).values.items()
    ]


async def choose(work: Work, decision: Decision, citizen_id: CitizenId | None) -> Enquiry:
    """An adviser says whose enquiry it is, or with None that it is nobody's that the council knows."""
    before = await as_seen(work, decision)
    if citizen_id is not None and await citizens.citizen(work.db, citizen_id) is None:
        raise Invalid("No such citizen is known: choose one of those suggested, or search for them.")
    return await decide(work, before, citizen_id)


async def choose_new(work: Work, decision: Decision) -> Enquiry:
    """An adviser says that the council has not met whoever asked: a stranger who wrote later is not them."""
    before = await as_seen(work, decision)
    here = await nation(work)
    told_in = [each for each in await contacts.of_enquiry(work.db, before.enquiry_id) if each.is_vouched_for]
    values = [value for contact in told_in for value in evidence_in(contact, here).values.items()]
    await citizens.lock(work.db, values)
    citizen = await add_citizen(work, told_in, here)
    return await decide(work, before, citizen.citizen_id)


async def decide(work: Work, before: Enquiry, citizen_id: CitizenId | None) -> Enquiry:
    after = identified(before, citizen_id, IdentifiedBy.ADVISER)
    await timeline.give_to(work.db, after.enquiry_id, citizen_id)
    kind = EntryKind.UNIDENTIFIED if citizen_id is None else EntryKind.IDENTIFIED
    detail = None if citizen_id is None else IdentifiedBy.ADVISER
    await enquiries.save(work.db, after, entry_now(work, kind, detail=detail, version=after.version))
    if citizen_id is not None:
        work.say(CitizenIdentified(enquiry_id=after.enquiry_id, citizen_id=citizen_id, by=IdentifiedBy.ADVISER))
    return after
