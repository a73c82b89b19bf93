"""Files of keys: noticing that one changed, and writing one that only its owner may read."""

import os
import tempfile
from pathlib import Path

Stamp = tuple[int, int, int, int]


def stamp_of(file: Path) -> Stamp | None:
    """Changes whenever the file is replaced or written. None when it is missing or out of reach."""
    try:
        seen = file.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino


def write_private(file: Path, content: bytes) -> None:
    """Whole or not at all, readable by its owner only."""
    written = beside(file, content)
    written.replace(file)


def create_private(file: Path, content: bytes) -> bool:
    """False when the file was already there: of several processes that start at once, one writes it."""
    written = beside(file, content)
    try:
        os.link(written, file)
    except FileExistsError:
        return False
    else:
        return True
    finally:
        written.unlink()


def beside(file: Path, content: bytes) -> Path:
    """A finished file in the same folder, where no reader looks. `mkstemp` makes it with mode 0600."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    return Path(name)
