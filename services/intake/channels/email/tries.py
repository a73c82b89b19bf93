"""What mails are suspected of: that a connection is lost over them, or that they cannot be kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

TRIES = 3
"""So often may something end over a mail, or before the server tells anything, until it goes on without."""


class Tries:
    """
    How often something was begun with each mail and did not end well. One of these goes alone, and at last not at all.

    Of several together nobody knows which of them it was: each is suspected, and cleared once it has been alone.
    """

    def __init__(self) -> None:
        self.begun: Counter[int] = Counter()

    @property
    def suspected(self) -> Collection[int]:
        return self.begun.keys()

    def is_given_up(self, uid: int) -> bool:
        return self.begun[uid] >= TRIES

    def groups(self, uids: Sequence[int]) -> list[list[int]]:
        """What goes together: all but the suspected. Without those that are given up."""
        together = [uid for uid in uids if uid not in self.begun]
        alone = [[uid] for uid in uids if uid in self.begun and not self.is_given_up(uid)]
        return [together, *alone] if together else alone

    def begin(self, uids: Collection[int]) -> None:
        self.begun.update([*uids])

    def end(self, uids: Collection[int]) -> None:
        for uid in uids:
            del self.begun[uid]

    def forgive(self) -> None:
        """Those that were given up are tried once more; all others are above suspicion."""
        self.begun = Counter({uid: TRIES - 1 for uid in self.begun if self.is_given_up(uid)})
