"""What crm hears."""

from services.crm.actions import following, importing, recording
from shared.contracts.intake import (
    ContactNoted,
    ContactReceived,
    EnquiryImported,
    EnquiryReceived,
    MessageDeferred,
    MessageDelivered,
    MessageFailed,
)
from shared.contracts.routing import TaskAssigned, TaskCompleted, TaskQueued, TaskTransferred, TaskWithdrawn
from shared.hearing import on
from shared.work import Work


async def record_contact_and_enquiry(event: EnquiryReceived, work: Work) -> None:
    await recording.record(work, event)


async def record_what_was_imported(event: EnquiryImported, work: Work) -> None:
    await importing.record_imported(work, event)


async def record_further_contact(event: ContactReceived, work: Work) -> None:
    await recording.record_further(work, event)


async def note_machines_mail(event: ContactNoted, work: Work) -> None:
    await recording.note_mail(work, event)


async def note_that_it_was_delivered(event: MessageDelivered, work: Work) -> None:
    await recording.note_delivered(work, event)


async def note_that_it_was_deferred(event: MessageDeferred, work: Work) -> None:
    await recording.note_deferred(work, event)


async def note_that_it_failed(event: MessageFailed, work: Work) -> None:
    await recording.note_failed(work, event)


async def show_where_it_waits(event: TaskQueued, work: Work) -> None:
    await following.queued(work, event)


async def show_who_works_on_it(event: TaskAssigned, work: Work) -> None:
    await following.assigned(work, event)


async def show_where_it_went(event: TaskTransferred, work: Work) -> None:
    await following.transferred(work, event)


async def show_that_it_is_done(event: TaskCompleted, work: Work) -> None:
    await following.completed(work, event)


async def show_that_nobody_needs_it(event: TaskWithdrawn, work: Work) -> None:
    await following.withdrawn(work, event)


HEARS = (
    on(EnquiryReceived, record_contact_and_enquiry),
    on(EnquiryImported, record_what_was_imported),
    on(ContactReceived, record_further_contact),
    on(ContactNoted, note_machines_mail),
    on(MessageDelivered, note_that_it_was_delivered),
    on(MessageDeferred, note_that_it_was_deferred),
    on(MessageFailed, note_that_it_failed),
    on(TaskQueued, show_where_it_waits),
    on(TaskAssigned, show_who_works_on_it),
    on(TaskTransferred, show_where_it_went),
    on(TaskCompleted, show_that_it_is_done),
    on(TaskWithdrawn, show_that_nobody_needs_it),
)
