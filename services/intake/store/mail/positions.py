"""How far each folder of an account has been read, who reads it at the moment, and which mails were seen in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.domain.mail.dating import Standing
from services.intake.domain.mail.fetching import Hold
from shared.db import Connection
from shared.vocabulary import MailId

NEVER_READ = 0
"""Stands for the validity of UIDs until there is one: a server never gives it."""
READ_ELSEWHERE = -1
"""Stands for it when the folder was another server's or user's."""

MAKE = """
INSERT INTO mail_positions (account, folder, uid_validity, last_uid, cut_over) VALUES ($1, $2, $3, 0, $4)
ON CONFLICT DO NOTHING
"""
POSITION = """
SELECT uid_validity, last_uid, cut_over, missing, moved_up_to, read_at, held_by, held_until
  FROM mail_positions WHERE account = $1 AND folder = $2
   FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A position, with where it was read, who reads there, and until when they do if nothing is heard of them."""

    position: Standing
    read_at: str | None
    held_by: UUID | None
    held_until: datetime | None

    def is_others(self, holder: UUID, now: datetime) -> bool:
        return self.held_by not in (None, holder) and self.held_until is not None and self.held_until > now


async def position(db: Connection, hold: Hold, cut_over: datetime) -> Held:
    """Locked. One that is not there yet is made, with this cut-over."""
    row = await db.fetchrow(POSITION, hold.account, hold.folder)
    if row is None:
        await db.execute(MAKE, hold.account, hold.folder, NEVER_READ, cut_over)
        row = await db.fetchrow(POSITION, hold.account, hold.folder)
    if row is None:
        raise LookupError("a position that has just been made is not there")
    found = Standing(row["uid_validity"], row["last_uid"], row["cut_over"], row["missing"], row["moved_up_to"])
    return Held(found, row["read_at"], row["held_by"], row["held_until"])


TAKE = """
UPDATE mail_positions SET held_by = $3, held_until = $4, cut_over = $5, read_at = $6 WHERE account = $1 AND folder = $2
"""


async def take(db: Connection, hold: Hold, until: datetime, cut_over: datetime, place: str) -> None:
    await db.execute(TAKE, hold.account, hold.folder, hold.holder, until, cut_over, place)


RENEW = """
UPDATE mail_positions SET held_until = $4 WHERE account = $1 AND folder = $2 AND held_by = $3 RETURNING true
"""


async def renew(db: Connection, hold: Hold, until: datetime) -> bool:
    """False once somebody else reads there."""
    return await db.fetchval(RENEW, hold.account, hold.folder, hold.holder, until) is not None


RELEASE = """
UPDATE mail_positions SET held_by = NULL, held_until = NULL WHERE account = $1 AND folder = $2 AND held_by = $3
"""


async def release(db: Connection, hold: Hold) -> None:
    await db.execute(RELEASE, hold.account, hold.folder, hold.holder)


BEGIN_AGAIN = """
UPDATE mail_positions SET uid_validity = $4, last_uid = 0, missing = 0, moved_up_to = $5
 WHERE account = $1 AND folder = $2 AND held_by = $3
RETURNING true
"""
FORGET = "DELETE FROM mail_uids WHERE account = $1 AND folder = $2"


async def begin_again(db: Connection, hold: Hold, uid_validity: int, moved_up_to: int = 0) -> bool:
    """From the first UID on: the UIDs that were seen mean nothing any more. False once somebody else reads there."""
    if await db.fetchval(BEGIN_AGAIN, hold.account, hold.folder, hold.holder, uid_validity, moved_up_to) is None:
        return False
    await db.execute(FORGET, hold.account, hold.folder)
    return True


# Whatever is missing is met, and counted, once more on the way.
LOOK_BACK = "UPDATE mail_positions SET last_uid = 0, missing = 0 WHERE account = $1 AND folder = $2"
FORGET_PASSED_OVER = "DELETE FROM mail_uids WHERE account = $1 AND folder = $2 AND mail_id IS NULL"


async def look_back(db: Connection, hold: Hold) -> None:
    """What was passed over is looked at again: the cut-over is earlier now."""
    await db.execute(LOOK_BACK, hold.account, hold.folder)
    await db.execute(FORGET_PASSED_OVER, hold.account, hold.folder)


MOVE = """
UPDATE mail_positions SET last_uid = greatest(last_uid, $5), missing = missing + $6, looked_at = $7, held_until = $8
 WHERE account = $1 AND folder = $2 AND held_by = $3 AND uid_validity = $4
