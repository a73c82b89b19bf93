"""Reading the accounts of the file of accounts: each folder by one replica, which keeps what it fetches as it goes."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import structlog

from services.intake.actions.mail import fetching
from services.intake.actions.mail.fetching import TakenOver
from services.intake.channels.email.imap import Connection, NotLetIn, in_portions
from services.intake.channels.email.tries import TRIES, Tries
from services.intake.domain.mail.dating import Standing, old_by_their_date
from services.intake.domain.mail.fetching import Fetched, Folder, Hold, Listed, Portion, portions
from services.intake.gateways.accounts import Account, read_accounts
from services.intake.settings import settings
from shared import telemetry
from shared.council import Mailbox
from shared.entrances import Doorway, Entrance
from shared.errors import AppError, Unavailable
from shared.vocabulary import new_id
from shared.work import Cause, Work

T = TypeVar("T")
log = structlog.get_logger()

ACTOR = "machine/mail"
FILE = "accounts"
WATCH_FILE_EVERY = 2.0
TAKE_EVERY = 5.0
RENEW_EVERY = 5.0
RECONCILE_EVERY = 600.0
AFTER_NEWS = 1.0
"""Whatever comes just before the server begins to tell is not told: after news one looks once more, and soon."""
LOOKS_APART = 0.5
FIRST_REST = 1.0
LONGEST_REST = 60.0


async def keep_open(doorway: Doorway) -> None:
    """Begins anew whenever the file of accounts or a file of a password is changed."""
    path = settings().mail_accounts
    while path is not None and not doorway.stopping.is_set():
        files, readers = readers_of(path, doorway)
        stamps = [*map(stamp, files)]
        reading = [asyncio.create_task(each.run(), name=each.part) for each in readers]
        try:
            while not doorway.stopping.is_set() and stamps == [*map(stamp, files)]:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(doorway.stopping.wait(), WATCH_FILE_EVERY)
        finally:
            for each in reading:
                each.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
            for reader in readers:
                doorway.health.forget(reader.part)


def stamp(path: Path) -> tuple[int, int] | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size


def readers_of(path: Path, doorway: Doorway) -> tuple[list[Path], list[Reader]]:
    """One for each account that is to be read, and the files that tell so. A broken file has none."""
    try:
        found = read_accounts(path).to_read
    except AppError as error:
        doorway.health.down(FILE, str(error))
        log.error("no account is read", why=str(error))
        return [path], []
    doorway.health.up(FILE)
    secrets = [each.password_file for each in found if each.password_file is not None]
    return [path, *secrets], [Reader(doorway, each) for each in found]


@dataclass(slots=True)
class Reader:
    """
    Reads one folder as long as it is let, and waits while another replica does.

    `listings` and `tries` count how often the connection was lost over a mail while it was listed or fetched; `silent`
    how often before the server told anything.
    """

    doorway: Doorway
    account: Account
    hold: Hold = field(init=False)
    listings: Tries = field(default_factory=Tries)
    tries: Tries = field(default_factory=Tries)
    silent: int = 0
    failures: int = 0
    reconciled_at: float = 0.0
    forgave_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.hold = Hold(self.account.name, self.account.folder, new_id())

    @property
    def part(self) -> str:
        return f"account {self.account.name}"

    async def run(self) -> None:
        """Until it is cancelled. Whatever goes wrong, `/ready` says so, and it is tried again."""
        if self.account.cut_over is None:
            self.is_down(
                f'Account "{self.account.name}" has no cut_over, so nothing is read there: '
                f"`accesspoint mail probe {self.account.name}` shows what is in it, "
                "then write cut_over into the file of accounts."
            )
            return
        self.doorway.health.expect(self.part, "it has not been looked at yet")
        while True:
            try:
                await self.read_in_turn()
            except TakenOver as error:
                log.info("an account is read elsewhere", why=str(error))
            except AppError as error:
                self.is_down(str(error))
                await self.rest(LONGEST_REST if isinstance(error, NotLetIn) else FIRST_REST)
            except Exception as error:
                log.error("an account could not be read", account=self.account.name, exc_info=error)
                self.is_down(f"Reading it failed and is begun again ({type(error).__name__}).")
                await self.rest(LONGEST_REST)

    def is_down(self, why: str) -> None:
        if self.doorway.health.parts.get(self.part) != why:
            log.warning("an account is not read", account=self.account.name, why=why)
        self.doorway.health.down(self.part, why)

    async def rest(self, at_least: float) -> None:
        """Longer each time, and not all at the same moment."""
        self.failures += 1
        seconds = min(LONGEST_REST, max(at_least, FIRST_REST * 2.0 ** min(self.failures - 1, 10)))
        await asyncio.sleep(seconds * random.uniform(0.8, 1.0))  # noqa: S311  spreads replicas apart

    async def work(self, action: Callable[[Work], Awaitable[T]]) -> T:
        return await self.doorway.workshop.run([], action, Cause(ACTOR, new_id()))

    async def read_in_turn(self) -> None:
        """One turn: from getting hold of the folder until something ends it."""
        await self.mailbox()
        if not await self.work(self.take):
            self.doorway.health.up(self.part)
            await asyncio.sleep(TAKE_EVERY)
            return
        connection = Connection(self.account)
        tasks = [asyncio.create_task(self.keep_hold()), asyncio.create_task(self.read(connection))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in tasks:
                each.cancel()
            connection.hang_up()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.let_go()

    async def mailbox(self) -> Mailbox:
        async with self.doorway.workshop.reading() as db:
            return await fetching.mailbox_of_account(db, self.account.mailbox, self.account.name)

    async def take(self, work: Work) -> bool:
        cut_over = self.account.cut_over or work.now
        return await fetching.take(work, self.hold, cut_over, self.account.place) is not None

    async def keep_hold(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY)
            with contextlib.suppress(Unavailable):
                await self.work(lambda work: fetching.renew(work, self.hold))

    async def let_go(self) -> None:
        """What cannot be let go is free a little later."""
        self.show_missing(None)
        with contextlib.suppress(AppError):
            await self.work(lambda work: fetching.release(work, self.hold))

    async def read(self, connection: Connection) -> None:
        await connection.open()
        self.reconciled_at = -RECONCILE_EVERY
        while True:
            news = await self.look(connection)
            self.doorway.health.up(self.part)
            self.failures = 0
            await self.wait(connection, AFTER_NEWS if news else settings().imap_look_seconds)

    async def wait(self, connection: Connection, seconds: float) -> None:
        """A server that never gets as far as telling anything is asked instead; one that never stops, now and then."""
        begun = time.monotonic()
        if self.silent < TRIES:
            self.silent += 1
            told = await connection.wait(seconds)
            self.silent = 0
            if told:
                seconds = LOOKS_APART
        await asyncio.sleep(begun + seconds - time.monotonic())

    async def look(self, connection: Connection) -> bool:
        """Whether there was anything new. What was missing is looked for now and then."""
        mailbox = await self.mailbox()
        folder = await connection.look()
        position = await self.follow(connection, folder)
        news = await self.read_on(connection, mailbox, folder, position)
        now = time.monotonic()
        if now - self.reconciled_at >= RECONCILE_EVERY:
            self.reconciled_at = now
            if now - self.forgave_at >= RECONCILE_EVERY:
                self.listings.forgive()
                self.tries.forgive()
                self.silent, self.forgave_at = 0, now
            await self.reconcile(connection, mailbox)
        return news

    async def follow(self, connection: Connection, folder: Folder) -> Standing:
        newest = await connection.newest(folder)
        return await self.work(lambda work: fetching.follow(work, self.hold, folder, newest))

    async def read_on(self, connection: Connection, mailbox: Mailbox, folder: Folder, position: Standing) -> bool:
        """All that came since, in portions, each durable together with how far the folder has been read."""
        has_none = not folder.how_many or folder.uid_next == position.last_uid + 1
        uids = [] if has_none else await connection.uids(position.last_uid, folder)
        for some in in_portions(uids):
            new = await self.never_seen(position, some)
            unlisted = await self.take_in(connection, mailbox, position, new)
            await self.keep(position, Fetched(some[-1], missing=unlisted))
        if not uids:
            await self.keep(position, Fetched(position.last_uid))
        return bool(uids)

    async def keep(self, position: Standing, fetched: Fetched, by_their_date: Sequence[int] = ()) -> None:
        missing = await self.work(
            lambda work: fetching.keep(work, self.hold, position.uid_validity, fetched, by_their_date)
        )
        if fetched.missing:
            self.show_missing(missing)

    async def take_in(self, connection: Connection, mailbox: Mailbox, position: Standing, uids: Sequence[int]) -> int:
        """How many of the mails are there and cannot even be listed. They hold up nothing."""
        listed = await self.listed(connection, position, uids)
        by_their_date = old_by_their_date(listed, position.cut_over)
        if by_their_date:
            self.tell("mails are passed over by the date written in them", by_their_date)
        for portion in portions(listed, position.cut_over, self.tries.suspected):
            await self.settle(connection, mailbox, position, portion, by_their_date)
        unlisted = await connection.there(sorted({*uids} - {each.uid for each in listed}))
        self.tell_missing(unlisted)
        return len(unlisted)

    async def listed(self, connection: Connection, position: Standing, uids: Sequence[int]) -> list[Listed]:
        """Those of the mails that the server lists."""
        found: list[Listed] = []
        for some in self.listings.groups(uids):
            self.listings.begin(some)
            found += await connection.listed(some, position.is_in_doubt)
            self.listings.end(some)
        return found

    async def settle(
        self,
        connection: Connection,
        mailbox: Mailbox,
        position: Standing,
        portion: Portion,
        by_their_date: Sequence[int],
    ) -> None:
        """A mail is suspected that ends the connection, or that no row takes: but not while the database is away."""
        wanted = {each.uid: each for each in portion.wanted if self.is_worth_trying(each)}
        self.tries.begin(wanted)
        fetched = await self.fetched(connection, mailbox, portion, wanted)
        if portion.last_uid <= position.last_uid:
            fetched = replace(fetched, missing=0)  # it is in the gap, which has been counted
        try:
            await self.keep(position, fetched, by_their_date)
        except (Unavailable, TakenOver):
            self.tries.end(wanted)
            raise
        self.tries.end(wanted)

    async def fetched(
        self, connection: Connection, mailbox: Mailbox, portion: Portion, wanted: Mapping[int, Listed]
    ) -> Fetched:
        bodies = await connection.bodies([*wanted]) if wanted else {}
        refused = await connection.there([uid for uid in wanted if uid not in bodies])
        missing = sorted({each.uid for each in portion.wanted} - wanted.keys() | {*refused})
        self.tell_missing(missing)
        mails = [
            await asyncio.to_thread(fetching.arrived, wanted[uid], bodies.pop(uid), mailbox) for uid in sorted(bodies)
        ]
        return Fetched(portion.last_uid, mails, portion.passed_over, len(missing))

    def tell_missing(self, uids: Sequence[int]) -> None:
        if uids:
            self.tell("mails cannot be fetched, and are left out for now", uids, log.error)

    def tell(self, what: str, uids: Sequence[int], tell: Callable[..., None] = log.warning) -> None:
        tell(what, account=self.account.name, folder=self.account.folder, uids=uids)

    def is_worth_trying(self, mail: Listed) -> bool:
        return not self.tries.is_given_up(mail.uid) and mail.size <= settings().mail_max_bytes

    async def reconcile(self, connection: Connection, mailbox: Mailbox) -> None:
        """
        All that the folder has and was never seen is fetched; what then is missing still is an alarm.

        Looked at anew: the folder may have got mail since, and the position with it.
        """
        folder = await connection.look()
        position = await self.follow(connection, folder)
        there = [uid for uid in await connection.uids(0, folder) if uid <= position.last_uid] if folder.how_many else []
        gap = await self.never_seen(position, there)
        if gap:
            await self.count_missing(len(gap))
        for some in in_portions(gap):
            await self.take_in(connection, mailbox, position, some)
        missing = 0
        for some in in_portions(await self.never_seen(position, gap)):
            missing += len(await connection.there(some))
        if gap or position.missing:
            await self.count_missing(missing)
        self.show_missing(missing)

    async def never_seen(self, position: Standing, uids: Sequence[int]) -> list[int]:
        found: list[int] = []
        for some in in_portions(uids):
            async with self.doorway.workshop.reading() as db:
                found += await fetching.unknown(db, self.hold, position, some)
        return found

    async def count_missing(self, missing: int) -> None:
        self.show_missing(missing)
        where = {"account": self.account.name, "folder": self.account.folder}
        if missing:
            log.error("mails of an account are missing", **where, missing=missing)
        else:
            log.info("no mail of an account is missing any more", **where)
        await self.work(lambda work: fetching.count_missing(work, self.hold, missing))

    def show_missing(self, missing: int | None) -> None:
        """None while another replica shows it."""
        labels = (self.doorway.workshop.service, self.account.name, self.account.folder)
        if missing is not None:
            telemetry.MAIL_MISSING.labels(*labels).set(missing)
        else:
            with contextlib.suppress(KeyError):
                telemetry.MAIL_MISSING.remove(*labels)


ACCOUNTS = Entrance("imap", keep_open)
