"""What sla serves: what was promised and why, how it stands at the moment, and due times set by people."""

from services.sla.api import clocks, commands, figures, now, standards

SERVES = (*clocks.SERVES, *commands.SERVES, *figures.SERVES, *now.SERVES, *standards.SERVES)