RETURNING missing
"""


@dataclass(frozen=True, slots=True)
class Moved:
    """Whereto, how many mails more are missing, and until when whoever moves it reads there."""

    uid_validity: int
    last_uid: int
    missing: int
    until: datetime


async def move(db: Connection, hold: Hold, moved: Moved, now: datetime) -> int | None:
    """Never back. How many are missing by now; None once somebody else reads there."""
    validity, last_uid, missing = moved.uid_validity, moved.last_uid, moved.missing
    counted: int | None = await db.fetchval(
        MOVE, hold.account, hold.folder, hold.holder, validity, last_uid, missing, now, moved.until
    )
    return counted


MISSING = """
UPDATE mail_positions SET missing = $4, looked_at = $5 WHERE account = $1 AND folder = $2 AND held_by = $3
"""


async def count_missing(db: Connection, hold: Hold, missing: int, now: datetime) -> None:
    await db.execute(MISSING, hold.account, hold.folder, hold.holder, missing, now)


SEEN = """
INSERT INTO mail_uids (account, folder, uid_validity, uid, mail_id, by_its_date)
SELECT $1, $2, $3, uid, mail_id, mail_id IS NULL AND uid = ANY($6::bigint[])
  FROM unnest($4::bigint[], $5::uuid[]) AS seen (uid, mail_id)
ON CONFLICT (account, folder, uid_validity, uid) DO UPDATE
   SET mail_id = excluded.mail_id, by_its_date = excluded.by_its_date
 WHERE mail_uids.mail_id IS NULL
"""


async def note_seen(
    db: Connection, hold: Hold, uid_validity: int, seen: Mapping[int, MailId | None], by_their_date: Collection[int]
) -> None:
    """By UID. Without a mail, it is older than the cut-over."""
    uids, mail_ids = [*seen], [*seen.values()]
    await db.execute(SEEN, hold.account, hold.folder, uid_validity, uids, mail_ids, [*by_their_date])


UNKNOWN = """
SELECT uid FROM unnest($4::bigint[]) AS shown (uid)
 WHERE NOT EXISTS (SELECT FROM mail_uids m
                    WHERE m.account = $1 AND m.folder = $2 AND m.uid_validity = $3 AND m.uid = shown.uid)
 ORDER BY uid
"""


async def unknown(db: Connection, hold: Hold, uid_validity: int, uids: Sequence[int]) -> list[int]:
    """Those of the UIDs that were never seen."""
    return [row["uid"] for row in await db.fetch(UNKNOWN, hold.account, hold.folder, uid_validity, uids)]


ALL = """
SELECT account, folder, uid_validity, last_uid, cut_over, looked_at, missing,
       coalesce(held_until > $1, false) AS is_read,
       (SELECT count(*) FROM mail_uids u
         WHERE u.account = p.account AND u.folder = p.folder AND u.mail_id IS NOT NULL) AS kept,
       (SELECT count(*) FROM mail_uids u
         WHERE u.account = p.account AND u.folder = p.folder AND u.mail_id IS NULL) AS passed_over,
       (SELECT count(*) FROM mail_uids u
         WHERE u.account = p.account AND u.folder = p.folder AND u.by_its_date) AS by_their_date
  FROM mail_positions p ORDER BY account, folder
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the reading of a folder stands. `is_read` while a replica has it; `by_their_date` are among `passed_over`."""

    account: str
    folder: str
    uid_validity: int
    last_uid: int
    cut_over: datetime
    is_read: bool
    looked_at: datetime | None
    missing: int
    kept: int
    passed_over: int
    by_their_date: int


async def readings(db: Connection, now: datetime) -> list[Reading]:
    return [Reading(**dict(row)) for row in await db.fetch(ALL, now)]
