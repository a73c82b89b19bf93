"""
Names and addresses out of headers, as people and programs really write them.

In linear time and without recursion, which the standard library's own readers of addresses cannot say: 10,000
addresses take them five seconds, and a few thousand brackets the stack.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.intake.domain.mail.charsets import cleaned, decoded_words
from services.intake.domain.mail.model import Sender

LONGEST_ADDRESS = 320
LONGEST_NAME = 500
MOST_ADDRESSES = 20_000
MOST_TRIES = 100
"""At one address: what has more `@` that are none is not meant as one."""

BRACKETS = {"(": 1, ")": -1}
ENDS = frozenset(",;")
GROUP = ":"

TOKEN = re.compile(r'"(?:[^"\\]|\\.){0,128}+"|<[^<>]*+>|[^"<>(),;:]++|[\s\S]')
ESCAPED = re.compile(r"\\(.)")
BEFORE_AT = re.compile(r"(?<![^\s<>()\[\],;:\"@])[^\s<>()\[\],;:\"@]++$")
BEHIND_AT = re.compile(r"[^\s<>()\[\],;:\"@]+|\[[^\]\s]+\]")


@dataclass(slots=True)
class Gathering:
    """What has been seen of one name and address."""

    words: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    in_brackets: str | None = None
    has_at: bool = False

    def sender(self) -> Sender:
        phrase = " ".join(self.words)
        if self.in_brackets is not None:
            address = address_in(self.in_brackets)
            return Sender(name_in(phrase) or name_in(" ".join(self.remarks)), address or address_in(phrase))
        address = address_in(phrase)
        return Sender(name_in(" ".join(self.remarks)) if address else name_in(phrase), address)


def senders_in(line: str) -> list[Sender]:
    """Everybody in a header like From or To: members of groups, too, and names that come without an address."""
    found = list(gathered(line, remarks=True) or gathered(line, remarks=False))
    if "=?" in line and not any(each.address for each in found):
        # Some programs encode the address together with the name.
        return list(gathered(cleaned(decoded_words(line)), remarks=True) or found)
    return found


def gathered(line: str, *, remarks: bool) -> list[Sender]:
    """Nothing when brackets do not close: then they are to be taken for no remarks."""
    found: list[Sender] = []
    now, depth = Gathering(), 0
    for token in TOKEN.findall(line):
        if remarks and token in BRACKETS:
            depth += BRACKETS[token] if depth else max(BRACKETS[token], 0)
        elif depth:
            now.remarks.append(unquoted(token))
        elif token in ENDS:
            now = ended(now, found)
        elif token == GROUP:
            # The name of a group stands before its members.
            now = now if now.in_brackets or now.has_at else Gathering()
        elif token[0] == "<" and len(token) > 1:
            now.in_brackets = token[1:-1]
        else:
            now.words.append(unquoted(token))
            now.has_at = now.has_at or "@" in token
        if len(found) > MOST_ADDRESSES:
            return found
    ended(now, found)
    return [] if depth else found


def ended(now: Gathering, found: list[Sender]) -> Gathering:
    """`Smith, Ada <ada@example.org>` without quotes is one person, whose name has a comma."""
    sender = now.sender()
    before = found[-1] if found else None
    if before and before.address is None and now.in_brackets is not None and sender.name:
        found[-1] = Sender(f"{before.name}, {sender.name}"[:LONGEST_NAME], sender.address)
    elif sender.name or sender.address:
        found.append(sender)
    return Gathering()


def unquoted(token: str) -> str:
    return ESCAPED.sub(r"\1", token[1:-1]) if len(token) > 1 and token[0] == '"' else token


def name_in(phrase: str) -> str | None:
    name = " ".join(cleaned(decoded_words(phrase)).split()).strip("'\" ")
    return name[:LONGEST_NAME] or None


def address_in(text: str) -> str | None:
    """In small letters and in one spelling of its accents, as it is compared; None when there is none."""
    at = -1
    for _ in range(MOST_TRIES):
        at = text.find("@", at + 1)
        if at < 0:
            break
        local = BEFORE_AT.search(text[max(at - LONGEST_ADDRESS, 0) : at].rstrip())
        domain = BEHIND_AT.match(text[at + 1 : at + LONGEST_ADDRESS].lstrip())
        if local and domain and (name := local[0].strip("'.")) and (host := domain[0].strip("'.")):
            address = unicodedata.normalize("NFC", f"{name}@{host}").lower()
            return address if len(address) <= LONGEST_ADDRESS else None
    return None


def addresses_in(lines: Sequence[str]) -> Iterator[str]:
    """Each once, in their order."""
    yield from dict.fromkeys(each.address for line in lines for each in senders_in(line) if each.address)
