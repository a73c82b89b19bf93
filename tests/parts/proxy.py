"""A TCP proxy that tests put before a server, to hold back what it answers and to cut connections."""

import asyncio
from types import TracebackType
from typing import Self


class Proxy:
    """Listens on a port of its own. `sent` counts the bytes that clients have sent through it."""

    def __init__(self, host: str, port: int) -> None:
        self.sent = 0
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._answering = asyncio.Event()
        self._answering.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.let_answers_through()
        self.cut()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def hold_answers(self) -> None:
        """What the server says from now on waits here."""
        self._answering.clear()

    def let_answers_through(self) -> None:
        self._answering.set()

    def cut(self) -> None:
        """Both sides of every connection see it reset; what was held back is lost."""
        for writer in tuple(self._writers):
            writer.transport.abort()
        for task in self._serving:
            task.cancel()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            from_server, to_server = await asyncio.open_connection(*self._target)
        except OSError:
            self._end(writer)
            return
        self._writers.add(to_server)
        pumps = [
            asyncio.create_task(self._pump(reader, to_server)),
            asyncio.create_task(self._pump(from_server, writer, answers=True)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            self._end(writer, to_server)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool = False) -> None:
        try:
            while data := await source.read(65536):
                if answers:
                    await self._answering.wait()
                else:
                    self.sent += len(data)
                target.write(data)
                await target.drain()
        except OSError:
            return

    def _end(self, *writers: asyncio.StreamWriter) -> None:
        for writer in writers:
            self._writers.discard(writer)
            writer.transport.abort()
