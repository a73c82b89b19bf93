"""Events for other systems: one by one, by name, on a public exchange, with nothing personal in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from shared.bus.port import Bus
from shared.contracts.base import Event, personal_fields, staff_fields
from shared.contracts.envelope import EVENT_TYPE, written


class Announcer:
    """
    Published after the house's own listeners have an event; at least once, and in no promised order.

    Other systems learn what happened to an enquiry, not which of the council's staff did it.
    """

    def __init__(self, bus: Bus, says: Sequence[type[Event]], domain: str) -> None:
        self.bus = bus
        self.domain = domain
        self.hidden = {event.name: personal_fields(event) | staff_fields(event) for event in says}

    async def announce(self, rows: Sequence[Mapping[str, Any]], speaker: str) -> None:
        await asyncio.gather(*(self.announce_one(row, speaker) for row in rows))

    async def announce_one(self, row: Mapping[str, Any], speaker: str) -> None:
        hidden = self.hidden.get(row["name"])
        if hidden is None:
            # An event that an older release said: what is personal in it is no longer known, so it stays in the house.
            return
        if row["subject"].startswith("adviser/"):
            return
        shown = {name: value for name, value in json.loads(row["data"]).items() if name not in hidden}
        actor = row["actor"].partition("/")[0]
        body = written({**row, "data": json.dumps(shown), "actor": actor}, self.domain, speaker)
        await self.bus.announce(row["name"], body, {"content-type": EVENT_TYPE})
