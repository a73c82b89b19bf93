"""The mailbox that gets a copy of every mail that is sent: there it can be seen what has left."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from typing import Any, Protocol

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError  # type: ignore[import-untyped]

from services.intake.gateways.accounts import Account, Tls
from services.intake.gateways.outgoing import ASKED_WITHIN
from shared.errors import Refused, Unavailable

PATIENCE = SocketTimeout(connect=10.0, read=30.0)
LOST = (IMAPClientError, OSError, EOFError, ValueError)


class SentCopies(Protocol):
    """Whether a mail has left."""

    async def has(self, message_id: str) -> bool:
        """`Unavailable` when it cannot be told just now."""


class ImapSentCopies:
    """A folder of an account. Nothing in it is changed. It is asked so seldom that no connection is kept."""

    def __init__(self, account: Account) -> None:
        self.account = account

    async def has(self, message_id: str) -> bool:
        try:
            async with asyncio.timeout(ASKED_WITHIN):
                return await asyncio.to_thread(self.look_for, message_id)
        except (*LOST, Refused) as error:
            raise Unavailable(
                f'The copies of what was sent, in account "{self.account.name}", cannot be looked at '
                f"({type(error).__name__}): nothing is sent again before."
            ) from error

    def look_for(self, message_id: str) -> bool:
        """The server looks for a part of the header, so that what it finds is compared."""
        with self.connection() as client:
            client.select_folder(self.account.folder, readonly=True)
            found = client.search(["HEADER", "Message-ID", message_id])
            headers = client.fetch(found, ["BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"]) if found else {}
        wanted = message_id.encode()
        return any(
            wanted in value for parts in headers.values() for value in parts.values() if isinstance(value, bytes)
        )

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        account = self.account
        context = ssl.create_default_context()
        by_tls = account.tls is Tls.IMPLICIT
        client = IMAPClient(
            account.host,
            account.port_to_call,
            ssl=by_tls,
            ssl_context=context if by_tls else None,
            timeout=PATIENCE,
        )
        try:
            if account.tls is Tls.STARTTLS:
                client.starttls(context)
            client.login(account.user, account.secret)
            yield client
        finally:
            with contextlib.suppress(*LOST):
                client.logout()
