"""What routing hears."""

from services.routing.actions import importing, moving, queueing
from services.routing.actions.queueing import Asked, Due
from shared.contracts.crm import EnquiryClassified, EnquiryReopened, EnquiryResolved, EnquiryResumed, WorkRequested
from shared.contracts.intake import ContactReceived, EnquiryImported, EnquiryReceived, ImportReleased
from shared.contracts.sla import (
    ClockCorrected,
    ClockExtended,
    ClockMet,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockSuperseded,
)
from shared.hearing import on
from shared.vocabulary import Direction, Outcome
from shared.work import Work


async def queue_new_enquiry(event: EnquiryReceived, work: Work) -> None:
    asked = Asked(
        enquiry_id=event.enquiry_id,
        request_id=event.contact_id,
        service_code=event.service_code,
        title=event.title,
        text=event.text,
        resolved=event.outcome is Outcome.RESOLVED_AT_FIRST_CONTACT,
        channel=event.channel,
        place=event.place or "",
        names=(event.citizen_name, event.citizen_surname),
        queue_id=event.queue_id,
    )
    await queueing.take_in(work, asked)


async def take_in_history(event: EnquiryImported, work: Work) -> None:
    past = importing.Past(
        enquiry_id=event.enquiry_id,
        import_id=event.import_id,
        request_id=event.contact_id,
        system=event.system,
        service_code=event.service_code,
        queue_id=event.queue_id,
        channel=event.channel,
        title=event.title,
        text=event.text,
        place=event.place or "",
        area=event.area,
        names=(event.citizen_name, event.citizen_surname),
        received_at=event.received_at,
        resolved_at=event.resolved_at,
    )
    await importing.take_in(work, past)


async def release_import(event: ImportReleased, work: Work) -> None:
    await importing.release(work, event.import_id, event.released_at)


async def queue_further_contact(event: ContactReceived, work: Work) -> None:
    """Nobody has to reply to what the council itself said, or to what was settled at once."""
    settled = event.direction is Direction.OUTBOUND or event.outcome is Outcome.RESOLVED_AT_FIRST_CONTACT
    if not settled:
        await queueing.take_in_further(work, event.enquiry_id, event.contact_id)


async def queue_reopened(event: EnquiryReopened, work: Work) -> None:
    await queueing.reopen(work, event.enquiry_id, event.contact_id)


async def queue_resumed(event: EnquiryResumed, work: Work) -> None:
    await queueing.resume(work, event.enquiry_id, event.contact_id)


async def queue_requested_work(event: WorkRequested, work: Work) -> None:
    await queueing.hand_over(work, event.enquiry_id, event.work_id, event.queue_id, event.adviser_id)


async def move_to_its_service(event: EnquiryClassified, work: Work) -> None:
    await moving.classify(work, event.enquiry_id, event.service_code, event.adviser_id)


async def withdraw_open_tasks(event: EnquiryResolved, work: Work) -> None:
    await queueing.withdraw(work, event.enquiry_id)


async def make_urgent(event: ClockStarted | ClockResumed | ClockExtended | ClockCorrected, work: Work) -> None:
    """What was broken and is not done yet is more urgent than anything else."""
    has_ended = isinstance(event, ClockCorrected) and event.stopped_at is not None
    if event.due_at is None or has_ended:
        await queueing.forget_promise(work, event.clock_id, event.enquiry_id)
    else:
        await queueing.promise(work, Due(event.clock_id, event.enquiry_id, event.task_id, event.due_at))


async def forget_promise(event: ClockPaused | ClockMet | ClockSuperseded, work: Work) -> None:
    await queueing.forget_promise(work, event.clock_id, event.enquiry_id)


HEARS = (
    on(EnquiryReceived, queue_new_enquiry),
    on(EnquiryImported, take_in_history),
    on(ImportReleased, release_import),
    on(ContactReceived, queue_further_contact),
    on(EnquiryReopened, queue_reopened),
    on(EnquiryResumed, queue_resumed),
    on(WorkRequested, queue_requested_work),
    on(EnquiryClassified, move_to_its_service),
    on(EnquiryResolved, withdraw_open_tasks),
    on(ClockStarted, make_urgent),
    on(ClockResumed, make_urgent),
    on(ClockExtended, make_urgent),
    on(ClockPaused, forget_promise),
    on(ClockMet, forget_promise),
    on(ClockSuperseded, forget_promise),
    on(ClockCorrected, make_urgent),
)
