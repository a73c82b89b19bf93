"""What time asks of crm: nothing yet."""

from shared.timers import Every, When

TIMERS: tuple[When, ...] = ()
SWEEPS: tuple[Every, ...] = ()
