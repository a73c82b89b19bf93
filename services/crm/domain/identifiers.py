"""What a citizen is known by, and how values are compared that people write in many ways."""

import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

TELEPHONE_DIGITS = range(7, 16)
"""Fewer are a local number, which means nothing by itself; E.164 allows no more."""
EXTENSION = re.compile(r"(?:x|ext\.?|extension|#)\s*\d+\s*$", re.IGNORECASE)
UPRN = re.compile(r"0*([1-9][0-9]{0,11})")


class Dialling(NamedTuple):
    """How a country calls abroad, how its own numbers look from there, and what these begin with at home."""

    abroad: re.Pattern[str]
    home: re.Pattern[str] | None = None
    begins: str = ""


ELSEWHERE = Dialling(re.compile(r"^00"))
NORTH_AMERICA = Dialling(re.compile(r"^(?:011|00)"), re.compile(r"^\+?1(?=\d{10}$)"))
DIALLING = {
    "GB": Dialling(re.compile(r"^00"), re.compile(r"^\+440*"), "0"),
    "US": NORTH_AMERICA,
    "CA": NORTH_AMERICA,
}


class IdentifierKind(StrEnum):
    """What a citizen can be known by."""

    EMAIL = "email"
    TELEPHONE = "telephone"
    UPRN = "uprn"
    CARD = "card"


class Strength(StrEnum):
    """Whether somebody only said so, or has shown it."""

    CLAIMED = "claimed"
    VERIFIED = "verified"


def normalised(kind: IdentifierKind, value: str | None, nation: str) -> str | None:
    """
    Equal for values that mean the same. None when it is none of this kind; the value itself is kept as given.

    `nation` is the council's, such as GB-ENG: a telephone number without a country is one of there.
    """
    if value is None:
        return None
    return telephone(value, nation) if kind is IdentifierKind.TELEPHONE else READ[kind](value)


def email(value: str) -> str | None:
    local, _, domain = folded(value.strip()).rpartition("@")
    domain = in_ascii(domain.rstrip("."))
    if not local or not domain or any(map(str.isspace, local + domain)):
        return None
    return f"{local}@{domain}"


def in_ascii(domain: str) -> str:
    """`münchen.example` and `xn--mnchen-3ya.example` are one domain."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def telephone(value: str, nation: str) -> str | None:
    """As it is dialled at home as far as it is of this country, else with + and its country code."""
    text = EXTENSION.sub("", unicodedata.normalize("NFKC", value).strip())
    digits = "".join(str(unicodedata.decimal(sign)) for sign in text if unicodedata.decimal(sign, None) is not None)
    dialled = f"+{digits}" if text.lstrip("( ").startswith("+") else digits
    dialling = DIALLING.get(nation.partition("-")[0], ELSEWHERE)
    read = dialling.abroad.sub("+", dialled)
    if dialling.home is not None:
        read = dialling.home.sub(dialling.begins, read)
    return read if len(read.lstrip("+")) in TELEPHONE_DIGITS else None


def uprn(value: str) -> str | None:
    found = UPRN.fullmatch("".join(value.split()))
    return found.group(1) if found is not None else None


def card(value: str) -> str | None:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", value).casefold())) or None


READ = {
    IdentifierKind.EMAIL: email,
    IdentifierKind.UPRN: uprn,
    IdentifierKind.CARD: card,
}


def surname_of(surname: str | None, name: str | None) -> str | None:
    """As it was given, else the last word of the name."""
    if surname is not None and surname.strip():
        return surname
    words = (name or "").split()
    return words[-1] if words else None


def surname_key(surname: str | None) -> str | None:
    """O'Brien, O’Brien and OBRIEN are one surname, and so are Müller and Muller."""
    letters = filter(str.isalnum, unicodedata.normalize("NFKD", folded(unicodedata.normalize("NFKD", surname or ""))))
    return folded("".join(letters)) or None


def folded(text: str) -> str:
    """Without regard to capitals, and to how a letter with its accent is put together."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
