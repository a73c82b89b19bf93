"""The council file: what it holds, how it is read and checked, and the version of it that holds now."""

from shared.council.difference import Change, difference
from shared.council.model import (
    Adviser,
    AppliesTo,
    Calendar,
    Centre,
    Council,
    CouncilService,
    From,
    Measure,
    Pause,
    Queue,
    Standard,
    To,
    in_words,
)
from shared.council.reading import Looked, Note, how_many, look_at, read_again, read_council
from shared.council.versions import Current, TakeUp, Version, apply, current, fingerprint_of, history

__all__ = [
    "Adviser",
    "AppliesTo",
    "Calendar",
    "Centre",
    "Change",
    "Council",
    "CouncilService",
    "Current",
    "From",
    "Looked",
    "Measure",
    "Note",
    "Pause",
    "Queue",
    "Standard",
    "TakeUp",
    "To",
    "Version",
    "apply",
    "current",
    "difference",
    "fingerprint_of",
    "history",
    "how_many",
    "in_words",
    "look_at",
    "read_again",
    "read_council",
]
