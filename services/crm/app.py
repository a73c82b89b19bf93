"""Crm, put together."""

from pathlib import Path

from services.crm import api, handlers, timers
from services.crm.settings import CrmSettings
from shared.contracts.crm import (
    CitizenIdentified,
    ContactRecorded,
    EnquiryAnswered,
    EnquiryAwaitingCitizen,
    EnquiryClassified,
    EnquiryLinked,
    EnquiryReopened,
    EnquiryResolved,
    EnquiryResumed,
    ReplyRequested,
    WorkRequested,
)
from shared.runtime import Service

SERVICE = Service(
    name="crm",
    about="What the council knows of each enquiry and citizen, and what advisers do about it.",
    serves=api.SERVES,
    hears=handlers.HEARS,
    says=(
        ContactRecorded,
        CitizenIdentified,
        EnquiryClassified,
        EnquiryAnswered,
        EnquiryAwaitingCitizen,
        EnquiryResumed,
        EnquiryResolved,
        EnquiryReopened,
        EnquiryLinked,
        WorkRequested,
        ReplyRequested,
    ),
    timers=timers.TIMERS,
    sweeps=timers.SWEEPS,
    migrations=Path(__file__).with_name("migrations"),
    settings=CrmSettings,
)
