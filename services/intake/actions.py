"""What intake can do. Each action reads, decides, writes, then says so."""

from dataclasses import dataclass
from datetime import datetime
from secrets import randbits

from services.intake import domain, store
from services.intake.domain import Milestones, Submission
from shared.contracts.intake import EnquiryReceived
from shared.contracts.sla import ACKNOWLEDGEMENT
from shared.errors import Early
from shared.vocabulary import AnswerKind, EnquiryId, Reference, enquiry_subject
from shared.work import Work


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the citizen gets in return."""

    reference: Reference
    received_at: datetime


async def receive(work: Work, submission: Submission, prefix: str) -> Receipt:
    """Stored before anybody hears of it, and heard of whenever it is stored."""
    reference = domain.reference_of(prefix, randbits(domain.RANDOM_BITS))
    await store.save_submission(work.db, submission, reference, work.occurred_at)
    work.say(
        EnquiryReceived(
            enquiry_id=submission.enquiry_id,
            contact_id=submission.contact_id,
            reference=reference,
            channel=submission.channel,
            point=submission.point,
            service_code=submission.service_code,
            title=submission.title,
            text=submission.text,
            place=submission.place,
            citizen_name=submission.citizen_name,
            citizen_email=submission.citizen_email,
            received_at=work.occurred_at,
        )
    )
    return Receipt(reference, work.occurred_at)


async def note_taken_up(work: Work, enquiry_id: EnquiryId) -> None:
    await keep(work, enquiry_id, Milestones(taken_up_at=work.occurred_at))


async def note_answered(work: Work, enquiry_id: EnquiryId, kind: AnswerKind) -> None:
    """Only a full answer answers. Word that it arrived, or takes longer, shows that somebody is at it."""
    if kind is AnswerKind.FULL:
        await keep(work, enquiry_id, Milestones(answered_at=work.occurred_at))
    else:
        await note_taken_up(work, enquiry_id)


async def note_resolved(work: Work, enquiry_id: EnquiryId) -> None:
    await keep(work, enquiry_id, Milestones(resolved_at=work.occurred_at))


async def keep(work: Work, enquiry_id: EnquiryId, heard: Milestones) -> None:
    if not await store.keep_milestones(work.db, enquiry_id, heard):
        raise Early(enquiry_subject(enquiry_id))


async def note_promise(
    work: Work, enquiry_id: EnquiryId, standard: str, due_at: datetime, *, kept: bool | None
) -> None:
    """Citizens are shown the one promise that every enquiry has."""
    if standard != ACKNOWLEDGEMENT:
        return
    if not await store.keep_promise(work.db, enquiry_id, due_at, kept):
        raise Early(enquiry_subject(enquiry_id))
