"""IMAP as far as reading a folder goes: nothing here changes anything on the server, not even a flag."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError  # type: ignore[import-untyped]

from services.intake.domain.mail.dating import dated
from services.intake.domain.mail.fetching import Folder, Listed
from services.intake.gateways.accounts import Account, Tls
from shared.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = SocketTimeout(connect=5.0, read=60.0)
LISTED_AT_ONCE = 500
"""Mails in a command: a server need not take a line of more than 8,000 characters."""
SEARCHED_AT_ONCE = 50_000
"""Mails in an answer that is one line: Python reads none of more than a million characters."""
MOST_FOLDERS_TOLD = 20
LOST = (IMAPClientError, OSError, EOFError, ValueError)
"""What the library raises when the other side is gone, or says what nobody understands."""


class NotLetIn(Unavailable):
    """The server is there and does not let us read. Asking again soon would not help."""


class Connection:
    """
    A folder of an account, open for reading. One call at a time; each runs on the connection's own thread.

    Whatever fails is `Unavailable`, in a sentence; then the connection is of no more use, unless it is only one mail
    that the server does not give.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.thread = ThreadPoolExecutor(1, f"imap-{account.name}")
        self.client: Any = None

    @property
    def server(self) -> str:
        return f"{self.account.host}:{self.account.port_to_call}"

    async def run(self, do: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        def on_thread() -> T:
            return do(*given, **named)

        try:
            return await asyncio.get_running_loop().run_in_executor(self.thread, on_thread)
        except LOST as error:
            raise Unavailable(
                f'The connection to {self.server} for account "{self.account.name}" was lost ({told_by(error)}).'
            ) from error

    def hang_up(self) -> None:
        """At once, whatever a thread is waiting for: it finds the connection closed, and then clears up."""
        if self.client is not None:
            with contextlib.suppress(OSError):
                # Not the method of a TLS socket, which would take its keys away under the thread that reads.
                socket.socket.shutdown(self.client.socket(), socket.SHUT_RDWR)
        self.thread.submit(self.clear_up)
        self.thread.shutdown(wait=False)

    def clear_up(self) -> None:
        client, self.client = self.client, None
        if client is not None:
            with contextlib.suppress(*LOST):
                client.shutdown()

    async def open(self) -> None:
        await self.run(self.sign_in, self.account.secret)

    def sign_in(self, secret: str) -> None:
        self.client = client = self.called()
        client.normalise_times = False
        try:
            if self.account.tls is Tls.STARTTLS:
                client.starttls(ssl.create_default_context())
            self.log_in(secret)
        except IMAPClientAbortError:
            raise
        except LoginError as error:
            raise NotLetIn(
                f'The mail server {self.server} does not accept the user and password of account "{self.account.name}" '
                f"({told_by(error)}): correct them in the file of accounts."
            ) from None
        except ssl.SSLError as error:
            raise self.not_private(error) from error

    def log_in(self, secret: str) -> None:
        """LOGIN knows ASCII only."""
        user = self.account.user
        if (user + secret).isascii():
            self.client.login(user, secret)
        else:
            self.client.sasl_login("PLAIN", lambda _: f"\0{user}\0{secret}".encode())

    def called(self) -> Any:
        by_tls = self.account.tls is Tls.IMPLICIT
        try:
            return IMAPClient(self.account.host, self.account.port_to_call, ssl=by_tls, timeout=PATIENCE)
        except ssl.SSLError as error:
            raise self.not_private(error) from error
        except LOST as error:
            raise Unavailable(
                f'The mail server {self.server} of account "{self.account.name}" cannot be reached ({told_by(error)}): '
                "start it, or correct host, port and tls in the file of accounts."
            ) from error

    def not_private(self, error: ssl.SSLError) -> NotLetIn:
        return NotLetIn(
            f'No private connection to {self.server} for account "{self.account.name}" came about ({told_by(error)}): '
            "correct host, port and tls in the file of accounts, or the server's certificate."
        )

    async def look(self) -> Folder:
        """The folder as it is now. Opened by EXAMINE, which promises that nothing is changed."""
        return await self.run(self.examined)

    def examined(self) -> Folder:
        try:
            told = self.client.select_folder(self.account.folder, readonly=True)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as error:
            raise NotLetIn(
                f'The folder "{self.account.folder}" of account "{self.account.name}" cannot be read '
                f"({told_by(error)}): correct `folder` in the file of accounts. {self.folders_there_are()}"
            ) from error
        if b"UIDVALIDITY" not in told:
            raise NotLetIn(
                f'The mail server {self.server} of account "{self.account.name}" does not number its mails for good '
                "(it gives no UIDVALIDITY): such a folder cannot be read without losing or doubling mail."
            )
        return Folder(int(told[b"UIDVALIDITY"]), told.get(b"UIDNEXT"), int(told[b"EXISTS"]))

    def folders_there_are(self) -> str:
        names = [str(name) for _, _, name in self.client.list_folders()][:MOST_FOLDERS_TOLD]
        return f"There are: {', '.join(names)}." if names else "There is none."

    async def uids(self, above: int, folder: Folder) -> list[int]:
        """Of all mails with a higher one, in their order."""
        return sorted({uid for uid in await self.run(self.searched, above, folder) if uid > above})

    def searched(self, above: int, folder: Folder) -> list[int]:
        """From the end: should some be deleted meanwhile, those that move down have been seen already."""
        found: list[int] = []
        if folder.uid_next is not None and folder.uid_next - above <= SEARCHED_AT_ONCE:
            return [*self.client.search(f"UID {above + 1}:*")]
        for start in reversed(range(1, folder.how_many + 1, SEARCHED_AT_ONCE)):
            last = start + SEARCHED_AT_ONCE - 1
            found += self.client.search(f"{start}:{'*' if last >= folder.how_many else last}")
        return found

    async def there(self, uids: Sequence[int]) -> list[int]:
        """Those of the mails that are in the folder still."""
        return sorted(await self.run(self.found, uids)) if uids else []

    def found(self, uids: Sequence[int]) -> set[int]:
        self.client.noop()
        return {*self.client.search(f"UID {','.join(map(str, uids))}")} & {*uids}

    async def newest(self, folder: Folder) -> int:
        """The highest UID that has been given out there, or that is left."""
        if folder.uid_next is not None:
            return folder.uid_next - 1
        return max(await self.run(self.client.search, "UID *"), default=0) if folder.how_many else 0

    async def listed(self, uids: Sequence[int], is_in_doubt: Callable[[Listed], bool]) -> list[Listed]:
        """
        Those that the server lists. One that is gone, or whose size it cannot tell, is not among them.

        Of those whose arrival is in doubt, the date is read that is written in them.
        """
        listed = await self.run(self.sizes, uids)
        doubted = [each.uid for each in listed if is_in_doubt(each)]
        return dated(listed, await self.run(self.date_lines, doubted)) if doubted else listed

    def sizes(self, uids: Sequence[int]) -> list[Listed]:
        return [
            Listed(uid, int(told[b"RFC822.SIZE"]), zoned(told.get(b"INTERNALDATE")))
            for uid, told in self.given(uids, "RFC822.SIZE", "INTERNALDATE").items()
            if told.get(b"RFC822.SIZE") is not None
        ]

    def date_lines(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Servers do not agree how to name what they give."""
        found = self.given(uids, "BODY.PEEK[HEADER.FIELDS (DATE)]")
        return {
            uid: value
            for uid, told in found.items()
            for name, value in told.items()
            if name.startswith(b"BODY[HEADER") and isinstance(value, bytes)
        }

    async def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Those that the server gives. One that it refuses is not in it, and the connection goes on."""
        return await self.run(self.peeked, uids)

    def peeked(self, uids: Sequence[int]) -> dict[int, bytes]:
        found = self.given(uids, "BODY.PEEK[]")
        return {uid: as_bytes(told[b"BODY[]"]) for uid, told in found.items() if told.get(b"BODY[]") is not None}

    def given(self, uids: Sequence[int], *what: str) -> dict[int, dict[bytes, Any]]:
        """By UID. When the server refuses it of several, each half is asked for, until it is known which it refuses."""
        try:
            found: dict[int, dict[bytes, Any]] = self.client.fetch(list(uids), what)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            half = len(uids) // 2
            return {**self.given(uids[:half], *what), **self.given(uids[half:], *what)} if half else {}
        return found

    async def wait(self, seconds: float) -> bool:
        """Until the server tells that something changed, or for so long. False when it cannot tell."""
        return await self.run(self.idled, seconds)

    def idled(self, seconds: float) -> bool:
        if not self.client.has_capability("IDLE"):
            return False
        self.client.idle()
        self.client.idle_check(seconds)
        self.client.idle_done()
        return True


def as_bytes(told: Any) -> bytes:
    """A number, where the whole mail is one: the library takes it for that."""
    return told if isinstance(told, bytes) else str(told).encode()


def zoned(told: Any) -> Any:
    return told if told is not None and told.tzinfo is not None else None


def told_by(error: BaseException) -> str:
    """The server's own words, or the system's; never what may have been part of a mail."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    words = str(error).removeprefix("b'").removesuffix("'")
    if not isinstance(error, IMAPClientError) or isinstance(error, ProtocolError) or "unexpected" in words:
        return "it said what nobody understands"
    return "it was closed" if "EOF" in words else words or type(error).__name__


def in_portions(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), LISTED_AT_ONCE):
        yield uids[start : start + LISTED_AT_ONCE]
