"""A clean clone of HEAD, and commands carried out in it as a newcomer would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from tests.parts.ports import free_port
from tests.parts.scratch import scratch
from tests.parts.waiting import until_now

ROOT = Path(__file__).parents[2]
LONGEST = 45 * 60.0
MOST_NAMED = 10
MOST_TOLD = 400
"""Characters of a program's last words."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended: how, how long it took, and what it printed."""

    code: int
    seconds: float
    text: str

    @property
    def closing_line(self) -> str:
        """The last line that counts tests."""
        lines = [line for line in self.text.splitlines() if " passed" in line or " failed" in line]
        return lines[-1].strip("= ") if lines else "no tests ran"

    @property
    def failed(self) -> str:
        """The tests that did, named, and a comma before them."""
        named = re.findall(r"^(?:FAILED|ERROR) (\S+)", self.text, re.MULTILINE)
        return "".join(f", {each}" for each in named[:MOST_NAMED])

    @property
    def last_words(self) -> str:
        """Its own, not those of the make that started it."""
        lines = [line for line in self.text.splitlines() if line.strip() and not line.startswith("make: ")]
        return lines[-1][:MOST_TOLD] if lines else f"exit code {self.code}"


class Clone:
    """Commands run in its folder, with nothing of ours in their environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def commit(self) -> str:
        return self.carry_out("git", "rev-parse", "--short=12", "HEAD").text.strip()

    def carry_out(self, *words: str, **variables: str) -> Done:
        started = time.monotonic()
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=surroundings(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        return Done(done.returncode, time.monotonic() - started, done.stdout)

    @contextmanager
    def running(self, printed: Path) -> Iterator[tuple[str, float]]:
        """`make run`, until it answers `/ready`: its address, and how many seconds that took."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        started = time.monotonic()
        with printed.open("wb") as out:
            process = subprocess.Popen(
                ["make", "run"],
                cwd=self.folder,
                env=surroundings({"ACCESSPOINT_PORT": str(port), "ACCESSPOINT_SMTP_PORT": "0"}),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until_now(lambda: answers(f"{url}/ready"), within=300, what="`make run` being ready")
            yield url, time.monotonic() - started
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


@contextmanager
def clean_clone() -> Iterator[Clone]:
    with scratch("proof") as folder:
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder / "clone")], check=True)
        yield Clone(folder / "clone")


def surroundings(variables: dict[str, str]) -> dict[str, str]:
    dropped = ("ACCESSPOINT_", "VIRTUAL_ENV", "MAKE", "MFLAGS", "PYTEST", "ARGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, **variables}


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310  our own address
            return bool(response.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False
