"""What sla hears: what starts its clocks and what stops them."""

from services.sla import actions
from shared.contracts.crm import EnquiryAnswered, EnquiryResolved
from shared.contracts.intake import EnquiryReceived
from shared.hearing import on
from shared.work import Work


async def start_the_clock(event: EnquiryReceived, work: Work) -> None:
    await actions.promise_acknowledgement(work, event.enquiry_id)


async def stop_the_clock(event: EnquiryAnswered, work: Work) -> None:
    await actions.hear_answer(work, event.enquiry_id, event.kind)


async def stop_the_clock_at_the_end(event: EnquiryResolved, work: Work) -> None:
    await actions.stop_acknowledgement(work, event.enquiry_id)


HEARS = (
    on(EnquiryReceived, start_the_clock),
    on(EnquiryAnswered, stop_the_clock),
    on(EnquiryResolved, stop_the_clock_at_the_end),
)
