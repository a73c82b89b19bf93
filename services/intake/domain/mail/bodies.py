"""What stands in a mail for people to read, and which files came with it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.intake.domain.attachments import ENDINGS, LONGEST_NAME, shown
from services.intake.domain.mail.charsets import cleaned, decoded
from services.intake.domain.mail.headers import head_of
from services.intake.domain.mail.markup import readable
from services.intake.domain.mail.model import MailPart
from services.intake.domain.mail.parts import Part, Tree

PLAIN = frozenset({"text/plain", "text/markdown", "text/x-markdown"})
RICH = frozenset({"text/html", "application/xhtml+xml"})
MAILS = frozenset({"message/rfc822", "message/global", "message/news"})
REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
RETURNED_HEADERS = frozenset({"text/rfc822-headers", "message/global-headers", "text/rfc822-header"})
ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
OUTLOOKS_OWN = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

MORE_ENDINGS = {
    "message/rfc822": "eml", "message/global": "eml", "message/news": "eml", "text/calendar": "ics",
    "text/html": "html", "text/vcard": "vcf", "text/x-vcard": "vcf", "application/pgp-signature": "asc",
    "application/pkcs7-signature": "p7s", "application/pkcs7-mime": "p7m",
    "application/ms-tnef": "dat", "application/zip": "zip", "image/bmp": "bmp",
    "image/svg+xml": "svg", "message/delivery-status": "txt", "text/rfc822-headers": "txt",
}  # fmt: skip
STEMS = {"text/calendar": "invitation", "application/ms-tnef": "winmail", "message/delivery-status": "delivery-report"}
MOST_OF_A_REPORT = 200_000
"""Characters of a delivery report that are looked at."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A text in the mail, in one spelling or in two. `rich` is safe to show."""

    text: str
    rich: str | None = None


@dataclass(slots=True)
class Bodies:
    """All that was found, in the order of the mail."""

    segments: list[Segment] = field(default_factory=list)
    files: list[MailPart] = field(default_factory=list)
    delivery_status: str = ""
    returned_headers: str = ""

    @property
    def text(self) -> str:
        return "\n\n".join(text for segment in self.segments if (text := segment.text.strip("\n")))

    @property
    def html(self) -> str | None:
        """None when all of it is plain; plain text between rich text is shown as it is."""
        if not any(segment.rich for segment in self.segments):
            return None
        return "\n".join(segment.rich or f"<pre>{html.escape(segment.text)}</pre>" for segment in self.segments)

    def take(self, other: Bodies) -> None:
        self.segments += other.segments
        self.files += other.files
        self.delivery_status += other.delivery_status
        self.returned_headers = self.returned_headers or other.returned_headers


def bodies_of(tree: Tree, root: Part) -> Bodies:
    if not root.children and root.disposition != "attachment" and root.media_type in PLAIN | RICH:
        return Bodies([segment_of(tree, root)])
    found = gathered(tree, root)
    named = {cid for segment in found.segments if segment.rich for cid in cids_in(segment.rich, found.files)}
    found.files = [placed(file, named) for file in found.files]
    return found


def gathered(tree: Tree, part: Part) -> Bodies:
    if part.media_type in ENCRYPTED:
        tree.note("It is encrypted, and cannot be read here.")
    if part.media_type == "multipart/alternative":
        return best_of(tree, [gathered(tree, child) for child in part.children])
    if part.children:
        found = Bodies()
        for child in part.children:
            found.take(gathered(tree, child))
        return found
    if is_text(part):
        return Bodies([segment_of(tree, part)])
    return file_of(tree, part)


def is_text(part: Part) -> bool:
    return part.media_type in PLAIN | RICH and part.disposition != "attachment" and not part.name


def segment_of(tree: Tree, part: Part) -> Segment:
    text, note = decoded(tree.content(part), part.parameters.get("charset"))
    if note:
        tree.note(note)
    if part.media_type in PLAIN:
        return Segment(text)
    rich, plain, notes = readable(text, tree.html)
    for each in notes:
        tree.note(each)
    return Segment(plain, rich)


def best_of(tree: Tree, versions: Sequence[Bodies]) -> Bodies:
    """One text in several versions: the plain one is read, the last rich one shown. Files of all of them are kept."""
    best = Bodies()
    for version in versions:
        best.take(Bodies([], version.files, version.delivery_status, version.returned_headers))
    with_text = [version for version in versions if version.segments]
    rich = next((version for version in reversed(with_text) if version.html), None)
    plain = next((version for version in with_text if version.html is None and version.text.strip()), None)
    if len(with_text) > (rich is not None) + (plain is not None) and any(
        version.text.strip() for version in with_text if version is not rich and version is not plain
    ):
        tree.note("Its text comes in more versions than two: the others are in the raw mail only.")
    chosen = plain or rich
    if chosen:
        best.segments = [Segment(chosen.text, rich.html if rich else None)]
    return best


def file_of(tree: Tree, part: Part) -> Bodies:
    """A mail within is one file, whatever lies within that one; what a report tells is told beside."""
    content = tree.content(part)
    found = Bodies()
    if part.media_type in REPORTS:
        found.delivery_status = f"{beginning(content).strip()}\n\n"
    if part.media_type in RETURNED_HEADERS:
        found.returned_headers = beginning(content)
    if part.media_type in MAILS:
        found.returned_headers = beginning(content[: head_of(content).body_at])
    if part.media_type in OUTLOOKS_OWN:
        tree.note("Outlook packed it, or files of it, into winmail.dat: that file was kept.")
    if not content and not part.name:
        return found
    found.files.append(
        MailPart(
            name=file_name(part, content),
            media_type=part.media_type,
            content=content,
            content_id=part.content_id,
            is_inline=part.disposition == "inline" and part.main_type == "image",
        )
    )
    return found


def beginning(content: bytes) -> str:
    return cleaned(content[:MOST_OF_A_REPORT].decode("utf-8", "replace"))


def file_name(part: Part, content: bytes) -> str:
    """As its sender named it; else by its kind, and a mail by its subject."""
    if part.name:
        return shortened(shown(part.name))
    ending = MORE_ENDINGS.get(part.media_type) or ENDINGS.get(part.media_type, ("bin",))[0]
    stem = STEMS.get(part.media_type, "picture" if part.main_type == "image" else "file")
    if part.media_type in MAILS:
        stem = head_of(content).text("subject").strip(". ") or "mail"
    return shortened(shown(f"{stem.replace('/', '-')}.{ending}"))


def shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > LONGEST_NAME // 2:
        return name[:LONGEST_NAME]
    return f"{stem[: LONGEST_NAME - len(ending) - 1]}{dot}{ending}"


def cids_in(rich: str, files: Sequence[MailPart]) -> set[str]:
    return {file.content_id for file in files if file.content_id and f"cid:{html.escape(file.content_id)}" in rich}


def placed(file: MailPart, named: set[str]) -> MailPart:
    """A picture that the text names is part of the text, whatever its own header says."""
    if file.content_id not in named or file.is_inline:
        return file
    return MailPart(
        name=file.name, media_type=file.media_type, content=file.content, content_id=file.content_id, is_inline=True
    )
