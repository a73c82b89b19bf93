"""What processes take: memory as proportional set size, where a shared page counts once, and processor time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

MEGABYTE = 1024


def pss(pid: int) -> float:
    """One process's share, in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0]) / MEGABYTE
    raise RuntimeError(f"/proc/{pid}/smaps_rollup names no Pss.")


def cpu_seconds(pid: int) -> float:
    """What one process has used since it began."""
    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


def family(pid: int, of_each: Callable[[int], float]) -> float:
    """The sum over a process and all it has started, such as a database server with its connections."""
    total = 0.0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        with suppress(OSError, psutil.NoSuchProcess):  # it ended while we counted
            total += of_each(process.pid)
    return total


def status(pid: int, field: str) -> float:
    """A size that the kernel tells of a process, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == field:
            return int(rest.split()[0]) / MEGABYTE
    raise RuntimeError(f"/proc/{pid}/status names no {field}.")


def resident(pid: int) -> float:
    return status(pid, "VmRSS")


def peak(pid: int) -> float:
    """The most that was resident since it began, or since the peak was forgotten."""
    return status(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")
