"""Bounces: which recipients a mail did not reach, why, and which mail it was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from services.intake.domain.mail.clues import Clues
from services.intake.domain.mail.model import FailedDelivery

LONGEST_WHY = 500
LONGEST_FIELD = 2000
LONGEST_REPORT = 200_000
MOST_FAILURES = 100
LINES_AFTER = 12
"""How far below the words that introduce them addresses are looked for."""
NO_REASON = "The recipient's mail server gave no reason."

ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]{1,64}@[a-z0-9][a-z0-9.-]{0,252}[a-z0-9]", re.IGNORECASE)
STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
TYPED = re.compile(r"^[\w./-]{1,20}\s*;\s*")
"""`rfc822;` before an address, `smtp;` before what a server answered."""
FINAL_STATUS, REACHED_STATUS = "5", "2"
FAILED, DELAYED = "failed", "delayed"
MEANS_FAILED = ("expired", "undeliverable")
"""Words that some write for it, though the standard has none but `failed`."""

MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
ID_LINE = re.compile(
    r"^[ \t>]*(?:x-original-)?message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s]{1,900}>)", re.IGNORECASE | re.M
)
NAMES_RETURNED = ("x-original-message-id", "in-reply-to", "references")

AT_ADDRESS = re.compile(rf"^[ \t]*<?({ADDRESS.pattern})>?:[ \t]*(.*)$", re.IGNORECASE)
"""qmail, Yahoo and older Postfix: `<ada@example.org>:` and the reason, up to the next empty line."""
INTRODUCES = re.compile(
    r"following (?:e-?mail )?(?:recipient|address|to:)|to these recipients|was not delivered to|undeliverable to"
    r"|wasn.t delivered to|couldn.t be delivered|could not be delivered|unable to deliver"
    r"|not (?:yet )?(?:been )?delivered to"
    r"|had permanent fatal errors|had transient non-fatal errors|failed recipient|zugestellt werden"
    r"|error delivering|trouble delivering|unknown user|delivery failed|failure reasons|failed address"
    r"|pas pu être remis|no se pudo entregar|recapitare|worden bezorgd|nie można dostarczyć",
    re.IGNORECASE,
)
"""Exchange, Notes, exim, Sendmail, GroupWise, Gmail: addresses stand on the same line or on the next ones."""
ENDS = re.compile(
    r"^[ \t>]*(?:-{3,}|={5,}|received:|return-path:|message-id:|(?:original|returned|unsent) message|reporting-mta:"
    r"|possibly truncated original message|original message headers)",
    re.IGNORECASE,
)
"""Below such a line stands the mail that came back."""
TRIED_AGAIN = re.compile(
    r"delayed|will (?:be retried|keep trying|continue to be)|is a warning|need not resend|not need to resend"
    r"|no action is required|still (?:being )?(?:trying|tried)|transient non-fatal|wird weiter versucht|verzögert"
    r"|retardé",
    re.IGNORECASE,
)


def failures_in(clues: Clues) -> tuple[Sequence[FailedDelivery], Sequence[str]]:
    """Of a bounce: what became of each recipient who was not reached, and the Message-IDs of what came back."""
    reported = list(reported_in(clues.delivery_status))
    failed = reported or named_in_headers(clues) or list(told_in_words(clues))
    once = {failure.address: failure for failure in failed[:MOST_FAILURES]}
    return tuple(once.values()), returned_ids(clues)


def failure_of(address: str, failed: Sequence[FailedDelivery]) -> FailedDelivery | None:
    """
    What a bounce says, for good, of a message that was sent to that address, or None.

    It says nothing of it where it tells another address: somebody may have had it passed on from theirs.
    """
    final = [each for each in failed if each.is_final]
    own = (each for each in final if each.address and each.address.casefold() == address.casefold())
    untold = (each for each in final if each.address is None)
    return next(chain(own, untold), None)


def reported_in(delivery_status: str) -> Iterator[FailedDelivery]:
    """By RFC 3464: a block for each recipient. Who was reached, or handed to another server, is no failure."""
    for fields in blocks_of(delivery_status):
        if not ("final-recipient" in fields or "original-recipient" in fields):
            continue
        diagnostic = TYPED.sub("", fields.get("diagnostic-code", "").strip())
        status = status_in(fields.get("status", "")) or status_in(diagnostic)
        action = fields.get("action", "").lower().split(" ")[0]
        if action in MEANS_FAILED:
            action = FAILED
        elif not action:
            action = DELAYED if status and not status.startswith(FINAL_STATUS) else FAILED
        if action in (FAILED, DELAYED) and not (status or "").startswith(REACHED_STATUS):
            yield FailedDelivery(recipient_in(fields), action == FAILED, status, why_of(diagnostic))


def blocks_of(delivery_status: str) -> Iterator[Mapping[str, str]]:
    """Fields with names in small letters; a line that begins with a space goes on with the one above."""
    fields: dict[str, str] = {}
    name = ""
    for line in chain(delivery_status[:LONGEST_REPORT].splitlines(), [""]):
        if not line.strip():
            if fields:
                yield fields
            fields, name = {}, ""
        elif line[0] in " \t":
            fields[name] = f"{fields.get(name, '')} {line.strip()}"[:LONGEST_FIELD]
        else:
            name = line.partition(":")[0].strip().lower()
            fields[name] = line.partition(":")[2].strip()[:LONGEST_FIELD]


def recipient_in(fields: Mapping[str, str]) -> str | None:
    """As we wrote it, where that is told: what it was forwarded to is not the address that we know."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient"):
        if found := ADDRESS.search(TYPED.sub("", fields.get(name, "").strip())):
            return found[0].lower()
    return None


