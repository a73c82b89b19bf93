"""What time asks of intake: nothing yet."""

from shared.timers import Every, When

TIMERS: tuple[When, ...] = ()
SWEEPS: tuple[Every, ...] = ()
