"""Whether a mail is older than the cut-over where the server's word on its arrival cannot be relied on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.mail.fetching import EARLIEST, Listed, Position
from services.intake.domain.mail.headers import head_of
from services.intake.domain.mail.reading import sent_at


@dataclass(frozen=True, slots=True)
class Standing(Position):
    """How far a folder has been read. Up to `moved_up_to`, a mail may have arrived there only by being moved."""

    moved_up_to: int = 0

    def is_in_doubt(self, mail: Listed) -> bool:
        """What arrived before the cut-over is old, wherever it was moved since."""
        return not mail.is_before(self.cut_over) and (mail.uid <= self.moved_up_to or not has_true_date(mail))


@dataclass(frozen=True, slots=True)
class Dated(Listed):
    """A mail whose arrival is in doubt, with the moment at which it says that it was written."""

    written_at: datetime | None = None

    def is_before(self, cut_over: datetime) -> bool:
        return self.is_old_by_its_date(cut_over) or Listed.is_before(self, cut_over)

    def is_old_by_its_date(self, cut_over: datetime) -> bool:
        return self.written_at is not None and EARLIEST <= self.written_at < cut_over


def has_true_date(mail: Listed) -> bool:
    return mail.arrived_at is not None and mail.arrived_at >= EARLIEST


def dated(listed: Sequence[Listed], headers: Mapping[int, bytes]) -> list[Listed]:
    """With the date out of the headers of those in doubt."""
    return [
        Dated(each.uid, each.size, each.arrived_at, sent_at(head_of(headers[each.uid]), []))
        if each.uid in headers
        else each
        for each in listed
    ]


def old_by_their_date(listed: Sequence[Listed], cut_over: datetime) -> list[int]:
    return [each.uid for each in listed if isinstance(each, Dated) and each.is_old_by_its_date(cut_over)]