def named_in_headers(clues: Clues) -> list[FailedDelivery]:
    """X-Failed-Recipients of exim and Gmail. Why, and whether it is final, is told by the text alone."""
    named = [
        found.lower() for value in clues.headers.get("x-failed-recipients", ()) for found in ADDRESS.findall(value)
    ]
    if not named:
        return []
    told = {failure.address: failure for failure in told_in_words(clues)}
    without = FailedDelivery(None, is_final(clues), status_in(clues.text), NO_REASON)
    return [
        FailedDelivery(address, found.is_final, found.status or without.status, found.why)
        for address in named
        for found in [told.get(address, without)]
    ]


def told_in_words(clues: Clues) -> Iterator[FailedDelivery]:
    final = is_final(clues)
    for address, reason in by_name(clues.text):
        yield FailedDelivery(address.lower(), final, status_in(reason), why_of(reason))


def by_name(text: str) -> Iterator[tuple[str, str]]:
    lines = head_of(text)
    paragraphs = [
        (found[1], " ".join([found[2], *until_empty(lines[at + 1 :])]))
        for at, line in enumerate(lines)
        if (found := AT_ADDRESS.match(line))
    ]
    if paragraphs:
        yield from paragraphs
        return
    begun = next((at for at, line in enumerate(lines) if INTRODUCES.search(line)), None)
    if begun is not None:
        yield from introduced(lines[begun : begun + LINES_AFTER])


def head_of(text: str) -> list[str]:
    """The machine's own lines, without those of the mail that came back."""
    lines = text.splitlines()
    begun = next((at for at, line in enumerate(lines) if INTRODUCES.search(line) or AT_ADDRESS.match(line)), 0)
    return lines[: next((at for at in range(begun + 1, len(lines)) if ENDS.match(lines[at])), len(lines))]


def introduced(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each address with the words between it and the next one; on the introducing line these come before it."""
    address, reason = None, list[str]()
    for line in lines:
        found = ADDRESS.search(line)
        if found and found[0] != address and not STATUS.search(line[: found.start()]):
            if address:
                yield address, " ".join(reason)
            address, reason = found[0], [line[found.end() :]]
        elif address:
            reason.append(line)
    if address:
        yield address, " ".join(reason)


def until_empty(lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:LINES_AFTER]:
        if not line.strip():
            return
        yield line


def is_final(clues: Clues) -> bool:
    return not (TRIED_AGAIN.search(clues.subject) or TRIED_AGAIN.search("\n".join(head_of(clues.text))))


def status_in(text: str) -> str | None:
    found = STATUS.search(text)
    return found[1] if found else None


def why_of(text: str) -> str:
    """As the server answered it, on one line."""
    plain = " ".join(text.split()).strip("<>:;. ")
    inner = plain[1:-1] if plain.startswith("(") and plain.endswith(")") else plain
    return inner[:LONGEST_WHY] or NO_REASON


def returned_ids(clues: Clues) -> Sequence[str]:
    """Of the mail that came back: as its headers or the text have it, then as the bounce answers it."""
    found = ID_LINE.findall(clues.returned_headers[:LONGEST_REPORT]) or ID_LINE.findall(clues.text)
    for name in NAMES_RETURNED:
        for value in clues.headers.get(name, ()):
            found.extend(reversed(MESSAGE_ID.findall(value)))
    return tuple(dict.fromkeys(found))
