"""Intake, put together."""

from pathlib import Path

from services.intake import api, handlers, timers
from services.intake.settings import IntakeSettings
from shared.contracts.intake import EnquiryReceived
from shared.runtime import Service

SERVICE = Service(
    name="intake",
    about="Takes in what citizens say, gives them a reference, and shows how their enquiry fares.",
    serves=api.SERVES,
    hears=handlers.HEARS,
    says=(EnquiryReceived,),
    timers=timers.TIMERS,
    sweeps=timers.SWEEPS,
    migrations=Path(__file__).with_name("migrations"),
    settings=IntakeSettings,
)
