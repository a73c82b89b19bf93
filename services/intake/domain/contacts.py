"""Contacts and the enquiries they bring: what they hold, who may say which channel, and when they can have been."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches

from services.intake.domain.attachments import Attachment
from shared.council import CouncilService
from shared.errors import Fault, Forbidden, Invalid
from shared.vocabulary import (
    AdviserId,
    Channel,
    CitizenId,
    ContactId,
    Direction,
    EnquiryId,
    Outcome,
    Point,
    QueueId,
    Reference,
    Role,
)

OPEN_TO_ALL = {(Channel.WEB, Point.FORM), (Channel.WEB, Point.APP)}
KIOSK = (Channel.ONE_STOP_SHOP, Point.KIOSK)

DECIDE_ABOUT_CITIZENS = frozenset({Role.ADVISER, Role.OFFICER})

CLOCKS_DIFFER_BY = timedelta(minutes=1)
"""A desk's clock may be a little fast: what it calls now is not yet the future."""
FIRST_YEAR = 1970

LIKENESS = 0.5
MOST_NEAR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """Who got in touch, as far as they said."""

    name: str | None = None
    surname: str | None = None
    email: str | None = None
    telephone: str | None = None
    uprn: str | None = None
    citizen_id: CitizenId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One interaction. When it started is the moment that its work is about."""

    contact_id: ContactId
    channel: Channel
    point: Point
    citizen: Citizen = Citizen()
    language: str | None = None
    direction: Direction = Direction.INBOUND
    outcome: Outcome = Outcome.RECEIVED
    ended_at: datetime | None = None
    logged_by: AdviserId | None = None
    attachments: tuple[Attachment, ...] = ()
    quoted: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """
    What the citizen wants, in their words. `outcome` is the contact's unless it is another for this enquiry.

    By mail, `queue_id` is the queue of the mailbox, and `perhaps_about` an enquiry that it may belong to.
    """

    enquiry_id: EnquiryId
    title: str
    text: str
    service_code: str | None = None
    place: str | None = None
    outcome: Outcome | None = None
    queue_id: QueueId | None = None
    perhaps_about: EnquiryId | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """An enquiry that has its reference."""

    enquiry_id: EnquiryId
    reference: Reference


@dataclass(frozen=True, slots=True)
class Recorded:
    """A contact as it was stored: when it started, and all the enquiries it is about."""

    contact: Contact
    started_at: datetime
    about: tuple[EnquiryId, ...]


def check_channel(roles: Collection[Role], channel: Channel, point: Point) -> None:
    """The public says `web`, a machine also that it is a kiosk; `Forbidden` says who may say the rest."""
    if (channel, point) in OPEN_TO_ALL:
        return
    if (channel, point) != KIOSK:
        raise Forbidden(
            "Only the channel web with the point form or app may be said here: other contacts are logged "
            "by somebody who signs in, at /intake/v1/contacts."
        )
    if Role.MACHINE not in roles:
        raise Forbidden("Only a kiosk with its own API key may say that it is one: leave out channel and point.")


def check_citizen_id(roles: Collection[Role], citizen_id: CitizenId | None) -> None:
    """Whoever gives it decides whose enquiry it is; `Forbidden` says who may."""
    if citizen_id is not None and DECIDE_ABOUT_CITIZENS.isdisjoint(roles):
        raise Forbidden(
            "Only an adviser or an officer decides whose enquiry it is: leave out citizen.citizen_id, "
            "and write the name and the address as they were given."
        )


def when(started_at: datetime | None, ended_at: datetime | None, now: datetime) -> tuple[datetime, datetime | None]:
    """When a logged contact started, just now unless it is said, and ended. `Invalid` when it cannot have been so."""
    faults = [
        Fault(f"body.{name}", why)
        for name, moment in (("started_at", started_at), ("ended_at", ended_at))
        if moment is not None and (why := what_is_wrong_with(moment, now))
    ]
    if not faults and ended_at is not None and ended_at < (started_at or now):
        faults = [Fault("body.ended_at", "a contact cannot end before it starts: correct one of the two times")]
    if faults:
        raise Invalid(f"Please correct {faults[0].where}: {faults[0].why}.", faults)
    return min(started_at or now, now), ended_at and min(ended_at, now)


def what_is_wrong_with(moment: datetime, now: datetime) -> str | None:
    if moment.year < FIRST_YEAR:
        return "this is too long ago to be true: check the year"
    if moment > now + CLOCKS_DIFFER_BY:
        return "this lies in the future: write when it really was"
    return None


def check_services(enquiries: Mapping[str, Enquiry], catalogue: Collection[CouncilService]) -> None:
    """`Invalid` names each code that is not in the catalogue, where it stands, and those that may have been meant."""
    known = {service.code for service in catalogue}
    faults = [
        Fault(f"{where}.service_code", f"there is no council service {code}{instead(code, catalogue)}")
        for where, enquiry in enquiries.items()
        if (code := enquiry.service_code) is not None and code not in known
    ]
    if faults:
        raise Invalid(f"Please correct {faults[0].where}: {faults[0].why}.", faults)


def instead(code: str, catalogue: Collection[CouncilService]) -> str:
    """Codes near in spelling, and those whose name or keywords hold the word."""
    word = code.casefold()
    near = get_close_matches(word, [service.code for service in catalogue], MOST_NEAR, LIKENESS)
    meant = [service.code for service in catalogue if word in words_of(service)]
    found = list(dict.fromkeys([*meant, *near]))[:MOST_NEAR]
    return f": perhaps you meant {' or '.join(found)}" if found else ": leave it out, or take a code of the catalogue"


def words_of(service: CouncilService) -> str:
    return "\n".join([*service.name.values(), *service.keywords]).casefold()
