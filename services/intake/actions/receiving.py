"""Taking in contacts and the enquiries they bring. Stored before anybody hears of it, and heard of whenever stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import randbits
from typing import Any

from services.intake.domain import contacts as rules
from services.intake.domain.contacts import Contact, Enquiry, Known
from services.intake.store import contacts as store
from services.intake.store.mail import participants
from shared import references
from shared.contracts.intake import Attachment, ContactReceived, EnquiryReceived
from shared.council import Current, current
from shared.errors import NotFound, Unavailable
from shared.vocabulary import AdviserId, ContactId, EnquiryId, Outcome
from shared.work import Work


async def take_up(work: Work, council: Current) -> None:
    """New references begin as this council's do; those given before stay as they are."""
    await store.keep_prefix(work.db, council.council.council.reference_prefix)


async def receive(
    work: Work, contact: Contact, enquiries: Sequence[Enquiry], already: Sequence[EnquiryId] = ()
) -> list[Known]:
    """A contact that brings enquiries, in their order. `already` names those that it has brought before."""
    numbered = {references.number_of(randbits(references.RANDOM_BITS)): enquiry for enquiry in enquiries}
    given = await store.save(work.db, contact, work.occurred_at, numbered)
    if len(given) < len(enquiries):
        raise Unavailable("No council file has been applied yet: run `accesspoint council apply FILE`.")
    if contact.attachments and not already:
        await store.save_files(work.db, contact)
    brought = (*already, *(enquiry.enquiry_id for enquiry in enquiries))
    known = [Known(enquiry.enquiry_id, given[enquiry.enquiry_id]) for enquiry in enquiries]
    for enquiry, its in zip(enquiries, known, strict=True):
        work.say(
            EnquiryReceived(
                **said_of(contact, its, enquiry.text, enquiry.outcome),
                title=enquiry.title,
                place=enquiry.place,
                service_code=enquiry.service_code,
                also_brought=tuple(each for each in brought if each != enquiry.enquiry_id),
                received_at=work.occurred_at,
                queue_id=enquiry.queue_id,
                perhaps_about=enquiry.perhaps_about,
            )
        )
    return known


async def receive_further(work: Work, contact: Contact, about: Known, text: str) -> None:
    """
    A contact on an enquiry that is known already.

    It makes nobody known on it: whoever has come to know the reference may have written.
    """
    await store.save_further(work.db, contact, work.occurred_at, about.enquiry_id, text)
    if contact.attachments:
        await store.save_files(work.db, contact)
    work.say(ContactReceived(**said_of(contact, about, text), started_at=work.occurred_at))


def said_of(contact: Contact, about: Known, text: str, outcome: Outcome | None = None) -> dict[str, Any]:
    """What every event about a contact carries."""
    citizen = contact.citizen
    return {
        "enquiry_id": about.enquiry_id,
        "contact_id": contact.contact_id,
        "reference": about.reference,
        "channel": contact.channel,
        "point": contact.point,
        "text": text,
        "citizen_name": citizen.name,
        "citizen_surname": citizen.surname,
        "citizen_email": citizen.email,
        "citizen_telephone": citizen.telephone,
        "citizen_uprn": citizen.uprn,
        "citizen_id": citizen.citizen_id,
        "language": contact.language,
        "direction": contact.direction,
        "outcome": outcome or contact.outcome,
        "ended_at": contact.ended_at,
        "logged_by": contact.logged_by,
        "attachments": tuple(
            Attachment(file_id=file.file_id, name=file.name, media_type=file.media_type, size=file.size)
            for file in contact.attachments
        ),
        "quoted": contact.quoted,
    }


@dataclass(frozen=True, slots=True)
class Logged:
    """What somebody logs by hand: a contact with its true times, and what it brought or what it is about."""

    contact: Contact
    started_at: datetime | None
    enquiries: Sequence[Enquiry] = ()
    about: Known | None = None
    text: str = ""


async def log(work: Work, logged: Logged) -> tuple[datetime, list[Known]]:
    """When it started, and its enquiries. All that follows is reckoned from then and not from when it was logged."""
    started_at, ended_at = rules.when(logged.started_at, logged.contact.ended_at, work.now)
    there, contact = at(work, started_at), replace(logged.contact, ended_at=ended_at)
    if logged.about is not None:
        await receive_further(there, contact, logged.about, logged.text)
        if contact.citizen.email is not None:
            await participants.add_participant(work.db, logged.about.enquiry_id, contact.citizen.email, started_at)
        return started_at, [logged.about]
    await check_services(work, {f"body.enquiries[{nth}]": each for nth, each in enumerate(logged.enquiries)})
    return started_at, await receive(there, contact, logged.enquiries)


async def open_another(
    work: Work, contact_id: ContactId, enquiry: Enquiry, logged_by: AdviserId
) -> tuple[datetime, Known]:
    """A further enquiry out of a contact that was recorded before: as if it had been brought with the others."""
    recorded = await store.recorded(work.db, contact_id)
    if recorded is None:
        raise NotFound("We know of no such contact: copy its id once more from the enquiry's record.")
    await check_services(work, {"body": enquiry})
    contact = replace(recorded.contact, logged_by=logged_by)
    [opened] = await receive(at(work, recorded.started_at), contact, [enquiry], recorded.about)
    return recorded.started_at, opened


def at(work: Work, moment: datetime) -> Work:
    return work.because(replace(work.cause, occurred_at=moment))


async def check_services(work: Work, enquiries: Mapping[str, Enquiry]) -> None:
    """People who work here have the catalogue before them. What a citizen sends is taken in as it is."""
    if any(enquiry.service_code is not None for enquiry in enquiries.values()):
        rules.check_services(enquiries, (await current(work.db)).council.service)
