"""What sla hears: all that starts, pauses, moves or stops a promise."""

from services.sla.actions import hearing, importing
from services.sla.actions.importing import Imported
from shared.contracts.crm import (
    EnquiryAnswered,
    EnquiryAwaitingCitizen,
    EnquiryClassified,
    EnquiryReopened,
    EnquiryResolved,
    EnquiryResumed,
)
from shared.contracts.intake import ContactReceived, EnquiryImported, EnquiryReceived
from shared.contracts.routing import TaskAssigned, TaskCompleted, TaskQueued, TaskTransferred, TaskWithdrawn
from shared.hearing import on
from shared.work import Work


async def promise(event: EnquiryReceived, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name, channel=event.channel, service_code=event.service_code)


async def keep_its_promise(event: EnquiryImported, work: Work) -> None:
    imported = Imported(
        channel=event.channel,
        service_code=event.service_code,
        queue_id=event.queue_id,
        received_at=event.received_at,
        due_at=event.due_at,
        resolved_at=event.resolved_at,
        cut_over=event.cut_over,
    )
    await importing.hear_imported(work, event.enquiry_id, imported)


async def promise_to_the_contact(event: ContactReceived, work: Work) -> None:
    await hearing.hear_contact(work, event.enquiry_id, event.channel, event.direction, event.outcome)


async def see_what_it_is_about(event: EnquiryClassified, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name, service_code=event.service_code)


async def pause(event: EnquiryAwaitingCitizen, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name)


async def resume(event: EnquiryResumed, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name)


async def stop_at_the_answer(event: EnquiryAnswered, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name, answer=event.kind)


async def stop_at_the_end(event: EnquiryResolved, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name)


async def promise_anew(event: EnquiryReopened, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name)


async def see_where_it_waits(event: TaskQueued, work: Work) -> None:
    handed_over = event.work_id is not None
    await hearing.hear(
        work,
        event.enquiry_id,
        event.name,
        task_id=event.task_id,
        queue_id=event.queue_id,
        office=event.office,
        handed_over=handed_over,
    )
    await hearing.task_waits(work, event.enquiry_id, event.task_id, event.queue_id, (event.enqueued_at, handed_over))


async def see_where_it_went(event: TaskTransferred, work: Work) -> None:
    await hearing.hear(
        work, event.enquiry_id, event.name, task_id=event.task_id, queue_id=event.queue_id, office=event.office
    )
    await hearing.task_waits(work, event.enquiry_id, event.task_id, event.queue_id, (event.enqueued_at, False))


async def see_it_taken(event: TaskAssigned, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name, task_id=event.task_id, queue_id=event.queue_id)
    await hearing.task_is_taken(work, event.task_id, event.queue_id)


async def see_it_done(event: TaskCompleted, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name, task_id=event.task_id, queue_id=event.queue_id)
    await hearing.task_is_over(work, event.task_id)


async def see_it_withdrawn(event: TaskWithdrawn, work: Work) -> None:
    await hearing.hear(work, event.enquiry_id, event.name, task_id=event.task_id, queue_id=event.queue_id)
    await hearing.task_is_over(work, event.task_id)


HEARS = (
    on(EnquiryReceived, promise),
    on(EnquiryImported, keep_its_promise),
    on(ContactReceived, promise_to_the_contact),
    on(EnquiryClassified, see_what_it_is_about),
    on(EnquiryAwaitingCitizen, pause),
    on(EnquiryResumed, resume),
    on(EnquiryAnswered, stop_at_the_answer),
    on(EnquiryResolved, stop_at_the_end),
    on(EnquiryReopened, promise_anew),
    on(TaskQueued, see_where_it_waits),
    on(TaskTransferred, see_where_it_went),
    on(TaskAssigned, see_it_taken),
    on(TaskCompleted, see_it_done),
    on(TaskWithdrawn, see_it_withdrawn),
)
