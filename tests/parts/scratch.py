"""Folders for servers that tests start, and an end for those left behind by tests that were killed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

PREFIX = "accesspoint-test-"


@contextmanager
def scratch(kind: str) -> Iterator[Path]:
    """A new folder, gone afterwards. Its name tells who made it."""
    clear_up_after_the_dead()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{kind}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def clear_up_after_the_dead() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        maker = folder.name.removeprefix(PREFIX).split("-")[0]
        try:
            ours = folder.stat().st_uid == os.geteuid()
        except FileNotFoundError:
            continue  # another run has just cleared it up
        if ours and maker.isdigit() and not psutil.pid_exists(int(maker)):
            for process in living_in(folder):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            shutil.rmtree(folder, ignore_errors=True)


def living_in(folder: Path) -> list[psutil.Process]:
    """The servers that were started on this folder."""
    found = []
    for process in psutil.process_iter():
        try:
            told = " ".join(process.cmdline()) + process.environ().get("HOME", "")
        except psutil.Error:
            continue
        if str(folder) in told:
            found.append(process)
    return found
