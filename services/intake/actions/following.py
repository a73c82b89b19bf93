"""Following how enquiries fare elsewhere, for their citizens to see."""

from services.intake.domain.progress import Standing, Step
from services.intake.store import progress as store
from shared.contracts.sla import AGREED, ClockFact, Verdict
from shared.errors import Early
from shared.vocabulary import AnswerKind, EnquiryId, enquiry_subject
from shared.work import Work

BY_VERDICT = {
    Verdict.RUNNING: Standing.RUNNING,
    Verdict.OTHER: Standing.RUNNING,
    Verdict.MET: Standing.KEPT,
    Verdict.BREACHED: Standing.BROKEN,
}


async def note(work: Work, enquiry_id: EnquiryId, step: Step) -> None:
    if not await store.add_step(work.db, enquiry_id, step, work.occurred_at):
        raise Early(enquiry_subject(enquiry_id))


async def note_taken_up(work: Work, enquiry_id: EnquiryId) -> None:
    await note(work, enquiry_id, Step.TAKEN_UP)


async def note_answered(work: Work, enquiry_id: EnquiryId, kind: AnswerKind) -> None:
    """Only a full answer answers. Word that it arrived, or takes longer, shows that somebody is at it."""
    await note(work, enquiry_id, Step.ANSWERED if kind is AnswerKind.FULL else Step.TAKEN_UP)


async def note_asked(work: Work, enquiry_id: EnquiryId) -> None:
    await note(work, enquiry_id, Step.ASKED)


async def note_resumed(work: Work, enquiry_id: EnquiryId) -> None:
    await note(work, enquiry_id, Step.RESUMED)


async def note_resolved(work: Work, enquiry_id: EnquiryId) -> None:
    await note(work, enquiry_id, Step.RESOLVED)


async def note_reopened(work: Work, enquiry_id: EnquiryId) -> None:
    await note(work, enquiry_id, Step.REOPENED)


async def note_running(work: Work, fact: ClockFact) -> None:
    await note_promise(work, fact, Standing.RUNNING)


async def note_paused(work: Work, fact: ClockFact) -> None:
    await note_promise(work, fact, Standing.WAITING_FOR_YOU)


async def note_due(work: Work, fact: ClockFact) -> None:
    """Another due time; it stands as before."""
    await note_promise(work, fact, None)


async def note_kept(work: Work, fact: ClockFact) -> None:
    await note_promise(work, fact, Standing.KEPT)


async def note_broken(work: Work, fact: ClockFact) -> None:
    await note_promise(work, fact, Standing.BROKEN)


async def note_corrected(work: Work, fact: ClockFact, verdict: Verdict) -> None:
    """One that runs on but is not due at any time is paused."""
    standing = BY_VERDICT[verdict]
    paused = standing is Standing.RUNNING and fact.due_at is None
    await note_promise(work, fact, Standing.WAITING_FOR_YOU if paused else standing)


async def note_superseded(work: Work, fact: ClockFact) -> None:
    await note_promise(work, fact, Standing.SUPERSEDED)


async def note_promise(work: Work, fact: ClockFact, standing: Standing | None) -> None:
    """Clocks on tasks are between the offices, and no promise to a citizen."""
    if fact.task_id is not None:
        return
    standard = None if fact.standard == AGREED else fact.standard
    known = await store.keep_promise(work.db, fact.clock_id, fact.enquiry_id, standard, fact.due_at, standing)
    if not known:
        raise Early(enquiry_subject(fact.enquiry_id))
