"""What intake hears: how its enquiries fare elsewhere."""

from services.intake import actions
from shared.contracts.crm import EnquiryAnswered, EnquiryResolved
from shared.contracts.routing import TaskAssigned
from shared.contracts.sla import ClockBreached, ClockCorrected, ClockMet, ClockStarted, Verdict
from shared.hearing import on
from shared.work import Work


async def show_it_is_dealt_with(event: TaskAssigned, work: Work) -> None:
    await actions.note_taken_up(work, event.enquiry_id)


async def show_the_answer(event: EnquiryAnswered, work: Work) -> None:
    await actions.note_answered(work, event.enquiry_id, event.kind)


async def show_the_end(event: EnquiryResolved, work: Work) -> None:
    await actions.note_resolved(work, event.enquiry_id)


async def show_the_promise(event: ClockStarted, work: Work) -> None:
    await actions.note_promise(work, event.enquiry_id, event.standard, event.due_at, kept=None)


async def show_it_was_kept(event: ClockMet, work: Work) -> None:
    await actions.note_promise(work, event.enquiry_id, event.standard, event.due_at, kept=True)


async def show_it_was_broken(event: ClockBreached, work: Work) -> None:
    await actions.note_promise(work, event.enquiry_id, event.standard, event.due_at, kept=False)


async def show_the_correction(event: ClockCorrected, work: Work) -> None:
    kept = {Verdict.MET: True, Verdict.BREACHED: False}.get(event.verdict)
    await actions.note_promise(work, event.enquiry_id, event.standard, event.due_at, kept=kept)


HEARS = (
    on(TaskAssigned, show_it_is_dealt_with),
    on(EnquiryAnswered, show_the_answer),
    on(EnquiryResolved, show_the_end),
    on(ClockStarted, show_the_promise),
    on(ClockMet, show_it_was_kept),
    on(ClockBreached, show_it_was_broken),
    on(ClockCorrected, show_the_correction),
)
