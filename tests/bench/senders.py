"""Senders of mail, a process of its own: by SMTP as a mail server relays, or straight into the rows as the floor."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias

from typing_extensions import override

from services.intake.domain.mail.model import Arrived, ArrivedBy, Identity
from services.intake.store.mail import keeping
from shared.db import Connection, Database
from shared.timesource import TimeSource
from shared.vocabulary import new_id
from tests.bench.load import ANSWER_WITHIN, MOST_REQUESTS, START_WITHIN, cpu_used

TO_US = "enquiries@anytown.example"
MAILBOX = "enquiries"
MOST_BODIES = 100
TRACE = (
    "from mail{number}.example.org (mail.example.org [192.0.2.17])\r\n"
    "\tby mx.anytown.example (Postfix) with ESMTPS id 4X{number}ZQ\r\n"
    "\tfor <enquiries@anytown.example>; Mon,  2 Mar 2026 09:00:01 +0000 (GMT)"
)

Take: TypeAlias = Callable[[str, bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """Where to, and how many: to a listener's port, or else into a database, each mail in a transaction of its own."""

    bodies: str
    port: int | None = None
    database: str | None = None
    connections: int = 1
    seconds: float | None = None
    count: int | None = None
    at_once: bool = False
    file_bytes: int = 0

    @property
    def longest(self) -> float:
        return (self.seconds or 0.0) + (self.count or 0) * 0.1 + START_WITHIN + ANSWER_WITHIN


@dataclass(slots=True)
class Run:
    """What was taken. `milliseconds` are from MAIL FROM until 250 after the dot."""

    seconds: float
    cpu_seconds: float
    milliseconds: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.milliseconds) / self.seconds


class Mails:
    """Mails as people write them: text and HTML beside each other, in the words of the demonstration's enquiries."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        bodies = json.loads(Path(orders.bodies).read_text())[:MOST_BODIES]
        self.made = [self.without_head(body) for body in bodies]
        self.run_id = os.urandom(6).hex()

    def sender(self, number: int) -> str:
        """Somebody else each time: receipts to one address are few."""
        return f"jo{number}.{self.run_id}@example.org"

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """With the sender of each, which differs from all others in its first lines; the rest is made once."""
        for number in range(self.orders.count or MOST_REQUESTS):
            head = [
                f"Return-Path: <{self.sender(number)}>",
                f"Received: {TRACE.format(number=number)}",
                f"From: Jo Miller <{self.sender(number)}>",
                f"To: Anytown Council <{TO_US}>",
                "Date: Mon, 02 Mar 2026 09:00:00 +0000",
                f"Message-ID: <{self.run_id}.{number}@example.org>",
                "",
            ]
            yield self.sender(number), "\r\n".join(head).encode() + self.made[number % len(self.made)]

    def without_head(self, body: dict[str, Any]) -> bytes:
        message = EmailMessage(policy=SMTP)
        message["Subject"] = body["title"]
        text = f"Good morning,\n\n{body['text']}\n\nKind regards\nJo Miller\n\n-- \nSent from my phone\n"
        message.set_content(text)
        message.add_alternative("<html><body><p>" + text.replace("\n", "<br>\n") + "</p></body></html>", subtype="html")
        if self.orders.file_bytes:
            file = os.urandom(self.orders.file_bytes)
            message.add_attachment(file, maintype="application", subtype="octet-stream", filename="plan.bin")
        return message.as_bytes()


class Client(asyncio.Protocol):
    """One connection of a mail server, kept open from mail to mail."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.came = b""
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self.came += data
        last = self.came.rstrip(b"\r\n").rpartition(b"\n")[2]
        if self.came.endswith(b"\n") and last[3:4] == b" ":
            came, self.came = self.came, b""
            self.answer.set_result(came)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_exception(ConnectionError("the connection was closed before the answer"))

    async def greeted(self) -> None:
        await self.answer
        await self.say(b"EHLO mx.anytown.example\r\n", b"250")

    async def say(self, words: bytes, expected: bytes) -> None:
        assert self.transport is not None
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(words)
        answered = await self.answer
        if not answered.startswith(expected):
            raise RuntimeError(f"{words[:40]!r} was answered {answered!r}")

    async def send(self, sender: str, mail: bytes) -> None:
        await self.say(f"MAIL FROM:<{sender}>\r\n".encode(), b"250")
        await self.say(b"RCPT TO:<%s>\r\n" % TO_US.encode(), b"250")
        await self.say(b"DATA\r\n", b"354")
        await self.say(mail.replace(b"\r\n.", b"\r\n..") + b".\r\n", b"250")


