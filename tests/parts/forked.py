"""
`accesspoint` as a process of its own that has nothing to load: forked from one that has.

Unlike the command itself it has no use for what is registered with `atexit`, and what reads the environment while it is
loaded reads another: of what we use rich's consoles do, so they are loaded as where nobody looks on. The command itself
is started by the tests of the README.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

# To load everything takes a processor longer than all else a service does in most tests, and they start hundreds.
server = get_context("forkserver")
server.set_forkserver_preload(["tests.parts.nobody_looks_on", "services.cli.commands"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The files that stand where a terminal would; what is written goes to the end of what is there."""

    out: Path
    err: Path
    answers: Path = Path(os.devnull)


class Forked:
    """A process as `subprocess.Popen` has them. It ends at the latest with the one that began it."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], folder: Path, streams: Streams) -> None:
        told = (tuple(words), dict(environment), folder, streams)
        self._process = server.Process(
            target=run_command, name=f"accesspoint {' '.join(words)}", args=told, daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return code

    def send_signal(self, what: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, what)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run_command(words: Sequence[str], environment: Mapping[str, str], folder: Path, streams: Streams) -> None:
    """In the new process, before it does anything."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    write = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    for nth, (path, how) in enumerate([(streams.answers, os.O_RDONLY), (streams.out, write), (streams.err, write)]):
        stream = os.open(path, how, 0o600)
        os.dup2(stream, nth)
        os.close(stream)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  multiprocessing has put another in its place
    from services.cli import main  # noqa: PLC0415 - the tests' own process has no need of it

    sys.argv = ["accesspoint", *words]
    main()
