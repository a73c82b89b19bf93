"""Takes the terminal from the process that loads it: what is loaded next writes neither colours nor its width."""

import os

for name in ("COLUMNS", "LINES", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(name, None)
os.environ["TERM"] = "dumb"
