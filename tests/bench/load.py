"""The load generator, a process of its own: posts over kept-alive connections and does as little else as it can."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override

ANSWER_WITHIN = 30.0
MOST_REQUESTS = 200_000
START_WITHIN = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What to post, and how: for so long or so many, as fast as answered or at a steady rate."""

    url: str
    bodies: str
    clients: int
    seconds: float | None = None
    count: int | None = None
    rate: float | None = None

    @property
    def longest(self) -> float:
        """No run takes longer, whatever the other side does."""
        return (self.seconds or 0.0) + (self.count or 0) * 0.1 + START_WITHIN + ANSWER_WITHIN


@dataclass(slots=True)
class Run:
    """What came back. `milliseconds` are counted from when a request was due, so that waiting in line shows."""

    seconds: float
    cpu_seconds: float
    milliseconds: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return len(self.milliseconds) / self.seconds


class Client(asyncio.Protocol):
    """One connection and one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.came = b""
        self.answer: asyncio.Future[str] | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self.came += data
        head, _, body = self.came.partition(b"\r\n\r\n")
        if self.answer is None or len(head) == len(self.came):
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(body) >= length:
            self.came = b""
            self.answer.set_result(head[9:12].decode())

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionError("the connection was closed before the answer"))

    async def ask(self, request: bytes) -> str:
        """The status of the answer."""
        assert self.transport is not None
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


class Generator:
    """Carries out one set of orders."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.address = urlsplit(orders.url)
        self.host, self.port = self.address.hostname or "", self.address.port or 80
        self.run_id = os.urandom(6).hex()
        self.bodies: list[bytes] = [json.dumps(body).encode() for body in json.loads(Path(orders.bodies).read_text())]
        self.milliseconds: list[float] = []
        self.statuses: Counter[str] = Counter()

    def requests(self) -> Iterator[bytes]:
        head = f"POST {self.address.path} HTTP/1.1\r\nHost: {self.address.netloc}\r\nContent-Type: application/json\r\n"
        for number in range(self.orders.count or MOST_REQUESTS):
            body = self.bodies[number % len(self.bodies)]
            own = f"Idempotency-Key: bench-{self.run_id}-{number}\r\nContent-Length: {len(body)}\r\n\r\n"
            yield (head + own).encode() + body

    async def carry_out(self) -> Run:
        loop = asyncio.get_running_loop()
        connect = [loop.create_connection(Client, self.host, self.port) for _ in range(self.orders.clients)]
        clients = [client for _, client in await asyncio.gather(*connect)]
        cpu, began = cpu_used(), perf_counter()
        due = self.due(began)
        async with asyncio.timeout(self.orders.longest), asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(self.keep_asking(client, due))
        return Run(perf_counter() - began, cpu_used() - cpu, self.milliseconds, dict(self.statuses))

    def due(self, began: float) -> Iterator[tuple[float, bytes]]:
        """Each request with the moment it should be sent; shared by all clients, so each is sent once."""
        ends = began + self.orders.seconds if self.orders.seconds else float("inf")
        for number, request in enumerate(self.requests()):
            moment = began + number / self.orders.rate if self.orders.rate else 0.0
            if (moment or perf_counter()) >= ends:
                return
            yield moment, request

    async def keep_asking(self, client: Client, due: Iterator[tuple[float, bytes]]) -> None:
        for moment, request in due:
            early = moment - perf_counter()
            if early > 0:
                await asyncio.sleep(early)
            asked = moment or perf_counter()
            self.statuses[await client.ask(request)] += 1
            self.milliseconds.append(1000 * (perf_counter() - asked))


def cpu_used() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def generate(orders: Orders) -> Run:
    """Runs the generator beside us and waits for what it reports. Fails when anything but 201 was answered."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.load", json.dumps(asdict(orders)), stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), orders.longest + START_WITHIN)
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        raise RuntimeError(f"The load generator ended with {process.returncode}.")
    told: dict[str, Any] = json.loads(out)
    run = Run(**told)
    if set(run.statuses) != {"201"}:
        raise RuntimeError(f"{orders.url} answered {run.statuses} instead of 201 throughout.")
    return run


def main(words: Sequence[str]) -> None:
    run = asyncio.run(Generator(Orders(**json.loads(words[0]))).carry_out())
    print(json.dumps(asdict(run)))


if __name__ == "__main__":
    main(sys.argv[1:])