class Senders:
    """Carries out one set of orders."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.milliseconds: list[float] = []

    def due(self) -> Iterator[tuple[str, bytes]]:
        """Shared by all connections, so each mail is sent once."""
        mails = Mails(self.orders)
        ends = perf_counter() + self.orders.seconds if self.orders.seconds else float("inf")
        for mail in mails:
            if perf_counter() >= ends:
                return
            yield mail

    async def carry_out(self) -> Run:
        async with asyncio.timeout(self.orders.longest):
            if self.orders.port is not None:
                return await self.by_smtp(self.orders.port)
            return await self.into_rows(self.orders.database or "")

    async def by_smtp(self, port: int) -> Run:
        loop = asyncio.get_running_loop()
        connect = [loop.create_connection(Client, "127.0.0.1", port) for _ in range(self.orders.connections)]
        clients = [client for _, client in await asyncio.gather(*connect)]
        await asyncio.gather(*(client.greeted() for client in clients))
        return await self.timed([client.send for client in clients])

    async def into_rows(self, url: str) -> Run:
        """The product's rows through its own pool. At once: all in one transaction, so that they appear together."""
        database = Database(url, "intake", size=self.orders.connections)
        await database.open()
        try:
            async with database.transaction() as db:
                moment = await TimeSource().now(db)
                if self.orders.at_once:
                    return await self.timed([Keeper(database, moment, db).keep])
            return await self.timed([Keeper(database, moment).keep] * self.orders.connections)
        finally:
            await database.close()

    async def timed(self, takers: Sequence[Take]) -> Run:
        due = self.due()
        first = next(due)  # before the clock runs, because it makes what mails have in common
        cpu, began = cpu_used(), perf_counter()
        await self.one(takers[0], *first)
        async with asyncio.TaskGroup() as group:
            for take in takers:
                group.create_task(self.keep_sending(take, due))
        return Run(perf_counter() - began, cpu_used() - cpu, self.milliseconds)

    async def keep_sending(self, take: Take, due: Iterator[tuple[str, bytes]]) -> None:
        for sender, mail in due:
            await self.one(take, sender, mail)

    async def one(self, take: Take, sender: str, mail: bytes) -> None:
        asked = perf_counter()
        await take(sender, mail)
        self.milliseconds.append(1000 * (perf_counter() - asked))


@dataclass(frozen=True, slots=True)
class Keeper:
    """No dialogue, no council, no reading of anything: a mail's rows and their commit."""

    database: Database
    moment: datetime
    within: Connection | None = None

    async def keep(self, sender: str, mail: bytes) -> None:
        if self.within is not None:
            await self.insert(self.within, sender, mail)
            return
        async with self.database.connection() as db:
            await self.insert(db, sender, mail)

    async def insert(self, db: Connection, sender: str, mail: bytes) -> None:
        arrived = Arrived(mailbox=MAILBOX, by=ArrivedBy.SMTP, sent_from=sender, sent_to=TO_US, raw=mail)
        identity = Identity(None, sha256(mail).digest())
        await keeping.keep(db, arrived, identity, self.moment, new_id())


async def send(orders: Orders) -> Run:
    """Runs them beside us and waits for what they report."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.senders", json.dumps(asdict(orders)), stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), orders.longest + START_WITHIN)
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise RuntimeError(f"The senders ended with {process.returncode}.")
    told: dict[str, Any] = json.loads(out)
    return Run(**told)


def main(words: Sequence[str]) -> None:
    print(json.dumps(asdict(asyncio.run(Senders(Orders(**json.loads(words[0]))).carry_out()))))


if __name__ == "__main__":
    main(sys.argv[1:])
