"""What a service keeps open beside its HTTP API: a listener of another protocol, a mailbox that is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shared.health import Health
from shared.settings import HouseSettings
from shared.work import Workshop

Tell = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Doorway:
    """
    What an entrance is given: where works are run, and whom to tell how it fares.

    It goes on until `stopping` is set. `tell` says under a name where it listens, for whoever started the house.
    """

    workshop: Workshop
    settings: HouseSettings
    health: Health
    stopping: asyncio.Event
    tell: Tell


@dataclass(frozen=True, slots=True)
class Entrance:
    """A way in. One that fails is logged, shown in `/ready`, and opened again."""

    name: str
    keep_open: Callable[[Doorway], Awaitable[None]]
