"""What may be done with an enquiry, and what it is afterwards."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.crm.domain.contacts import Contact
from shared.errors import Conflict
from shared.vocabulary import (
    AdviserId,
    AnswerKind,
    Channel,
    CitizenId,
    EnquiryId,
    IdentifiedBy,
    Reference,
    Resolution,
)


class EnquiryState(StrEnum):
    """Where an enquiry stands. Only a full answer makes it answered."""

    OPEN = "open"
    ANSWERED = "answered"
    AWAITING_CITIZEN = "awaiting_citizen"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class ImportedAs:
    """What an older system called itself, and the enquiry that came from it."""

    system: str
    row_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquiry:
    """
    What the council knows of what a citizen wants.

    `version` counts what people decided about it, citizens who write again among them. `assigned_to` is who last
    accepted a task; `asked_at` is set while the citizen is awaited. `perhaps_about` is the enquiry that it may belong
    to, by somebody who is not known there: a person decides. `unreached_since` is set while the
    last that was sent to the citizen did not reach them.
    """

    enquiry_id: EnquiryId
    reference: Reference
    title: str
    text: str
    place: str | None
    service_code: str | None
    channel: Channel
    received_at: datetime
    state: EnquiryState = EnquiryState.OPEN
    version: int = 1
    assigned_to: AdviserId | None = None
    citizen_id: CitizenId | None = None
    identified_by: IdentifiedBy | None = None
    answered_at: datetime | None = None
    asked_at: datetime | None = None
    resolved_at: datetime | None = None
    resolution: Resolution | None = None
    imported_as: ImportedAs | None = None
    perhaps_about: EnquiryId | None = None
    unreached_since: datetime | None = None

    @property
    def is_awaiting(self) -> bool:
        return self.state is EnquiryState.AWAITING_CITIZEN

    @property
    def is_resolved(self) -> bool:
        return self.state is EnquiryState.RESOLVED


def answered(enquiry: Enquiry, kind: AnswerKind, at: datetime) -> Enquiry:
    """Word that it arrived, or takes longer, leaves its state as it is; a full answer ends waiting for the citizen."""
    refuse_resolved(enquiry)
    after = decided(enquiry)
    if kind is not AnswerKind.FULL:
        return after
    return replace(after, state=EnquiryState.ANSWERED, answered_at=enquiry.answered_at or at, asked_at=None)


def asked(enquiry: Enquiry, at: datetime) -> Enquiry:
    """The council cannot go on before the citizen answers; a further question does not begin the wait anew."""
    refuse_resolved(enquiry)
    return replace(decided(enquiry), state=EnquiryState.AWAITING_CITIZEN, asked_at=enquiry.asked_at or at)


def resumed(enquiry: Enquiry) -> Enquiry:
    if not enquiry.is_awaiting:
        raise Conflict("This enquiry does not wait for the citizen: there is nothing to resume.")
    return replace(decided(enquiry), state=EnquiryState.OPEN, asked_at=None)


def resolved(enquiry: Enquiry, resolution: Resolution, at: datetime) -> Enquiry:
    if enquiry.is_resolved:
        raise Conflict(f"This enquiry is resolved already ({enquiry.resolution}): there is nothing left to do.")
    after = decided(enquiry)
    return replace(after, state=EnquiryState.RESOLVED, resolution=resolution, resolved_at=at, asked_at=None)


def reopened(enquiry: Enquiry) -> Enquiry:
    if not enquiry.is_resolved:
        raise Conflict("This enquiry is not resolved: there is nothing to reopen.")
    return replace(decided(enquiry), state=EnquiryState.OPEN, resolution=None, resolved_at=None)


def contacted(enquiry: Enquiry, contact: Contact) -> Enquiry:
    """
    What a further contact makes of it: the citizen's word resumes what waits for it, and reopens what was resolved.

    What an adviser logs afterwards they had heard when they asked or resolved; what came by itself nobody had.
    """
    since = enquiry.asked_at or enquiry.resolved_at
    was_known = since is not None and contact.logged_by is not None and contact.started_at < since
    if since is None or was_known or contact.has_settled_it or not contact.is_citizens_word:
        return enquiry
    return resumed(enquiry) if enquiry.is_awaiting else reopened(enquiry)


def unread(enquiry: Enquiry, contact: Contact) -> Enquiry:
    """
    A new version, when the citizen has said something that nobody of the council has read yet.

    So whoever answers or resolves without having read it is told. What resumes or reopens makes its own version.
    """
    goes_on = enquiry.is_awaiting or enquiry.is_resolved
    is_news = contact.is_citizens_word and contact.logged_by is None and not goes_on
    return decided(enquiry) if is_news else enquiry


def classified(enquiry: Enquiry, service_code: str) -> Enquiry:
    return replace(decided(enquiry), service_code=service_code)


def identified(enquiry: Enquiry, citizen_id: CitizenId | None, by: IdentifiedBy) -> Enquiry:
    """None takes back what was found, and nothing is found by itself again."""
    return replace(decided(enquiry), citizen_id=citizen_id, identified_by=by)


def handed_over(enquiry: Enquiry) -> Enquiry:
    refuse_resolved(enquiry)
    return decided(enquiry)


def decided(enquiry: Enquiry) -> Enquiry:
    """Somebody decided something about it: who has not seen that must look again."""
    return replace(enquiry, version=enquiry.version + 1)


def refuse_resolved(enquiry: Enquiry) -> None:
    if enquiry.is_resolved:
        raise Conflict("This enquiry is resolved: reopen it first.")
