"""Intake, put together."""

from pathlib import Path

from services.intake import api, channels, handlers, timers
from services.intake.actions import receiving
from services.intake.actions.mail import stopping
from services.intake.settings import IntakeSettings
from shared.contracts.intake import (
    ContactNoted,
    ContactReceived,
    EnquiryImported,
    EnquiryReceived,
    ImportReleased,
    MessageDeferred,
    MessageDelivered,
    MessageFailed,
)
from shared.runtime import Service
from shared.timers import every

SERVICE = Service(
    name="intake",
    about="Takes in what citizens say, gives it a reference, shows how it fares, and sends what they are told.",
    serves=api.SERVES,
    hears=handlers.HEARS,
    says=(
        EnquiryReceived,
        ContactReceived,
        ContactNoted,
        EnquiryImported,
        ImportReleased,
        MessageDelivered,
        MessageDeferred,
        MessageFailed,
    ),
    timers=timers.TIMERS,
    sweeps=(*timers.SWEEPS, every(30.0, "watch-mail", stopping.watch)),
    entrances=channels.ENTRANCES,
    takes_up=receiving.take_up,
    migrations=Path(__file__).with_name("migrations"),
    settings=IntakeSettings,
)
