"""Sla, put together."""

from pathlib import Path

from services.sla import api, handlers, timers
from services.sla.settings import SlaSettings
from shared.contracts.sla import ClockBreached, ClockCorrected, ClockMet, ClockStarted
from shared.runtime import Service

SERVICE = Service(
    name="sla",
    about="Runs a clock on every promise, and says whether it was kept.",
    serves=api.SERVES,
    hears=handlers.HEARS,
    says=(ClockStarted, ClockMet, ClockBreached, ClockCorrected),
    timers=timers.TIMERS,
    sweeps=timers.SWEEPS,
    migrations=Path(__file__).with_name("migrations"),
    settings=SlaSettings,
)
