"""Routing, put together."""

from pathlib import Path

from services.routing import actions, api, handlers, timers
from services.routing.settings import RoutingSettings
from shared.contracts.routing import (
    OfferLapsed,
    OfferRefused,
    PresenceChanged,
    TaskAssigned,
    TaskCompleted,
    TaskOffered,
    TaskQueued,
    TaskTransferred,
    TaskWithdrawn,
)
from shared.runtime import Service

SERVICE = Service(
    name="routing",
    about="Gets each task to the right adviser, in the right order.",
    serves=api.SERVES,
    hears=handlers.HEARS,
    says=(
        TaskQueued,
        TaskOffered,
        OfferRefused,
        OfferLapsed,
        TaskAssigned,
        TaskTransferred,
        TaskCompleted,
        TaskWithdrawn,
        PresenceChanged,
    ),
    timers=timers.TIMERS,
    sweeps=timers.SWEEPS,
    takes_up=actions.take_up_council,
    migrations=Path(__file__).with_name("migrations"),
    settings=RoutingSettings,
)
