"""What comes in other than by HTTP. Each calls actions."""

from services.intake.channels.email import ENTRANCES as EMAIL

ENTRANCES = (*EMAIL,)
