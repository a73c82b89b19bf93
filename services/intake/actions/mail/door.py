"""The door: who is answered only once a mail is kept goes before mails that are kept and have a place to find."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from shared.work import Workshop


class Door:
    """Where mails are taken in, in this process."""

    def __init__(self) -> None:
        self._taken_in = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextlib.contextmanager
    def taking_in(self) -> Iterator[None]:
        self._taken_in += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._taken_in -= 1
            if not self._taken_in:
                self._quiet.set()

    @property
    def is_quiet(self) -> bool:
        return self._quiet.is_set()

    async def falls_quiet(self, within: float) -> bool:
        """Returns as soon as no mail is being taken in, or False after so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), within)
        return self.is_quiet


DOORS: WeakKeyDictionary[Workshop, Door] = WeakKeyDictionary()


def door_of(workshop: Workshop) -> Door:
    return DOORS.setdefault(workshop, Door())
