"""Whether work grows no faster than what it is given: told by a ratio, since machines differ."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TIMES = 8
MOST_GROWTH = 3 * TIMES
"""Quadratic work takes 64 times as long."""
LEAST = 0.002
"""Seconds of a processor: below, chance counts for more than the work."""
TRIES = 3


def grows_linearly(work: Callable[[T], object], made: Callable[[int], T], size: int) -> bool:
    """The best of several tries at each size, so that whatever else the machine does tells nothing."""
    little, much = made(size), made(TIMES * size)
    return any(taken(work, much) <= MOST_GROWTH * max(taken(work, little), LEAST) for _ in range(TRIES))


def taken(work: Callable[[T], object], given: T) -> float:
    begun = time.process_time()
    work(given)
    return time.process_time() - begun
