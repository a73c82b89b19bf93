"""Crm, put together."""

from pathlib import Path

from services.crm import api, handlers, timers
from services.crm.settings import CrmSettings
from shared.contracts.crm import ContactRecorded, EnquiryAnswered, EnquiryResolved
from shared.runtime import Service

SERVICE = Service(
    name="crm",
    about="What the council knows of each enquiry, and what advisers do about it.",
    serves=api.SERVES,
    hears=handlers.HEARS,
    says=(ContactRecorded, EnquiryAnswered, EnquiryResolved),
    timers=timers.TIMERS,
    sweeps=timers.SWEEPS,
    migrations=Path(__file__).with_name("migrations"),
    settings=CrmSettings,
)
