"""Links to files: good for a few minutes, for one file, without signing in."""

import base64
import hmac
from datetime import datetime
from hashlib import sha256

from shared.errors import Forbidden
from shared.vocabulary import FileId


def signature_of(key: bytes, file_id: FileId, expires: int) -> str:
    """`expires` is in seconds since 1970, as it stands in the link."""
    signed = hmac.digest(key, f"{file_id}?{expires}".encode(), sha256)
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()


def check_link(key: bytes, file_id: FileId, expires: int, signature: str, now: datetime) -> None:
    if not hmac.compare_digest(signature_of(key, file_id, expires).encode(), signature.encode()):
        raise Forbidden("This link is not one of ours, or has been changed: ask for a new one where you found it.")
    if now.timestamp() > expires:
        raise Forbidden("This link is over: ask for a new one where you found it.")
