"""Knowing who takes part in an enquiry, so that a mail about it is theirs."""

from __future__ import annotations

from services.intake.store.mail import participants
from shared.errors import Early
from shared.vocabulary import CitizenId, EnquiryId, IdentifiedBy, enquiry_subject
from shared.work import Work

WEAK = frozenset({IdentifiedBy.TELEPHONE_AND_SURNAME, IdentifiedBy.UPRN_AND_SURNAME, IdentifiedBy.OTHER})
"""What a neighbour may know as well: enough to suggest who asks, and not to let their address onto other enquiries."""


async def note_identified(work: Work, enquiry_id: EnquiryId, citizen_id: CitizenId, by: IdentifiedBy) -> None:
    """Whose it is, by an address or as an adviser decided. The latest word holds; a weak one only takes back."""
    if by in WEAK:
        await participants.not_known_as_anybody_elses(work.db, enquiry_id, citizen_id)
        return
    if not await participants.identify(work.db, enquiry_id, citizen_id):
        raise Early(enquiry_subject(enquiry_id))
