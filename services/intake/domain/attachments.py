"""Attachments: which kinds of file are taken, told by their content, and what they are called."""

import codecs
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.errors import Invalid
from shared.vocabulary import FileId

LONGEST_NAME = 200

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "image/tiff": ("tif", "tiff"),
    "application/pdf": ("pdf",),
    "text/plain": ("txt", "text"),
    "text/csv": ("csv",),
    "application/rtf": ("rtf",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    "application/vnd.ms-powerpoint": ("ppt",),
    f"{OOXML}wordprocessingml.document": ("docx",),
    f"{OOXML}spreadsheetml.sheet": ("xlsx",),
    f"{OOXML}presentationml.presentation": ("pptx",),
    f"{ODF}text": ("odt",),
    f"{ODF}spreadsheet": ("ods",),
    f"{ODF}presentation": ("odp",),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/wav": ("wav",),
}
"""Every kind that can be told, with how its files end. The first ending is given to a file that has none of these."""
KIND_OF = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}

BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfa", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
)
IN_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")
IN_BOX = {**dict.fromkeys(HEIC_BRANDS, "image/heic"), b"M4A ": "audio/mp4"}
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLD_OFFICE = ("doc", "xls", "ppt")
ZIP = b"PK\x03\x04"
NEW_OFFICE = ("docx", "xlsx", "pptx")
NEW_OFFICE_HOLDS = (b"[Content_Types].xml", b"_rels/.rels")
ODF_TELLS = b"mimetype"
ODF_TELLS_AT = 30
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

TURNS_TEXT_ROUND = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""With these, `invoice_fdp.exe` is shown as `invoice_exe.pdf`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a contact."""

    file_id: FileId
    name: str
    media_type: str
    size: int
    sha256: bytes


def kind_of(name: str, head: bytes, size: int, allowed: Collection[str]) -> str:
    """The media type that the file's first bytes show, whatever its name says. `Invalid` when we do not take it."""
    if size == 0:
        raise Invalid(f"The file {shown(name)} is empty: send it once more, or leave it out.")
    found = told_by(head, ending_of(name))
    if found is None or found not in allowed:
        endings = ", ".join(ENDINGS[kind][0] for kind in ENDINGS if kind in allowed)
        raise Invalid(f"The file {shown(name)} is of a kind that we do not take: send one of {endings}.")
    return found


def told_by(head: bytes, ending: str) -> str | None:
    """Kinds that share a container are told apart by the name's ending."""
    for beginning, kind in BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head.startswith(b"RIFF"):
        return IN_RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return IN_BOX.get(head[8:12])
    if head.startswith(OLE):
        return KIND_OF[ending] if ending in OLD_OFFICE else None
    if head.startswith(ZIP):
        return told_in_zip(head, ending)
    return told_as_text(head, ending)


def told_as_text(head: bytes, ending: str) -> str | None:
    """UTF-16 where its mark stands at the beginning, else any charset that keeps ASCII where it is."""
    try:
        begun = codecs.getincrementaldecoder("utf-16" if head.startswith(UTF_16) else "latin-1")().decode(head)
    except UnicodeDecodeError:
        return None
    return None if NO_TEXT.search(begun) else ("text/csv" if ending == "csv" else "text/plain")


def told_in_zip(head: bytes, ending: str) -> str | None:
    """OpenDocument names its type in its first entry; the other offices' files hold one of two entries early."""
    if head[ODF_TELLS_AT:].startswith(ODF_TELLS):
        told = head[ODF_TELLS_AT + len(ODF_TELLS) :]
        return next((kind for kind in ENDINGS if kind.startswith(ODF) and told.startswith(kind.encode())), None)
    if ending in NEW_OFFICE and any(entry in head for entry in NEW_OFFICE_HOLDS):
        return KIND_OF[ending]
    return None


def ending_of(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def shown(name: str) -> str:
    """As given, without folders and without what cannot be seen or turns text round. It is never used as a path."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(
        each for each in last if unicodedata.category(each) not in ("Cc", "Cs") and each not in TURNS_TEXT_ROUND
    )
    return kept.strip(" .") or "file"


def name_of(name: str, kind: str) -> str:
    """At most `LONGEST_NAME` characters, and it ends like a file we take, so that opening it runs nothing."""
    kept = shown(name)
    ending = ending_of(kept)
    if ending not in KIND_OF:
        ending = ENDINGS[kind][0]
        kept = f"{kept}.{ending}"
    if len(kept) <= LONGEST_NAME:
        return kept
    return f"{kept[: LONGEST_NAME - len(ending) - 1]}.{ending}"
