"""What reading an IMAP account would do, seen without doing it: nothing is written, here or there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from services.intake.channels.email.imap import Connection, in_portions
from services.intake.domain.mail.dating import has_true_date, old_by_their_date
from services.intake.domain.mail.fetching import Folder, Listed
from services.intake.gateways.accounts import Account
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Probe:
    """A folder as it is now, and its mails as it lists them."""

    account: Account
    folder: Folder
    mails: list[Listed]

    @property
    def dates(self) -> list[datetime]:
        return sorted(mail.arrived_at for mail in self.mails if mail.arrived_at and has_true_date(mail))

    def lines(self, cut_over: datetime | None) -> Iterator[str]:
        account, folder = self.account, self.folder
        uid_next = f", the next UID is {folder.uid_next}" if folder.uid_next is not None else ""
        yield (
            f'Account "{account.name}" on {account.host}:{account.port_to_call}, folder {account.folder} '
            f"(UIDVALIDITY {folder.uid_validity}{uid_next})."
        )
        dates = self.dates
        if dates:
            yield f"{counted(len(self.mails))}, the oldest of {moment(dates[0])}, the newest of {moment(dates[-1])}."
        else:
            yield f"{counted(len(self.mails))}."
        if account.mailbox is None:
            yield "It names no mailbox of the council file, so nothing would be read: write `mailbox` into it."
        elif cut_over is None:
            yield "It has no cut-over, so nothing would be read. See what one would do with --cut-over."
        else:
            yield from self.with_cut_over(cut_over)
        yield "Nothing was written, here or there; no flag was changed."

    def with_cut_over(self, cut_over: datetime) -> Iterator[str]:
        before = [mail for mail in self.mails if mail.is_before(cut_over)]
        after = [mail for mail in self.mails if not mail.is_before(cut_over)]
        undated = [mail for mail in after if not has_true_date(mail)]
        by_their_date = len(old_by_their_date(self.mails, cut_over))
        size = sum(mail.size for mail in after)
        yield f"With the cut-over at {moment(cut_over)}:"
        yield f"  {counted(len(before))} before it: not fetched, and nobody is sent anything for them."
        if by_their_date:
            yield f"    {by_their_date} of these by the date written in them: the server gives none that can be true."
        yield (
            f'  {counted(len(after))} after it, {size / 1e6:.1f} MB: taken in for mailbox "{self.account.mailbox}", '
            "and the people who wrote them get a receipt."
        )
        if undated:
            yield f"    {len(undated)} of these have no date that can be true, and count as new."
        if self.account.cut_over is None:
            yield f"To begin, write into the account: cut_over = {cut_over.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def has_no_true_date(mail: Listed) -> bool:
    return not has_true_date(mail)


def counted(mails: int) -> str:
    return f"{mails} mail" if mails == 1 else f"{mails} mails"


def moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


async def probed(account: Account) -> Probe:
    connection = Connection(account)
    try:
        await connection.open()
        folder = await connection.look()
        uids = await connection.uids(0, folder) if folder.how_many else []
        mails = [mail for some in in_portions(uids) for mail in await connection.listed(some, has_no_true_date)]
    finally:
        connection.hang_up()
    return Probe(account, folder, mails)


def cut_over_in(written: str | None) -> datetime | None:
    if written is None:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise Refused(f'"{written}" is no moment: write it as 2026-11-02T08:00:00Z.') from None
    if found.tzinfo is None:
        raise Refused(f'"{written}" says no zone: write it as 2026-11-02T08:00:00Z, or with +01:00 instead of Z.')
    return found
