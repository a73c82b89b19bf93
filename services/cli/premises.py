"""Where the embedded database lives: its owner, its folders, and who may walk to them."""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import structlog

from shared.errors import Unavailable

LONGEST_SOCKET_PATH = 100
SOCKET_NAME = "/.s.PGSQL.5432"


class AsUser(TypedDict, total=False):
    """What `subprocess` takes to start a program as somebody else."""

    user: int
    group: int
    extra_groups: list[int]
    umask: int


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom the server runs as. PostgreSQL refuses to run as root."""

    name: str
    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        return self.uid != os.geteuid()

    @property
    def for_subprocess(self) -> AsUser:
        if not self.is_another:
            return {"umask": 0o077}
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "umask": 0o077}

    def may_enter(self, folder: os.stat_result) -> bool:
        if folder.st_uid == self.uid:
            return bool(folder.st_mode & stat.S_IXUSR)
        if folder.st_gid == self.gid:
            return bool(folder.st_mode & stat.S_IXGRP)
        return bool(folder.st_mode & stat.S_IXOTH)


def owner_of_servers() -> Owner:
    """Ourselves; for root, the user that is there for this."""
    if os.geteuid() != 0:
        return Owner(str(os.geteuid()), os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise Unavailable("The embedded database does not run as root: start as another user, or add a user `postgres`.")


class Premises:
    """The folders of one server."""

    def __init__(self, data: Path, owner: Owner) -> None:
        self.data = data
        self.log = data / "log"
        self._owner = owner

    @property
    def socket_folder(self) -> Path:
        """In the data folder if its path is short enough for a socket, else at a stable place of its own."""
        near = self.data / "socket"
        if len(str(near)) + len(SOCKET_NAME) < LONGEST_SOCKET_PATH:
            return near
        name = hashlib.sha256(str(self.data).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"accesspoint-{self._owner.uid}-{name}"

    def prepare(self, programs: Path) -> None:
        self._open_the_way_to(self.data)
        self._open_the_way_to(programs)
        self._own(self.data, 0o711)
        self._private_folder(self.socket_folder)

    def leave(self) -> None:
        """Takes away what lies outside the data folder."""
        if self.socket_folder.parent != self.data and self.socket_folder.exists():
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def empty_folder(self, name: str) -> Path:
        folder = self.data / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        self._own(folder, 0o700)
        return folder

    def _open_the_way_to(self, place: Path) -> None:
        """Another user's server must reach its folders: each folder above lets it through, no more."""
        if not self._owner.is_another:
            return
        opened = [folder for folder in reversed(place.parents) if not self._owner.may_enter(folder.stat())]
        for folder in opened:
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)
        if opened:
            structlog.get_logger().warning(
                "The database runs as another user, who may now pass through (not read) these folders.",
                user=self._owner.name,
                folders=[str(folder) for folder in opened],
            )

    def _private_folder(self, folder: Path) -> None:
        """Ours alone. One that somebody else put there first is refused: they could answer in our place."""
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (self._owner.uid, os.geteuid()):
            raise Unavailable(f"{folder} belongs to somebody else: remove it and start again.")
        self._own(folder, 0o700)

    def _own(self, folder: Path, mode: int) -> None:
        if self._owner.is_another:
            os.chown(folder, self._owner.uid, self._owner.gid)
        folder.chmod(mode)
