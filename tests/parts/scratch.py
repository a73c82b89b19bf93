"""Folders for servers that tests start, and an end for those left behind by tests that were killed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

import psutil

PREFIX = "accesspoint-test-"
MEMORY = Path("/dev/shm")  # noqa: S108  folders in it have names of their own
"""A file system in memory, where Linux has one: a new database is made there in a quarter of the time."""
ROOM = 4 * 2**30


@contextmanager
def scratch(kind: str, *, in_memory: bool = False) -> Iterator[Path]:
    """A new folder, gone afterwards. Its name tells who made it. In memory only where there is room enough."""
    clear_up_after_the_dead()
    parent = MEMORY if in_memory and has_room(MEMORY) else None
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{kind}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def has_room(place: Path) -> bool:
    return place.is_dir() and os.access(place, os.W_OK) and shutil.disk_usage(place).free > ROOM


def clear_up_after_the_dead() -> None:
    for folder in chain(*(place.glob(f"{PREFIX}*") for place in (Path(tempfile.gettempdir()), MEMORY))):
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
    """The servers that were started on this folder, and whatever writes into it."""
    found = []
    for process in psutil.process_iter():
        try:
            files = (file.path for file in process.open_files())
            told = " ".join([*process.cmdline(), process.environ().get("HOME", ""), *files])
        except psutil.Error:
            continue
        if str(folder) in told:
            found.append(process)
    return found
