"""The only place that asks what time it is: the database's clock, so that replicas agree."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.db import Connection

READ_CLOCK = "SELECT clock_timestamp()"


@dataclass(frozen=True, slots=True)
class TimeSource:
    """The database's clock, moved by `offset` where a test simulates a week."""

    offset: timedelta = timedelta(0)

    def of(self, read: datetime) -> datetime:
        """What a moment read from the database's clock stands for."""
        return read + self.offset

    async def now(self, db: Connection) -> datetime:
        return self.of(await db.fetchval(READ_CLOCK))
