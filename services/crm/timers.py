"""What time asks of crm: to count whose citizens were not reached."""

from services.crm.actions import looking
from shared.telemetry import ENQUIRIES_UNREACHED
from shared.timers import Every, When, every
from shared.work import Workshop


async def count_unreached(workshop: Workshop) -> None:
    async with workshop.reading() as db:
        ENQUIRIES_UNREACHED.labels("crm").set(await looking.how_many_unreached(db))


TIMERS: tuple[When, ...] = ()
SWEEPS: tuple[Every, ...] = (every(30.0, "count-unreached", count_unreached),)
