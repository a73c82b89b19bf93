"""Sla, put together."""

from pathlib import Path

from services.sla import api, handlers, timers
from services.sla.actions.taking_up import take_up
from services.sla.settings import SlaSettings
from shared.contracts.sla import (
    ClockAtRisk,
    ClockBreached,
    ClockCorrected,
    ClockExtended,
    ClockMet,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockSuperseded,
)
from shared.runtime import Service

SERVICE = Service(
    name="sla",
    about="Runs a clock on every promise, and says whether it was kept.",
    serves=api.SERVES,
    hears=handlers.HEARS,
    says=(
        ClockStarted,
        ClockPaused,
        ClockResumed,
        ClockExtended,
        ClockAtRisk,
        ClockBreached,
        ClockMet,
        ClockCorrected,
        ClockSuperseded,
    ),
    timers=timers.TIMERS,
    sweeps=timers.SWEEPS,
    takes_up=take_up,
    migrations=Path(__file__).with_name("migrations"),
    settings=SlaSettings,
)
