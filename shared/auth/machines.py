"""API keys of machines: hashed in a file, read again whenever the file changes."""

import hmac
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.auth.callers import Caller, machine
from shared.auth.files import Stamp, stamp_of
from shared.errors import Unauthenticated, Unavailable

log = structlog.get_logger()

KEY_PREFIX = "ak_"


class ApiKey(BaseModel):
    """One line of the file. The key itself is nowhere; only its hash."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    role: Literal["machine"] = "machine"
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


API_KEYS = TypeAdapter(tuple[ApiKey, ...])


class KeysUnreadable(Unavailable):
    """The file is there, and broken."""


class Machines:
    """The machines a file names."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.stamp: Stamp | None = None
        self.known: tuple[tuple[bytes, Caller], ...] = ()
        self.broken = False

    def identify(self, key: str) -> Caller:
        """Looks at every key even after a match, so that the time taken tells nothing."""
        self.look_again()
        presented = sha256(key.encode()).digest()
        found: Caller | None = None
        for digest, caller in self.known:
            if hmac.compare_digest(digest, presented):
                found = caller
        if found is not None:
            return found
        if self.broken:
            raise KeysUnreadable("API keys cannot be checked just now: ask ICT to look at the file of API keys.")
        raise Unauthenticated("This API key is not known here: ask ICT for a new one.")

    def look_again(self) -> None:
        """A missing file knows no machine. A broken one leaves the last good keys in force."""
        stamp = stamp_of(self.file)
        if stamp == self.stamp:
            return
        self.stamp = stamp
        try:
            keys = read_api_keys(self.file)
        except (OSError, ValidationError) as error:
            self.broken = True
            log.error("api keys unreadable", file=str(self.file), exc_info=error)
            return
        self.broken = False
        self.known = tuple((bytes.fromhex(key.sha256), machine(key.name)) for key in keys)


def read_api_keys(file: Path) -> tuple[ApiKey, ...]:
    try:
        return API_KEYS.validate_json(file.read_bytes())
    except FileNotFoundError:
        return ()
