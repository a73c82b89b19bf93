"""
Header lines out of raw bytes, whatever stands there. Nothing here raises.

The standard library's parsers of header values take 25 seconds for 20 kB of quotation marks, and fail on nested
brackets. Here a byte is looked at a fixed number of times, and what is odd is taken as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from services.intake.domain.mail.charsets import decoded_words, repaired

MOST_LINES = 100_000
"""A mail of more is no mail: from there on it counts as body."""
LONGEST_VALUE = 300_000
"""Characters of one header that are read: ten thousand addresses, and room."""
LONGEST_ID = 500
"""A longer Message-ID would not go into an index."""

LINE_END = re.compile(rb"\r{0,3}\n|\r(?=\r|[!-9;-~]{1,76}:)")
"""A CR alone counts only where a header line or an empty line follows; else it is a stray one, and white space."""
NAME = re.compile(rb"([!-9;-~\x80-\xff\x00]{1,200})[ \t]*:")
KNOWN_NAME = re.compile(
    rb"(?:from|to|cc|date|subject|message-id|mime-version|content-[a-z-]{2,30}|received|reply-to|sender|return-path"
    rb"|references|in-reply-to|x-[a-z-]{1,60})[ \t]*:",
    re.IGNORECASE,
)
FOLDED = re.compile(rb"\r{0,3}\n|\x00")
ID = re.compile(r"<([^<>]+)>")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,3}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Where in the raw bytes the value of a header stands. The name is in small letters."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Head:
    """The header lines of a mail or of a part of one, and where what they head begins."""

    values: Mapping[str, Sequence[bytes]]
    body_at: int

    def raw(self, name: str) -> bytes:
        return next(iter(self.values.get(name, ())), b"")

    def line(self, name: str) -> str:
        """The first value, with encoded words as they stand there."""
        return repaired(self.raw(name)[:LONGEST_VALUE])

    def text(self, name: str) -> str:
        """The first value as a person reads it."""
        return " ".join(decoded_words(self.line(name)).split())

    def lines(self, name: str) -> Sequence[str]:
        """All values, as far as they are read: together no more than one may have."""
        found: list[str] = []
        room = LONGEST_VALUE
        for value in self.values.get(name, ()):
            found.append(repaired(value[:room]))
            room -= len(value) + 1
            if room <= 0:
                break
        return found


def head_of(raw: bytes, start: int = 0, stop: int | None = None) -> Head:
    spans, body_at = spans_of(raw, start, stop)
    values: dict[str, list[bytes]] = {}
    for span in spans:
        values.setdefault(span.name, []).append(unfolded(raw[span.start : span.stop]))
    return Head(values, body_at)


def spans_of(raw: bytes, start: int = 0, stop: int | None = None) -> tuple[list[Span], int]:
    """
    The header lines in their order, and where the body begins: behind an empty line, or at a line that can be neither
    header nor part of one. Such a line between headers is passed over, as is an mbox's first line.
    """
    spans: list[Span] = []
    end = len(raw) if stop is None else stop
    for nth, (line, line_stop, following) in enumerate(lines_of(raw, start, end)):
        if line == line_stop:
            return spans, following
        if nth >= MOST_LINES:
            return spans, line
        if raw[line] in b" \t" and spans:
            spans[-1] = Span(spans[-1].name, spans[-1].start, line_stop)
        elif found := NAME.match(raw, line, line_stop):
            spans.append(Span(name_of(found[1]), found.end(), line_stop))
        elif not (nth == 0 and raw.startswith(b"From ", line)) and not KNOWN_NAME.match(raw, following, end):
            return spans, line
    return spans, end


def lines_of(raw: bytes, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Where each line begins and ends, and where the next one begins."""
    for found in LINE_END.finditer(raw, start, stop):
        yield start, found.start(), found.end()
        start = found.end()
    if start < stop:
        yield start, stop, stop


def name_of(name: bytes) -> str:
    return name.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").decode("latin-1").lower()


def unfolded(value: bytes) -> bytes:
    return FOLDED.sub(b"", value).replace(b"\r", b" ").strip()


def message_id_of(value: bytes) -> str | None:
    """Of a Message-ID header: in angle brackets, as it is written, without white space. None when nothing is there."""
    return next(iter(message_ids_in(value)), None)


def message_ids_in(value: bytes) -> Sequence[str]:
    """Of References and the like, in their order. Without any brackets it is taken for one id."""
    line = repaired(value[:LONGEST_VALUE])
    found = ID.findall(line) or [line.strip("<> ")]
    return [bracketed(each) for each in found if each.strip()]


def bracketed(message_id: str) -> str:
    """One too long for an index is told by what it begins with and a number made of all of it."""
    plain = "".join(message_id.split())
    if len(plain) <= LONGEST_ID and plain.isascii():
        return f"<{plain}>"
    return f"<{plain[:100]}~{fingerprint(plain)}>"


def fingerprint(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def language_of(head: Head) -> str | None:
    found = LANGUAGE.match(head.text("content-language"))
    return found[0].lower() if found else None
