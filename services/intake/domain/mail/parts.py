"""
What a mail is made of: the tree of its MIME parts, as places in its raw bytes.

The standard library's parser makes a line of text of each line: a mail of 25 MB takes three seconds and 130 MB, and
one of 1.4 MB whose parts are nested 50 deep five seconds. Here nothing is copied until a part's content is asked for,
and `tests/unit/intake/mail` compares what both make of well-formed mails.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.intake.domain.mail.charsets import unbase64
from services.intake.domain.mail.headers import Head, head_of
from services.intake.domain.mail.markup import Room
from services.intake.domain.mail.parameters import media_type_of, parameters_of

MOST_PARTS = 1000
MOST_DEEP = 25
LONGEST_BOUNDARY = 250

LINE_END = re.compile(rb"\r{0,3}\n|\r")
LINE_ENDS = b"\r\n"
LIKELY_BOUNDARY = re.compile(rb"[\r\n]--([!-~][ -~\t]{0,250}+)\r{0,3}\ncontent-[a-z-]{2,30}:", re.I)
"""With the white space behind it."""
AS_IT_IS = frozenset({"", "7bit", "8bit", "binary"})
UUENCODED = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})


@dataclass(frozen=True, slots=True)
class Part:
    """Its body stands in the raw bytes between the two places. One with children is no more than their envelope."""

    head: Head
    media_type: str
    parameters: Mapping[str, str]
    start: int
    stop: int
    children: Sequence[Part] = ()
    disposition: str = ""
    name: str = ""

    @property
    def main_type(self) -> str:
        return self.media_type.partition("/")[0]

    @property
    def content_id(self) -> str | None:
        return self.head.text("content-id").strip("<> ") or None


@dataclass(slots=True)
class Tree:
    """One mail while it is taken apart."""

    raw: bytes
    notes: list[str] = field(default_factory=list)
    count: int = 0
    html: Room = field(default_factory=Room)

    def part(self, start: int, stop: int, depth: int = 0, otherwise: str = "text/plain") -> Part:
        head = head_of(self.raw, start, stop)
        self.count += 1
        line = head.line("content-type")
        media_type = media_type_of(line, otherwise)
        parameters = parameters_of(line)
        begin = min(head.body_at, stop)
        if not media_type.startswith("multipart/"):
            disposition, name = named(head, parameters)
            return Part(head, media_type, parameters, begin, stop, (), disposition, name)
        if depth >= MOST_DEEP:
            self.note(f"Its parts are nested more than {MOST_DEEP} deep: what lies deeper was kept as a file.")
            return Part(head, "application/octet-stream", parameters, begin, stop)
        inner = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
        ranges = self.ranges(parameters.get("boundary", ""), begin, stop)
        children = [self.part(at, end, depth + 1, inner) for at, end in ranges if self.has_room()]
        if children:
            return Part(head, media_type, parameters, begin, stop, children)
        self.note("It says that it has several parts, and no boundary between them was found: taken as one text.")
        return Part(head, "text/plain", parameters, begin, stop)

    def ranges(self, declared: str, start: int, stop: int) -> list[tuple[int, int]]:
        boundary = declared.rstrip().encode("latin-1", "replace")[:LONGEST_BOUNDARY]
        if boundary.strip(b"-") and (found := self.between(boundary, start, stop)):
            return found
        likely = LIKELY_BOUNDARY.search(self.raw, max(start - 1, 0), stop)
        if likely is None or (found_one := likely[1].rstrip(b" \t")) == boundary:
            return []
        self.note("The boundary between its parts is not the one that it declares.")
        return self.between(found_one, start, stop)

    def between(self, boundary: bytes, start: int, stop: int) -> list[tuple[int, int]]:
        """From each boundary to the next; behind the last when the closing one is missing."""
        marks = re.compile(rb"--" + re.escape(boundary) + rb"(--)?[ \t]*(?=[\r\n]|\Z)")
        found: list[tuple[int, int]] = []
        opened = None
        for mark in marks.finditer(self.raw, start, stop):
            if mark.start() > 0 and self.raw[mark.start() - 1] not in LINE_ENDS:
                continue
            if opened is not None:
                found.append((opened, max(opened, self.before(mark.start()))))
            line_end = LINE_END.match(self.raw, mark.end(), stop)
            opened = None if mark[1] else line_end.end() if line_end else stop
            if mark[1] or not self.has_room(len(found)):
                break
        if opened is not None:
            found.append((opened, stop))
        return found

    def before(self, at: int) -> int:
        """The line end before a boundary belongs to the boundary."""
        if self.raw[at - 1 : at] != b"\n":
            return at - 1
        return at - 2 if self.raw[at - 2 : at - 1] == b"\r" else at - 1

    def has_room(self, more: int = 0) -> bool:
        if self.count + more < MOST_PARTS:
            return True
        self.note(f"It has more than {MOST_PARTS} parts: the others are in the raw mail only.")
        return False

    def note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def content(self, part: Part) -> bytes:
        """The bytes of a part as they were before they were packed for the way."""
        packed = part.head.line("content-transfer-encoding").partition(";")[0].strip().lower()
        if packed == "base64":
            data, complete = unbase64(self.raw, part.start, part.stop)
            if not complete:
                self.note("A part of it was damaged (base64): what could be read was kept.")
            return data
        if packed == "quoted-printable":
            return binascii.a2b_qp(memoryview(self.raw)[part.start : part.stop])
        if packed in UUENCODED:
            return self.uudecoded(part)
        if packed not in AS_IT_IS:
            self.note("A part of it is packed in a way that nobody knows, and was kept as it is.")
        return self.raw[part.start : part.stop]

    def uudecoded(self, part: Part) -> bytes:
        data = bytearray()
        for line in self.raw[part.start : part.stop].splitlines():
            if line.startswith((b"begin ", b"end")) or not line:
                continue
            try:
                data += binascii.a2b_uu(line)
            except binascii.Error:
                self.note("A part of it was damaged (uuencode): what could be read was kept.")
        return bytes(data)


def named(head: Head, parameters: Mapping[str, str]) -> tuple[str, str]:
    """How a part is to be shown, and what its sender called it."""
    line = head.line("content-disposition")
    name = parameters_of(line).get("filename") or parameters.get("name", "")
    return line.partition(";")[0].strip().lower(), " ".join(name.split())
