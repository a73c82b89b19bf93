"""What routing hears."""

from services.routing import actions
from shared.contracts.crm import EnquiryResolved
from shared.contracts.intake import EnquiryReceived
from shared.hearing import on
from shared.work import Work


async def queue_new_enquiry(event: EnquiryReceived, work: Work) -> None:
    await actions.queue(work, event.enquiry_id)


async def withdraw_open_tasks(event: EnquiryResolved, work: Work) -> None:
    await actions.withdraw(work, event.enquiry_id)


HEARS = (
    on(EnquiryReceived, queue_new_enquiry),
    on(EnquiryResolved, withdraw_open_tasks),
)
