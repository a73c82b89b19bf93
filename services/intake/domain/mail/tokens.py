"""Tokens: an enquiry's number, signed, as it stands in the address and the Message-ID of a mail to a citizen."""

import hmac
import re
from hashlib import sha256
from uuid import UUID

from shared.errors import Invalid
from shared.references import ALPHABET, LENGTH, parse_number

SIGNATURE_BYTES = 10
"""80 bits: nobody guesses one, and there is still room for the mailbox in front of it."""
SIGNATURE_LENGTH = SIGNATURE_BYTES * 8 // 5
TOKEN_LENGTH = LENGTH + SIGNATURE_LENGTH
LONGEST_LOCAL_PART = 64
LONGEST_MAILBOX = LONGEST_LOCAL_PART - TOKEN_LENGTH - 1
"""Of the local part of a mailbox that can carry a token."""

SIGNED_FOR = "mail of enquiry "
"""The key may sign other things: what is signed for one purpose is no good for another."""
SHAPE = f"[{ALPHABET}]{{{TOKEN_LENGTH}}}"
TOKEN = re.compile(rf"(?<![a-z0-9]){SHAPE}(?![a-z0-9])", re.IGNORECASE | re.ASCII)
PLUS_TOKEN = re.compile(rf"\+{SHAPE}$", re.IGNORECASE | re.ASCII)
MOST_LOOKED_AT = 100_000
"""Characters of a text: more are no address and no Message-ID."""


def token_of(key: bytes, number: str) -> str:
    """For the number of a reference, in groups or not: small letters and digits, and capitals are as good."""
    plain = parse_number(number).replace("-", "").lower()
    return plain + signature_of(key, plain)


def signature_of(key: bytes, plain: str) -> str:
    bits = int.from_bytes(hmac.digest(key, (SIGNED_FOR + plain).encode(), sha256)[:SIGNATURE_BYTES])
    return "".join(ALPHABET[bits >> (5 * place) & 31] for place in reversed(range(SIGNATURE_LENGTH))).lower()


def number_in(key: bytes, text: str) -> str | None:
    """The number, in groups, of the first token in an address or a Message-ID that this key has signed."""
    for found in TOKEN.finditer(text, 0, MOST_LOOKED_AT):
        number = number_of_token(key, found[0].lower())
        if number is not None:
            return number
    return None


def number_of_token(key: bytes, token: str) -> str | None:
    plain, signature = token[:LENGTH], token[LENGTH:]
    if not hmac.compare_digest(signature_of(key, plain).encode(), signature.encode()):
        return None
    try:
        return parse_number(plain)
    except Invalid:  # signed by us and yet no number: a key in use elsewhere, which is no reason to fail
        return None


def with_token(address: str, token: str) -> str:
    """`mailbox+token@domain`. An address without room for one stays as it is: then only the Message-ID carries it."""
    local, at, domain = without_token(address).rpartition("@")
    return f"{local}+{token}@{domain}" if at and len(local) <= LONGEST_MAILBOX else address


def without_token(address: str) -> str:
    """The mailbox's own address. Any other plus part is the citizen's or the council's own business, and stays."""
    local, at, domain = address.rpartition("@")
    return f"{PLUS_TOKEN.sub('', local)}{at}{domain}" if at else address


def message_id_of(message_id: UUID, token: str, domain: str) -> str:
    """The Message-ID under which a mail to a citizen goes out: for one id always the same."""
    return f"<{message_id.hex}.{token}@{domain}>"
