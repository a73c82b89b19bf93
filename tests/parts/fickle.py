"""A mail server for tests that takes every mail and says nothing, or whatever it is told to say."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HERE = "127.0.0.1"
END = b"\r\n.\r\n"


@dataclass(slots=True)
class FickleServer:
    """
    `answers` says what is answered to a command instead of 250, `once` only the next time, and `to_the_mail` to the
    mail itself; None hangs up. `nested_mail` is for whoever begins a mail before the last one has ended.

    With a certificate it offers STARTTLS; it always offers to let people sign in.
    """

    port: int = 0
    to_the_mail: str | None = "250 2.0.0 taken"
    answers: dict[str, str | None] = field(default_factory=dict)
    once: dict[str, str | None] = field(default_factory=dict)
    nested_mail: str = "250 fine"
    certificate: ssl.SSLContext | None = None
    taken: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    connections: int = 0
    encrypted: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self.talk(reader, writer)
        writer.close()

    def hang_up(self) -> None:
        """On everybody, without a word."""
        for writer in self.writers:
            writer.close()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 fickle.example ESMTP\r\n")
        under_way = False
        while line := (await reader.readline()).decode().strip():
            self.said.append(line)
            verb = line.split()[0].upper()
            answer = self.once.pop(verb) if verb in self.once else self.answers.get(verb, self.usual(verb))
            if verb == "MAIL" and under_way:
                answer = self.nested_mail
            if answer is None:
                return
            under_way = verb in {"MAIL", "RCPT"}
            writer.write(f"{answer}\r\n".encode(errors="surrogateescape"))
            await writer.drain()
            if verb == "STARTTLS" and self.certificate is not None:
                await writer.start_tls(self.certificate)
                self.encrypted += 1
            elif verb == "DATA" and answer.startswith("354"):
                self.taken.append((await reader.readuntil(END)).removesuffix(END) + b"\r\n")
                if self.to_the_mail is None:
                    return
                writer.write(f"{self.to_the_mail}\r\n".encode())
            elif verb == "QUIT":
                return

    def usual(self, verb: str) -> str:
        if verb == "EHLO":
            offers = ["fickle.example", "SIZE 100000000", "AUTH PLAIN", *(["STARTTLS"] if self.certificate else [])]
            return "\r\n".join(f"250{' ' if each is offers[-1] else '-'}{each}" for each in offers)
        return {"DATA": "354 go on", "QUIT": "221 bye", "STARTTLS": "220 go on", "AUTH": "235 welcome"}.get(
            verb, "250 fine"
        )


@asynccontextmanager
async def fickle_server(certificate: ssl.SSLContext | None = None) -> AsyncIterator[FickleServer]:
    """On a free port."""
    fickle = FickleServer(certificate=certificate)
    server = await asyncio.start_server(fickle.serve, HERE, 0)
    fickle.port = server.sockets[0].getsockname()[1]
    async with server:
        yield fickle
