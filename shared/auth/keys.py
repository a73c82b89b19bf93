"""The installation's own signing key, tokens signed with it, and API keys for machines."""

import base64
import fcntl
import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from shared.auth.callers import NAME, PEOPLE
from shared.auth.files import create_private, write_private
from shared.auth.machines import API_KEYS, KEY_PREFIX, ApiKey, read_api_keys
from shared.errors import Conflict, Refused
from shared.settings import HouseSettings
from shared.vocabulary import Role

SIGNING_KEY = "signing-key.pem"
LONGEST_HOURS = 24 * 366


def make_keys(settings: HouseSettings) -> Path:
    """Makes the signing key and its `jwks.json` where they are missing; gives the latter's path."""
    private = settings.keys_folder / SIGNING_KEY
    if not private.exists():
        create_private(private, pem_of(ec.generate_private_key(ec.SECP256R1())))
    public = jwk_of(read_signing_key(private))
    jwks = settings.keys_folder / "jwks.json"
    if not jwks.exists():
        create_private(jwks, json.dumps({"keys": [public]}, indent=2).encode())
    return jwks


def sign(settings: HouseSettings, name: str, roles: Iterable[Role], hours: float = 12) -> str:
    """A token for a person, signed with the installation's own key: for `accesspoint token NAME`."""
    if settings.jwks is not None:
        raise Refused(
            f"Tokens of this installation come from the issuer whose keys are at {settings.jwks}: "
            "sign in there, or remove ACCESSPOINT_JWKS to use the installation's own key."
        )
    if not NAME.fullmatch(name):
        raise Refused("A name is 1 to 128 letters, digits or signs, without spaces and without /.")
    given = sorted(set(roles))
    if not given or not set(given) <= set(PEOPLE):
        raise Refused(f"Name at least one role, out of {', '.join(PEOPLE)}.")
    if not 0 < hours <= LONGEST_HOURS:
        raise Refused(f"A token lasts more than 0 and at most {LONGEST_HOURS} hours.")
    make_keys(settings)
    key = read_signing_key(settings.keys_folder / SIGNING_KEY)
    # Whoever verifies a token judges it by the clock of their own machine, so it is signed by this one's.
    now = datetime.now(UTC)  # noqa: TID251  a token is no work and has no database
    claims = {
        "iss": settings.token_issuer,
        "aud": settings.token_audience,
        "sub": name,
        "roles": [str(role) for role in given],
        "iat": now,
        "exp": now + timedelta(hours=hours),
    }
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": jwk_of(key)["kid"]})


def new_api_key(settings: HouseSettings, name: str) -> str:
    """A key for a machine. It is shown this once; the file keeps its hash."""
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    file = settings.api_keys_file
    try:
        entry = ApiKey(name=name, sha256=sha256(key.encode()).hexdigest())
    except ValidationError:
        raise Refused("A machine's name is 1 to 64 small letters, digits, dots, - or _, such as kiosk-1.") from None
    with alone(file):
        try:
            known = read_api_keys(file)
        except ValidationError:
            raise Refused(f"The file {file} is not a list of API keys: correct it, or move it away.") from None
        if any(other.name == name for other in known):
            raise Conflict(f"{name} has a key already: take its entry out of {file} first.")
        write_private(file, API_KEYS.dump_json((*known, entry), indent=2))
    return key


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """One writer at a time, so that two commands at once lose no key."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.with_name(f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_signing_key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise Refused(
            f"The signing key {file} cannot be read: make it readable for this user, or move it away "
            "to have a new one made (people then need new tokens)."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise Refused(f"The signing key {file} is not an ES256 key: move it away to have a new one made.")
    return key


def jwk_of(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """The public half. Its `kid` is the RFC 7638 thumbprint, so the same key always has the same name."""
    numbers = key.public_key().public_numbers()
    shape = {"crv": "P-256", "kty": "EC", "x": coordinate(numbers.x), "y": coordinate(numbers.y)}
    thumb = sha256(json.dumps(shape, separators=(",", ":"), sort_keys=True).encode()).digest()
    return {**shape, "kid": base64url(thumb), "alg": "ES256", "use": "sig"}


def coordinate(number: int) -> str:
    return base64url(number.to_bytes(32, "big"))


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
