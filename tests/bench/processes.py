"""Processes of the product, started as an operator would start them, and ended in order or at once."""

from __future__ import annotations

import asyncio
import http.client
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.parts.ports import free_port
from tests.parts.waiting import until

READY_WITHIN = 90.0
STOP_WITHIN = 30.0
ACCESSPOINT = Path(sys.executable).with_name("accesspoint")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Running:
    """A process that serves HTTP."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self) -> bool:
        if self.process.poll() is not None:
            last = self.log.read_text(errors="replace").splitlines()[-3:]
            raise RuntimeError(f"{self.name} ended while starting: {' '.join(last)}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()

    async def end(self) -> None:
        self.process.terminate()
        try:
            await asyncio.to_thread(self.process.wait, STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            await asyncio.to_thread(self.process.wait, STOP_WITHIN)


def environment(**ours: object) -> dict[str, str]:
    """Only what is said here: a variable of the person who starts this must not change what is measured."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {f"ACCESSPOINT_{name.upper()}": str(value) for name, value in ours.items()}


def start(name: str, command: Sequence[str], env: Mapping[str, str], port: int, folder: Path) -> Running:
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            list(command), env=dict(env), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    return Running(name, process, port, log)


async def ready(*running: Running) -> None:
    for one in running:
        await until(one.is_ready, within=READY_WITHIN, what=f"{one.name} at {one.url}/ready")


@asynccontextmanager
async def accesspoint(*words: str, folder: Path, **settings: object) -> AsyncIterator[Running]:
    """One `accesspoint` command that serves, on a port of its own, once it is ready."""
    port = free_port()
    name = words[-1] if words[0] == "serve" else words[0]
    running = start(name, [str(ACCESSPOINT), *words], environment(port=port, **settings), port, folder)
    try:
        await ready(running)
        yield running
    finally:
        await running.end()


@asynccontextmanager
async def module(name: str, *words: str, folder: Path) -> AsyncIterator[Running]:
    """A module of ours that takes its port last."""
    port = free_port()
    running = start(name, [sys.executable, "-m", name, *words, str(port)], environment(), port, folder)
    try:
        await ready(running)
        yield running
    finally:
        await running.end()
