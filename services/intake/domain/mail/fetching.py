"""What is fetched of a folder and in which portions, and what a mail tells of the way it came."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from services.intake.domain.mail.headers import Head
from services.intake.domain.mail.model import Arrived, Identity

MOST_BYTES = 8_000_000
"""Of mails that are fetched and kept together. One that is larger goes alone."""
MOST_MAILS = 50
MOST_PASSED_OVER = 1_000
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""A server that says a mail arrived before this does not know when it arrived."""

SIGN = r"[^\s\x00-\x20\x7f<>,;:\"()\[\]@]"
ADDRESS = re.compile(rf"(?<!{SIGN}){SIGN}{{1,250}}+@{SIGN}{{1,250}}")
"""From where a word begins: one without `@` would be tried from each letter."""
DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to")
"""Headers that the council's own servers add: to whom it came, whoever else it says it is for."""
WRITTEN_TO = ("to", "cc")


@dataclass(frozen=True, slots=True)
class Hold:
    """A folder of an account, and the replica that reads it. Nobody else does meanwhile."""

    account: str
    folder: str
    holder: UUID


@dataclass(frozen=True, slots=True)
class Position:
    """How far a folder has been read. UIDs mean something only together with their validity."""

    uid_validity: int
    last_uid: int
    cut_over: datetime
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """As the server shows it. Not every server says which UID comes next."""

    uid_validity: int
    uid_next: int | None
    how_many: int

    def is_what_was_read(self, position: Position) -> bool:
        """Not when it was made anew: its validity tells, or that it gives out UIDs that it gave out before."""
        same = self.uid_validity == position.uid_validity
        return same and (self.uid_next is None or self.uid_next > position.last_uid)


@dataclass(frozen=True, slots=True)
class Listed:
    """A mail as a folder lists it. `size` and `arrived_at` are the server's word."""

    uid: int
    size: int
    arrived_at: datetime | None

    def is_before(self, cut_over: datetime) -> bool:
        """What has no date that can be true is taken for new: better an old mail too many than a new one lost."""
        return self.arrived_at is not None and EARLIEST <= self.arrived_at < cut_over


@dataclass(slots=True)
class Portion:
    """Mails that are settled in one transaction: some are fetched and kept, the others passed over."""

    wanted: list[Listed] = field(default_factory=list)
    passed_over: list[int] = field(default_factory=list)
    size: int = 0

    @property
    def uids(self) -> list[int]:
        return [each.uid for each in self.wanted]

    @property
    def last_uid(self) -> int:
        return max([*self.uids, *self.passed_over], default=0)

    @property
    def is_empty(self) -> bool:
        return not self.wanted and not self.passed_over

    def has_room_for(self, mail: Listed) -> bool:
        return len(self.wanted) < MOST_MAILS and (not self.wanted or self.size + mail.size <= MOST_BYTES)


def portions(listed: Iterable[Listed], cut_over: datetime, alone: Collection[int] = ()) -> Iterator[Portion]:
    """In the order of their UIDs. Those in `alone` are in nobody's company, so that they spoil nothing."""
    portion = Portion()
    for mail in sorted(listed, key=lambda each: each.uid):
        if mail.is_before(cut_over):
            if len(portion.passed_over) >= MOST_PASSED_OVER:
                yield portion
                portion = Portion()
            portion.passed_over.append(mail.uid)
            continue
        if mail.uid in alone or not portion.has_room_for(mail):
            if not portion.is_empty:
                yield portion
            portion = Portion()
        portion.wanted.append(mail)
        portion.size += mail.size
        if mail.uid in alone:
            yield portion
            portion = Portion()
    if not portion.is_empty:
        yield portion


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """One that has been fetched, ready to be kept."""

    uid: int
    arrived: Arrived
    identity: Identity


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of a portion. `missing` counts those that are there and could not be fetched."""

    last_uid: int
    mails: Sequence[FetchedMail] = ()
    passed_over: Sequence[int] = ()
    missing: int = 0


def believed(arrived_at: datetime | None, now: datetime) -> datetime | None:
    """When a mail arrived in its folder; None, for just now, where that cannot be true."""
    return arrived_at if arrived_at is not None and EARLIEST <= arrived_at <= now else None


def sent_from(head: Head) -> str | None:
    """The address a bounce would go to, as the last server wrote it down: empty for a bounce, None where it did not."""
    if "return-path" not in head.values:
        return None
    line = head.line("return-path")
    return next(iter(ADDRESS.findall(line)), "" if "<>" in line else None)


def sent_to(head: Head, otherwise: str, is_the_mailboxs: Callable[[str], bool]) -> str:
    """
    Which of the mailbox's addresses a mail was sent to, with whatever it has after a plus.

    Servers often take away what stands after the plus; then what the sender wrote still has it.
    """
    found = [each for each in addresses_in(head) if is_the_mailboxs(each)]
    return next((each for each in found if "+" in each.rpartition("@")[0]), found[0] if found else otherwise)


def addresses_in(head: Head) -> Iterator[str]:
    for name in (*DELIVERED_TO, *WRITTEN_TO):
        for line in head.lines(name):
            yield from ADDRESS.findall(line)
