"""What crm hears."""

from services.crm import actions
from shared.contracts.intake import EnquiryReceived
from shared.contracts.routing import TaskAssigned
from shared.hearing import on
from shared.work import Work


async def record_contact_and_enquiry(event: EnquiryReceived, work: Work) -> None:
    await actions.record(work, event)


async def show_who_works_on_it(event: TaskAssigned, work: Work) -> None:
    await actions.assign(work, event.enquiry_id, event.adviser_id)


HEARS = (
    on(EnquiryReceived, record_contact_and_enquiry),
    on(TaskAssigned, show_who_works_on_it),
)
