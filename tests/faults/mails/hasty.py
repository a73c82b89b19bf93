"""`accesspoint` in a hurry: what a killed process was busy with is taken for lost within seconds."""

from __future__ import annotations

import sys
from datetime import timedelta

from services.cli import main
from services.intake.actions import sending
from services.intake.actions.mail import fetching as holding
from services.intake.actions.mail import placing
from services.intake.channels.email import fetching

if __name__ == "__main__":
    placing.LOST_AFTER = sending.LOST_AFTER = timedelta(seconds=8)
    holding.HELD_FOR = timedelta(seconds=3)
    fetching.RENEW_EVERY = 0.5
    fetching.TAKE_EVERY = 0.5
    sys.argv[0] = "accesspoint"
    main()
