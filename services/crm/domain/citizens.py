"""Who a citizen is, and on which evidence an enquiry is theirs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.crm.domain.contacts import Contact
from services.crm.domain.identifiers import IdentifierKind, Strength, email, normalised, surname_key, surname_of
from shared.vocabulary import CitizenId, IdentifiedBy

MOST_SUGGESTIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """What a citizen is known by, who says so, and from when to when."""

    identifier_id: UUID
    kind: IdentifierKind
    value: str
    normalised: str
    evidence: Strength
    source: str
    valid_from: datetime
    valid_to: datetime | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """A person or organisation that contacts the council. All but the id may be unknown."""

    citizen_id: CitizenId
    name: str | None
    surname: str | None
    known_since: datetime
    version: int = 1

    @property
    def surname_key(self) -> str | None:
        return surname_key(self.surname)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What somebody said about who they are, in the form in which it is compared."""

    values: Mapping[IdentifierKind, str] = field(default_factory=dict)
    surname: str | None = None

    @property
    def is_reachable(self) -> bool:
        return IdentifierKind.EMAIL in self.values or IdentifierKind.TELEPHONE in self.values


def evidence_in(contact: Contact, nation: str) -> Evidence:
    read = {kind: normalised(kind, value, nation) for kind, value in values_in(contact).items()}
    return Evidence(
        {kind: value for kind, value in read.items() if value is not None},
        surname_key(surname_of(contact.citizen_surname, contact.citizen_name)),
    )


def reply_to(told_in: Sequence[Contact], known: Collection[Identifier]) -> Contact | None:
    """
    The last contact that told where the citizen can be written to; None when nobody has.

    An address that nobody vouches for is a stranger's, unless the citizen of the enquiry is known by it.
    """
    addresses = {each.normalised for each in known if each.kind is IdentifierKind.EMAIL and each.valid_to is None}
    given = [contact for contact in told_in if contact.citizen_email is not None]
    trusted = [each for each in given if each.is_vouched_for or email(each.citizen_email or "") in addresses]
    return trusted[-1] if trusted else None


def values_in(contact: Contact) -> Mapping[IdentifierKind, str | None]:
    """As they were given."""
    return {
        IdentifierKind.EMAIL: contact.citizen_email,
        IdentifierKind.TELEPHONE: contact.citizen_telephone,
        IdentifierKind.UPRN: contact.citizen_uprn,
    }


@dataclass(frozen=True, slots=True)
class Found:
    """A citizen who is known by something of the evidence: by which kinds of it."""

    citizen_id: CitizenId
    kinds: frozenset[IdentifierKind]
    surname: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """This citizen, and nobody else, on this evidence."""

    citizen_id: CitizenId
    by: IdentifiedBy


@dataclass(frozen=True, slots=True)
class New:
    """Somebody the council has not met."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Those who may be the one, with what speaks for each; an adviser decides."""

    because: Mapping[CitizenId, tuple[IdentifierKind, ...]]


@dataclass(frozen=True, slots=True)
class Nobody:
    """The enquiry has no citizen."""


def identify(evidence: Evidence, found: Collection[Found]) -> Known | New | Suggestions | Nobody:
    """Only strong evidence for exactly one citizen makes the enquiry theirs."""
    strong = proven(evidence, found)
    if len(strong) == 1:
        return Known(*next(iter(strong.items())))
    if found:
        return suggested(evidence, found)
    return New() if evidence.is_reachable else Nobody()


def suggested(evidence: Evidence, found: Collection[Found]) -> Suggestions:
    """All that evidence may do which anybody can bring who knows a reference."""
    return Suggestions(likeliest(found, proven(evidence, found)))


def proven(evidence: Evidence, found: Collection[Found]) -> Mapping[CitizenId, IdentifiedBy]:
    return {each.citizen_id: by for each in found if (by := proof(evidence, each)) is not None}


def proof(evidence: Evidence, found: Found) -> IdentifiedBy | None:
    """What alone would do: an email address; a telephone number or a UPRN only together with the surname."""
    if IdentifierKind.EMAIL in found.kinds:
        return IdentifiedBy.EMAIL
    if evidence.surname is None or evidence.surname != found.surname:
        return None
    if IdentifierKind.TELEPHONE in found.kinds:
        return IdentifiedBy.TELEPHONE_AND_SURNAME
    return IdentifiedBy.UPRN_AND_SURNAME if IdentifierKind.UPRN in found.kinds else None


def likeliest(
    found: Collection[Found], strong: Collection[CitizenId]
) -> Mapping[CitizenId, tuple[IdentifierKind, ...]]:
    """A care home's telephone may be known of hundreds: nobody would look through them."""
    ranked: Sequence[Found] = sorted(
        found, key=lambda each: (each.citizen_id not in strong, -len(each.kinds), each.citizen_id)
    )
    return {each.citizen_id: tuple(sorted(each.kinds)) for each in ranked[:MOST_SUGGESTIONS]}
