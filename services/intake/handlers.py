"""What intake hears: how its enquiries fare elsewhere, and what their citizens are to be told."""

from services.intake.actions import following, sending
from services.intake.actions.mail import knowing
from shared.contracts.crm import (
    CitizenIdentified,
    EnquiryAnswered,
    EnquiryAwaitingCitizen,
    EnquiryReopened,
    EnquiryResolved,
    EnquiryResumed,
    ReplyRequested,
)
from shared.contracts.routing import TaskAssigned
from shared.contracts.sla import (
    ClockBreached,
    ClockCorrected,
    ClockExtended,
    ClockMet,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockSuperseded,
)
from shared.hearing import on
from shared.work import Work


async def show_it_is_dealt_with(event: TaskAssigned, work: Work) -> None:
    await following.note_taken_up(work, event.enquiry_id)


async def show_the_answer(event: EnquiryAnswered, work: Work) -> None:
    await following.note_answered(work, event.enquiry_id, event.kind)


async def show_it_waits_for_them(event: EnquiryAwaitingCitizen, work: Work) -> None:
    await following.note_asked(work, event.enquiry_id)


async def show_it_goes_on(event: EnquiryResumed, work: Work) -> None:
    await following.note_resumed(work, event.enquiry_id)


async def show_the_end(event: EnquiryResolved, work: Work) -> None:
    await following.note_resolved(work, event.enquiry_id)


async def show_it_is_open_again(event: EnquiryReopened, work: Work) -> None:
    await following.note_reopened(work, event.enquiry_id)


async def know_whose_it_is(event: CitizenIdentified, work: Work) -> None:
    await knowing.note_identified(work, event.enquiry_id, event.citizen_id, event.by)


async def send_the_reply(event: ReplyRequested, work: Work) -> None:
    await sending.take_message(work, event)


async def show_the_promise(event: ClockStarted | ClockResumed, work: Work) -> None:
    await following.note_running(work, event)


async def show_it_is_paused(event: ClockPaused, work: Work) -> None:
    await following.note_paused(work, event)


async def show_another_due_time(event: ClockExtended, work: Work) -> None:
    await following.note_due(work, event)


async def show_it_was_kept(event: ClockMet, work: Work) -> None:
    await following.note_kept(work, event)


async def show_it_was_broken(event: ClockBreached, work: Work) -> None:
    await following.note_broken(work, event)


async def show_the_correction(event: ClockCorrected, work: Work) -> None:
    await following.note_corrected(work, event, event.verdict)


async def show_it_no_more(event: ClockSuperseded, work: Work) -> None:
    await following.note_superseded(work, event)


HEARS = (
    on(TaskAssigned, show_it_is_dealt_with),
    on(EnquiryAnswered, show_the_answer),
    on(EnquiryAwaitingCitizen, show_it_waits_for_them),
    on(EnquiryResumed, show_it_goes_on),
    on(EnquiryResolved, show_the_end),
    on(EnquiryReopened, show_it_is_open_again),
    on(CitizenIdentified, know_whose_it_is),
    on(ReplyRequested, send_the_reply),
    on(ClockStarted, show_the_promise),
    on(ClockPaused, show_it_is_paused),
    on(ClockResumed, show_the_promise),
    on(ClockExtended, show_another_due_time),
    on(ClockMet, show_it_was_kept),
    on(ClockBreached, show_it_was_broken),
    on(ClockCorrected, show_the_correction),
    on(ClockSuperseded, show_it_no_more),
)
