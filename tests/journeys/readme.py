"""A page followed as a newcomer would: every command of its `sh` blocks, in order, on a fresh data folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.parts.ports import free_port
from tests.parts.programs import environment
from tests.parts.waiting import until_now

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STAYS = ("make run", "accesspoint up", ".venv/bin/accesspoint up")
# They run this very test, or take far longer than it may: it is enough that they exist.
ONLY_NAMED = re.compile(r"make (check|test|faults|bench|proof)\b.*")
SET = re.compile(r"export .*")
NAMES = re.compile(r"\b([A-Z_]+)=")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
TOUR = re.compile(r"^URL=.*", re.MULTILINE | re.DOTALL)
PROBLEM = '"/problems/'
# A command that fails ends the step, also in the middle of a pipe.
STRICTLY = ("-eu", "-o", "pipefail")
WRITTEN_PORT = "127.0.0.1:8080"
WRITTEN_MAIL_PORT = '"127.0.0.1", 2525'
WRITTEN_FOLDER = "var/boston"

COMMAND_WITHIN = 240.0
READY_WITHIN = 90.0
STOP_WITHIN = 30.0
# What a `make` around us would pass on to the one inside.
OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")


@dataclass(frozen=True, slots=True)
class Step:
    """
    Something to do: `stays` goes on in the background, `named` is only looked up, `set` holds for what follows; all
    else is run to its end.
    """

    kind: str
    text: str


def steps_of(readme: str) -> list[Step]:
    """In the order of the page."""
    return [step for block in BLOCK.findall(readme) for step in steps_in(block)]


def steps_in(block: str) -> Iterator[Step]:
    """Lines that stand for themselves apart; what is between them together, as one would paste it."""
    together: list[str] = []
    for line in block.splitlines():
        kind = kind_of(line)
        if kind == "run":
            together.append(line)
            continue
        if together:
            yield Step("run", "\n".join(together))
            together = []
        yield Step(kind, line)
    if together:
        yield Step("run", "\n".join(together))


def kind_of(line: str) -> str:
    if line.startswith(STAYS):
        return "stays"
    if SET.fullmatch(line):
        return "set"
    return "named" if ONLY_NAMED.fullmatch(line) else "run"


@dataclass
class Newcomer:
    """Somebody at a clone of the project, with a data folder and a port of their own."""

    root: Path
    folder: Path
    port: int = field(default_factory=free_port)
    mail_port: int = field(default_factory=free_port)
    done: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    seconds_until_ready: float = 0.0

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def printed(self) -> Path:
        """What the terminal of `make run` shows."""
        return self.folder / "terminal"

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            **self.settings,
            "ACCESSPOINT_PORT": str(self.port),
            "ACCESSPOINT_SMTP_PORT": str(self.mail_port),
            "ACCESSPOINT_DATA": str(self.folder / "data"),
        }
        return {name: value for name, value in environment(ours).items() if name not in OF_MAKE}

    def follow(self, steps: list[Step]) -> str:
        """Everything the page says. What is running at its end is stopped. Gives what the tour has shown."""
        toured: list[str] = []
        self.walk(steps, lambda: toured.append(self.paste_the_tour()))
        return toured[0]

    def walk(self, steps: list[Step], once_ready: Callable[[], object] = lambda: None) -> list[str]:
        """Everything the page says, and what each step that came after the start has shown."""
        running = [step for step in steps if step.kind == "stays"]
        assert len(running) == 1, f"the page should start the product once, and says {running}"
        before, after = steps[: steps.index(running[0])], steps[steps.index(running[0]) + 1 :]
        for step in before:
            self.take(step)
        with self.started(running[0].text):
            once_ready()
            return [self.take(step) for step in after]

    def start_again(self, command: str) -> float:
        """How many seconds the next start takes until it is ready."""
        with self.started(command):
            return self.seconds_until_ready

    def take(self, step: Step) -> str:
        self.done.append(step.text)
        if step.kind == "set":
            self.settings |= {
                name: self.run(f'{step.text}\nprintf %s "${name}"', *STRICTLY) for name in NAMES.findall(step.text)
            }
            return ""
        if step.kind == "named":
            words = step.text.split()
            targets = TARGET.findall((self.root / "Makefile").read_text())
            assert words[1] in targets, f"the page says `{step.text}`, and the Makefile does not know it"
            return ""
        shown = self.run(step.text, *STRICTLY)
        assert PROBLEM not in shown, f"{step.text}\nanswered\n{shown}"
        return shown

    def run(self, text: str, *options: str) -> str:
        """In a shell, as if pasted; what it shows."""
        ran = subprocess.run(
            ["bash", *options],
            input=self.here(text) + "\n",
            env=self.environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_WITHIN,
        )
        assert ran.returncode == 0, f"{text}\nended with {ran.returncode}:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}"
        return ran.stdout

    def here(self, text: str) -> str:
        """Where the page says 8080 or names a data folder, ours are elsewhere."""
        text = text.replace(WRITTEN_PORT, self.address).replace(WRITTEN_MAIL_PORT, f'"127.0.0.1", {self.mail_port}')
        return text.replace(WRITTEN_FOLDER, str(self.folder / "data"))

    def paste_the_tour(self) -> str:
        """Nothing is changed in it: it was printed for this very house."""
        printed = until_now(lambda: TOUR.findall(self.printed.read_text()), what="the printed tour")
        shown = self.run(printed[0])
        assert PROBLEM not in shown, shown
        return shown

    @contextmanager
    def started(self, command: str) -> Iterator[None]:
        """From the command until Ctrl-C."""
        began = time.monotonic()
        with self.printed.open("wb") as out, (self.folder / "errors").open("wb") as errors:
            process = subprocess.Popen(
                ["bash", "-c", command],
                env=self.environment,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )
        try:
            self.until_ready(process)
            self.seconds_until_ready = time.monotonic() - began
            self.done.append(command)
            yield
        except AssertionError as error:
            error.add_note((self.folder / "errors").read_text(errors="replace")[-3000:])
            raise
        finally:
            press_ctrl_c(process)

    def until_ready(self, process: subprocess.Popen[bytes]) -> None:
        ask = ["curl", "-sf", "-m", "5", "-o", "/dev/null", f"http://{self.address}/ready"]

        def ready_or_ended() -> bool:
            return process.poll() is not None or subprocess.run(ask, check=False).returncode == 0

        until_now(ready_or_ended, within=READY_WITHIN, what=f"http://{self.address}/ready")
        assert process.poll() is None, "it ended before it was ready"


def press_ctrl_c(process: subprocess.Popen[bytes]) -> None:
    """Reaches all that run in that terminal; what does not end by itself is killed."""
    if process.poll() is not None:
        return
    there = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    os.killpg(process.pid, signal.SIGINT)
    _, left = psutil.wait_procs(there, timeout=STOP_WITHIN)
    for one in left:
        one.kill()
    process.wait(STOP_WITHIN)
    assert not left, f"Ctrl-C did not stop {left} within {STOP_WITHIN:g} s"
