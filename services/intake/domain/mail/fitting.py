"""What of a mail fits into a record: title, texts and files as an event carries them, and the whole mail beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from services.intake.domain.attachments import ENDINGS, KIND_OF, LONGEST_NAME, ending_of, shown, told_by
from services.intake.domain.mail.model import Mail, MailPart

LONGEST_TITLE = 300
MOST_OF_TEXT = 60_000
MOST_OF_QUOTED = 40_000
MOST_OF_NAMES = 40_000
"""Bytes as JSON: together less than an event may have."""
MOST_FILES = 100
HEAD = 4_096

NO_SUBJECT = "(no subject)"
NO_TEXT = "(no text)"
GOES_ON = "\n\n[The mail goes on: all of it is in the attached file message.eml.]"
ALSO_KEPT = {
    "text/calendar": "ics",
    "message/rfc822": "eml",
    "application/ms-tnef": "dat",
    "application/zip": "zip",
    "application/octet-stream": "bin",
}
"""Kinds that nobody can send by form and that mails bring all the same. The last is for whatever nobody knows."""
UNKNOWN = "application/octet-stream"
WHOLE = "message.eml"


@dataclass(frozen=True, slots=True)
class FileOfMail:
    """A file to be kept: a name under which opening it runs nothing, and what kind it is, as its content tells."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Fitted:
    """A mail as it goes into a record. Where that is not all of it, the whole mail is among the files."""

    title: str
    text: str
    quoted: str | None
    files: Sequence[FileOfMail]


def fitted(mail: Mail, raw: bytes) -> Fitted:
    title = " ".join(mail.subject.split()) or NO_SUBJECT
    text, text_is_whole = begun(mail.text.strip() or NO_TEXT, MOST_OF_TEXT)
    below = "\n\n".join(part for part in (mail.signature.strip(), mail.quoted.strip()) if part)
    quoted, quoted_is_whole = begun(below, MOST_OF_QUOTED)
    files, files_are_whole = all_that_fit(mail.parts)
    is_whole = text_is_whole and quoted_is_whole and files_are_whole and len(title) <= LONGEST_TITLE
    if not is_whole:
        files = [*files, FileOfMail(WHOLE, "message/rfc822", raw)]
    if len(title) > LONGEST_TITLE:
        title = f"{title[: LONGEST_TITLE - 1]}…"
    return Fitted(title, text, quoted or None, files)


def begun(text: str, most: int) -> tuple[str, bool]:
    """As much of it as fits, and whether that is all."""
    if size_of(text) <= most:
        return text, True
    fits, too_long = 0, min(len(text), most)
    while fits < too_long - 1:
        middle = (fits + too_long) // 2
        if size_of(text[:middle]) <= most:
            fits = middle
        else:
            too_long = middle
    return text[:fits] + GOES_ON, False


def size_of(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))


def all_that_fit(parts: Sequence[MailPart]) -> tuple[list[FileOfMail], bool]:
    files: list[FileOfMail] = []
    room = MOST_OF_NAMES
    for part in parts:
        file = file_of(part)
        room -= size_of(file.name)
        if len(files) == MOST_FILES or room < 0:
            return files, False
        files.append(file)
    return files, True


def file_of(part: MailPart) -> FileOfMail:
    """A mail is never turned away for what it brings: what nobody knows is kept as bytes."""
    name = shown(part.name)
    kind = told_by(part.content[:HEAD], ending_of(name)) if part.content else None
    if part.media_type in ALSO_KEPT and part.media_type != UNKNOWN:
        kind = part.media_type
    kind = kind or UNKNOWN
    return FileOfMail(harmless(name, kind), kind, part.content)


def harmless(name: str, kind: str) -> str:
    ending = ending_of(name)
    if ending not in KIND_OF and ending != ALSO_KEPT.get(kind):
        ending = ALSO_KEPT.get(kind) or ENDINGS[kind][0]
        name = f"{name}.{ending}"
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - len(ending) - 1]}.{ending}"
