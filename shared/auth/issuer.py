"""The issuer's public keys, from a file that may be replaced or a URL that may be away."""

import asyncio
from pathlib import Path
from time import monotonic

import aiohttp
import jwt
import structlog
from yarl import URL

from shared.auth.files import Stamp, stamp_of
from shared.errors import Unavailable

log = structlog.get_logger()

FRESH_SECONDS = 300.0
AGAIN_SECONDS = 10.0
STALE_SECONDS = 3600.0
FETCH_SECONDS = 5.0
LARGEST_JWKS = 1_000_000
ALGORITHMS = ("ES256", "EdDSA", "RS256")


class IssuerAway(Unavailable):
    """Tokens cannot be verified, because their issuer's keys cannot be had."""


class Issuer:
    """A file is read again when it changes; a URL every five minutes, and when an unknown key turns up."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.is_url = source.startswith(("http://", "https://"))
        self.keys: dict[str | None, jwt.PyJWK] = {}
        self.version = 0
        """Counts up whenever the keys change, so that what was verified with old ones can be forgotten."""
        self.content: bytes | None = None
        self.stamp: Stamp | None = None
        self.looked = False
        self.fetched_at = float("-inf")
        self.tried_at = float("-inf")
        self.fetching = asyncio.Lock()

    @property
    def has_keys(self) -> bool:
        return bool(self.keys)

    @property
    def complaint(self) -> str:
        if self.is_url:
            return "Tokens cannot be verified just now, their issuer does not answer: try again in a moment."
        return "Tokens cannot be verified: ask ICT to run `accesspoint token`, which makes the missing keys."

    async def key(self, kid: str | None) -> jwt.PyJWK | None:
        """A token that names no key may use the only one there is."""
        found = self.find(kid)
        if found is None and self.is_url and self.may_try():
            await self.fetch(before=monotonic())
            found = self.find(kid)
        return found

    def find(self, kid: str | None) -> jwt.PyJWK | None:
        if kid is None and len(self.keys) == 1:
            return next(iter(self.keys.values()))
        return self.keys.get(kid)

    async def refresh(self) -> None:
        """Called for each token, so it looks at a clock or a file's stamp and mostly does nothing."""
        if not self.is_url:
            self.look_again(Path(self.source))
        elif self.age() > FRESH_SECONDS and self.may_try():
            await self.fetch(before=monotonic())

    def age(self) -> float:
        return monotonic() - self.fetched_at

    def may_try(self) -> bool:
        return monotonic() - self.tried_at >= AGAIN_SECONDS

    def look_again(self, file: Path) -> None:
        stamp = stamp_of(file)
        if self.looked and stamp == self.stamp:
            return
        self.looked, self.stamp = True, stamp
        try:
            self.take(file.read_bytes())
        except OSError as error:
            self.forget("jwks missing", error)
        except ValueError as error:
            # Most likely half written: the last good keys stay in use until the file changes again.
            log.error("jwks unreadable", exc_info=error)

    async def fetch(self, *, before: float) -> None:
        """Once at a time. Keys that cannot be renewed stay good for an hour: a nap locks nobody out."""
        async with self.fetching:
            if self.tried_at >= before:
                return
            try:
                self.take(await download(self.source))
                self.fetched_at = monotonic()
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                if self.age() > STALE_SECONDS:
                    self.forget("issuer away", error)
                else:
                    log.warning("issuer away, old keys stay in use", exc_info=error)
            finally:
                # Set at the end, so that whoever came meanwhile waits for this answer and asks no more.
                self.tried_at = monotonic()

    def take(self, content: bytes) -> None:
        """Raises `ValueError` when this is no key set."""
        if content == self.content:
            return
        self.keys = keys_in(content)
        self.content = content
        self.version += 1

    def forget(self, what: str, error: Exception) -> None:
        log.error(what, exc_info=error)
        self.keys, self.content = {}, None
        self.version += 1


async def download(url: str) -> bytes:
    limit = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=limit) as session,
        # Keys are trusted because of where they come from, so no redirect may lead elsewhere.
        session.get(URL(url), allow_redirects=False, raise_for_status=True) as answer,
    ):
        content = await answer.content.read(LARGEST_JWKS + 1)
        while len(content) <= LARGEST_JWKS and (more := await answer.content.read(LARGEST_JWKS)):
            content += more
    if len(content) > LARGEST_JWKS:
        raise ValueError("larger than any key set")
    return content


def keys_in(content: bytes) -> dict[str | None, jwt.PyJWK]:
    """Those that sign, with the algorithms we accept. Others may stand beside them, and are left out."""
    try:
        found = jwt.PyJWKSet.from_json(content.decode()).keys
    except (jwt.PyJWTError, AttributeError, TypeError) as error:
        raise ValueError("no JSON Web Key Set") from error
    return {
        key.key_id: key for key in found if key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig")
    }
