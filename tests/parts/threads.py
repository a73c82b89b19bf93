"""Who writes what to whom, and where it must go: the corpus of threads read, and its mails written out as bytes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.header import Header
from pathlib import Path
from typing import Any, Protocol

from services.intake.domain.mail.model import PlacedAs
from services.intake.domain.mail.tokens import token_of, with_token
from shared.references import ALPHABET, LENGTH, VALUES, check_sum, number_of

FILE = Path(__file__).parents[1] / "data" / "mail" / "threads.toml"
MAILBOX, OTHER_MAILBOX = "enquiries@council.example.org", "planning@council.example.org"
ANOTHER_KEY = b"the key of another council"
NEVER_GIVEN = number_of(0x2A5C3F)

BLANK = re.compile(r"\{([a-z -]+?)(?: of ([A-Z]\w*))?\}")
BECOMES = re.compile(r"(new|further|held|noted)(?: on (\w+)| for (\w+))?(?: as (\w+))?")
MEANS = {
    "new": PlacedAs.ENQUIRY,
    "further": PlacedAs.FURTHER,
    "held": PlacedAs.HELD,
    "noted": PlacedAs.NOTED,
}


@dataclass(frozen=True, slots=True)
class Opens:
    """An enquiry comes by another channel. Whoever it is from gave this address, or none."""

    enquiry: str
    by: str | None


@dataclass(frozen=True, slots=True)
class SameCitizen:
    """crm says of these enquiries that one citizen made them."""

    enquiries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolves:
    enquiry: str


@dataclass(frozen=True, slots=True)
class Sends:
    """The council writes to this address about an enquiry."""

    mail: str
    enquiry: str
    to: str


@dataclass(frozen=True, slots=True)
class Becomes:
    """`enquiry` is the one it goes onto, is held for or noted on; `called` names the new one for later steps."""

    placed_as: PlacedAs
    enquiry: str | None
    called: str | None


@dataclass(frozen=True, slots=True)
class Arrives:
    """
    A mail comes in. Its texts may have blanks, such as `{token of E}`: see `filled`.

    `path` is the envelope's sender, the address in From unless it is given.
    """

    mail: str
    sender: str
    becomes: Becomes
    to: str = "{mailbox}"
    subject: str = "About the council"
    text: str = "Some words."
    path: str | None = None
    message_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Step = Opens | SameCitizen | Resolves | Sends | Arrives


@dataclass(frozen=True, slots=True)
class Correspondence:
    """What happens one after the other in one thread of the corpus."""

    name: str
    steps: tuple[Step, ...]


class Names(Protocol):
    """What the enquiries and mails of the corpus are called where it is played."""

    def token(self, enquiry: str) -> str: ...
    def reference(self, enquiry: str) -> str: ...
    def message_id(self, mail: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a mail server hands over."""

    raw: bytes
    sent_from: str
    sent_to: str


def correspondences() -> list[Correspondence]:
    return [
        Correspondence(thread["name"], tuple(step_of(each) for each in thread["steps"]))
        for thread in tomllib.loads(FILE.read_text("utf-8"))["thread"]
    ]


def step_of(fields: dict[str, Any]) -> Step:
    match fields:
        case {"opens": enquiry, "by": by}:
            return Opens(enquiry, by or None)
        case {"same_citizen": enquiries}:
            return SameCitizen(tuple(enquiries))
        case {"resolves": enquiry}:
            return Resolves(enquiry)
        case {"sends": mail, "on": enquiry, "to": to}:
            return Sends(mail, enquiry, to)
        case {"arrives": mail, "from": sender, "becomes": becomes, **rest}:
            return Arrives(mail, sender, becomes_of(becomes), **rest)
    raise AssertionError(f"This is no step: {fields}")


def becomes_of(told: str) -> Becomes:
    found = BECOMES.fullmatch(told)
    assert found, told
    return Becomes(MEANS[found[1]], found[2] or found[3], found[4])


def delivered(step: Arrives, names: Names) -> Delivered:
    """With its blanks filled in. Its own Message-ID is `own_message_id`, for later steps to refer to."""
    sender, to = filled(step.sender, names), filled(step.to, names)
    path = sender.rpartition("<")[2].strip("> ") if step.path is None else step.path
    message_id = filled(step.message_id, names) if step.message_id else own_message_id(step.mail)
    lines = {
        "Return-Path": f"<{path}>",
        "From": sender,
        "To": to,
        "Date": "Mon, 02 Mar 2026 09:00:00 +0000",
        "Message-ID": message_id,
        "Subject": filled(step.subject, names),
        **{name: filled(value, names) for name, value in step.headers.items()},
    }
    head = "".join(f"{name}: {in_ascii(value)}\r\n" for name, value in lines.items() if value)
    text = filled(step.text, names).replace("\n", "\r\n")
    raw = f"{head}MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
    return Delivered(raw, path, to.rpartition("<")[2].strip("> "))


def in_ascii(value: str) -> str:
    return value if value.isascii() else Header(value, "utf-8").encode()


def own_message_id(mail: str) -> str:
    return f"<{mail.lower()}@citizens.example.org>"


def filled(text: str, names: Names) -> str:
    return BLANK.sub(lambda blank: word_for(blank[1], blank[2] or "", names), text)


def word_for(blank: str, name: str, names: Names) -> str:
    if blank == "mailbox":
        return MAILBOX
    if blank == "other mailbox":
        return OTHER_MAILBOX
    if blank == "reference never given":
        return f"ANY-{NEVER_GIVEN}"
    if blank == "message-id":
        return names.message_id(name)
    if blank == "message-id in capitals":
        return names.message_id(name).upper()
    return word_for_enquiry(blank, names.token(name), names.reference(name))


def word_for_enquiry(blank: str, token: str, reference: str) -> str:
    """What honest programs, careless fingers and forgers make of a token and a reference."""
    number = reference[-LENGTH - 2 :]
    words = {
        "token": token,
        "altered token": token[:-1] + ("0" if token[-1] != "0" else "1"),
        "foreign token": token_of(ANOTHER_KEY, number),
        "number for a token": token[:LENGTH],
        "signature": token[LENGTH:],
        "address": with_token(MAILBOX, token),
        "address in capitals": with_token(MAILBOX, token).upper(),
        "reference": reference,
        "number": number,
        "spoken reference": reference.replace("-", " ").lower(),
        "folded reference": f"{reference[:-4]}\r\n {reference[-4:]}",
        "mistyped reference": mistyped(reference),
    }
    return words[blank]


def mistyped(reference: str) -> str:
    """One character wrong, which its check character shows."""
    wrong = reference[:-1] + ALPHABET[(VALUES[reference[-1]] + 1) % len(ALPHABET)]
    assert check_sum([VALUES[each] for each in wrong[-LENGTH - 2 :].replace("-", "")])
    return wrong
