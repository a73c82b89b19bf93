"""Mailboxes that move to another server, and whatever the move forgot: nothing is lost and nothing doubled."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.intake.store.mail import positions
from shared.work import Workshop
from tests.conftest import StartDovecot
from tests.integration.intake.desk import rows
from tests.integration.intake.fetching import (
    CUT_OVER,
    JO,
    LONG_AGO,
    PASSWORD,
    USER,
    accounts_file,
    letters,
    reading,
    soon,
    until_kept,
    until_read,
)
from tests.integration.intake.post import TO_US
from tests.parts.dovecot import PrivateDovecot
from tests.parts.mailing import simple_mail
from tests.parts.waiting import until

pytestmark = pytest.mark.usefixtures("often")


async def test_a_changed_uidvalidity_doubles_nothing(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.put(USER, letters(2, about="old"), date=LONG_AGO)
    server.put(USER, letters(5), date=soon())
    server.expunge(USER, [4])
    async with reading(town, file, monkeypatch):
        before = await until_read(town, 7)
        server.change_uidvalidity(USER)
        server.put(USER, letters(1, about="new"))
        kept = await until_kept(town, 5, within=30)
        after = await until_read(town, 7)
    assert before["uid_validity"] != after["uid_validity"] == server.uidvalidity(USER)
    seen = await rows(town, "mail_uids")
    assert {row["uid_validity"] for row in seen} == {after["uid_validity"]}
    assert sorted(row["mail_id"] for row in seen if row["mail_id"]) == sorted(mail["mail_id"] for mail in kept)


async def test_old_mail_that_was_moved_without_its_time_of_arrival_is_old_by_the_date_written_in_it(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is new there by the server's word. Passed over by its date is only what was moved, and each is counted."""
    old, new = [written(LONG_AGO, nth) for nth in range(3)], letters(2)
    server.put(USER, old, date=LONG_AGO)
    server.put(USER, new, date=soon())
    async with reading(town, file, monkeypatch):
        await until_read(town, 5)
    server.expunge(USER)
    server.change_uidvalidity(USER)
    server.put(USER, [*old, *new, written(None, 6)])
    async with reading(town, file, monkeypatch):
        await until_read(town, 6)
        server.put(USER, [written(LONG_AGO, 7)])
        await until_read(town, 7)
    kept = {row["uid"]: row["by_its_date"] for row in await rows(town, "mail_uids") if row["mail_id"]}
    assert (kept, len(await rows(town, "mails"))) == ({4: False, 5: False, 6: False, 7: False}, 4)
    async with town.reading() as db:
        [told] = await positions.readings(db, datetime.now(UTC))
    assert (told.kept, told.passed_over, told.by_their_date, told.missing) == (4, 3, 3, 0)


async def test_mail_whose_time_of_arrival_cannot_be_true_is_old_by_the_date_written_in_it(
    town: Workshop, server: PrivateDovecot, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = datetime(1970, 1, 2, tzinfo=UTC)
    dates = [LONG_AGO, soon(), None, never, CUT_OVER, CUT_OVER - timedelta(seconds=1)]
    server.put(USER, [written(date, nth) for nth, date in enumerate(dates)], date=never)
    async with reading(town, file, monkeypatch):
        await until_read(town, 6)
    seen = {row["uid"]: row["by_its_date"] for row in await rows(town, "mail_uids")}
    assert seen == {1: True, 2: False, 3: False, 4: False, 5: False, 6: True}
    assert len(await rows(town, "mails")) == 4


def written(date: datetime | None, nth: int) -> bytes:
    raw = simple_mail(sender=JO, to=TO_US, subject=f"letter {nth}", date=date or CUT_OVER)
    return raw if date else b"".join(line for line in raw.splitlines(keepends=True) if not line.startswith(b"Date:"))


async def test_another_server_under_the_same_name_is_read_from_its_beginning(
    town: Workshop, dovecot: StartDovecot, server: PrivateDovecot, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both number their mails alike, and give the same UIDVALIDITY."""
    server.put(USER, letters(4, about="here"), date=soon())
    other = dovecot({USER: PASSWORD}, lmtp=False)
    other.put(USER, letters(5, about="elsewhere"), date=soon())
    other.change_uidvalidity(USER, to=server.uidvalidity(USER))
    assert other.uidvalidity(USER) == server.uidvalidity(USER)
    async with reading(town, accounts_file(data, server.port), monkeypatch):
        await until_read(town, 4)
        accounts_file(data, other.port)
        await until_read(town, 5)
    async with reading(town, accounts_file(data, other.port), monkeypatch) as reader:
        await until(lambda: reader.is_up, what="the account is read")
    assert (len(await rows(town, "mails")), len(await rows(town, "mail_uids"))) == (9, 5)
