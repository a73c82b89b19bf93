"""One `accesspoint` command as a process of its own: started on a port, asked, frozen, stopped, killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.parts.forked import Forked, Streams
from tests.parts.ports import free_port
from tests.parts.waiting import until

ROOT = Path(__file__).parents[2]
# As the console script does, but from any clone and without one being installed.
ACCESSPOINT = (sys.executable, "-c", "from services.cli import main; main()")
READY_WITHIN = 60.0
STOP_WITHIN = 40.0
CARRY_OUT_WITHIN = 60.0


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Ours without any ACCESSPOINT_ variable, and then these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ACCESSPOINT_")}
    return {**inherited, "PYTHONUNBUFFERED": "1", **settings}


def typed(
    words: Sequence[str],
    variables: Mapping[str, str],
    *,
    folder: Path = ROOT,
    answers: str = "",
    within: float = CARRY_OUT_WITHIN,
) -> subprocess.CompletedProcess[str]:
    """`accesspoint` with these words, to its end; `variables` are all it knows of its environment."""
    with TemporaryDirectory(prefix="accesspoint-typed-") as made:
        streams = Streams(out=Path(made, "out"), err=Path(made, "err"), answers=Path(made, "answers"))
        streams.answers.write_text(answers)
        process = Forked(words, variables, folder, streams)
        try:
            code = process.wait(within)
        except subprocess.TimeoutExpired as error:
            if streams.err.exists():
                error.add_note(streams.err.read_text(errors="replace")[-2000:])
            raise
        finally:
            process.kill()
        # What is no UTF-8 comes out again by the same error handler.
        out, err = (path.read_bytes().decode(errors="surrogateescape") for path in (streams.out, streams.err))
        return subprocess.CompletedProcess([*words], code, out, err)


def carry_out(arguments: Sequence[str], settings: Mapping[str, str]) -> str:
    """Runs a command to its end and gives what it printed. Fails with its last words."""
    done = typed(arguments, environment(settings))
    assert done.returncode == 0, (
        f"accesspoint {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}"
    )
    return done.stdout


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a process's metrics."""

    name: str
    labels: Mapping[str, str]
    value: float


class Program:
    """A command that stays running and listens. What it writes is kept in a file, over all its starts."""

    def __init__(self, name: str, command: Sequence[str], settings: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.port = free_port()
        self.log = folder / f"{name}.log"
        self._command = tuple(command)
        self._settings = {**settings, "ACCESSPOINT_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | Forked | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Returns at once; see `until_ready`. Started again, it listens on the same port."""
        assert not self.is_running, f"{self.name} is running already"
        command, told = self._command, environment(self._settings)
        if command[: len(ACCESSPOINT)] == ACCESSPOINT:
            streams = Streams(out=self.log, err=self.log)
            self._process = Forked(command[len(ACCESSPOINT) :], told, ROOT, streams)
            return
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                env=told,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def signal(self, what: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(what)

    def kill(self) -> None:
        """What the kernel does when memory runs out."""
        self.signal(signal.SIGKILL)
        self.wait()

    def freeze(self) -> None:
        """It does nothing any more and keeps all it holds, until `thaw`."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def terminate(self) -> None:
        """Asks it to stop in order, as a release does, and returns at once."""
        self.signal(signal.SIGTERM)

    def stop(self) -> None:
        """In order; at once when that takes too long."""
        self.terminate()
        self.wait()

    def wait(self) -> int | None:
        """Returns when it has ended, with what; kills what does not end in time."""
        if self._process is None:
            return None
        try:
            return self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(STOP_WITHIN)

    async def until_ready(self, path: str = "/ready", within: float = READY_WITHIN) -> None:
        """Fails with its last words when it ends before, or is not ready in time."""

        async def ready_or_ended() -> bool:
            return not self.is_running or await self.answers(path)

        try:
            await until(ready_or_ended, within=within, what=f"{self.name} {path}")
            assert self.is_running, f"{self.name} ended before it was ready"
        except AssertionError as error:
            error.add_note(self.last_words())
            raise

    async def answers(self, path: str = "/ready") -> bool:
        """Whether it says 200 there."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.get(self.url + path) as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def metrics(self) -> list[Figure]:
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as response:
            text = await response.text()
        return [
            Figure(sample.name, sample.labels, sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        ]

    async def total(self, name: str, **labels: str) -> float:
        """The sum of a metric over all lines that carry these labels."""
        return sum(
            figure.value
            for figure in await self.metrics()
            if figure.name == name and labels.items() <= figure.labels.items()
        )

    def last_words(self, lines: int = 25) -> str:
        if not self.log.exists():
            return f"--- {self.name} wrote nothing"
        written = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"--- {self.name}, the last of {len(written)} lines:", *written[-lines:]])
